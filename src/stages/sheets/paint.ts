/** Paints one picture of an evaluation. */
import { Effect, Schema } from "effect"
import { Engine } from "../../engine/engine.ts"
import { itemStage } from "../../runtime/define/item-stage.ts"
import { StageContext } from "../../runtime/model/stage-context.ts"
import { engineCores, locateFiles, stageFailure, storedFile } from "../base/engine-words.ts"
import { sizeProblems } from "../base/size-problems.ts"
import { BaseModelFolder } from "../wires/base-files.ts"
import { Painting, PaintingRecipe } from "../wires/paintings.ts"

const encodePng = async (pixels: Uint8Array, width: number, height: number): Promise<Uint8Array> => {
  const { default: sharp } = await import("sharp")
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 9 })
    .toBuffer()
}

export const paint = itemStage({
  name: "paint",
  noun: "picture",
  code: import.meta.url,
  params: Schema.Struct({}),
  item: PaintingRecipe,
  shared: { base: BaseModelFolder },
  output: Painting,
  services: Engine.layer,
  cores: engineCores,
  inspect: ({ items, shared }) => sizeProblems(items, shared.base, "evaluate's size"),
  run: Effect.fnUntraced(function* ({ key, item, shared }) {
    const { blobs } = yield* StageContext
    const engine = yield* Engine
    const { adapter, embedding, strength, guidance, trainedSteps: _, ...job } = item
    const painted = yield* engine
      .sample({
        ...job,
        base: yield* locateFiles(shared.base.files),
        guidanceScale: guidance,
        lora: adapter === null ? null : { file: yield* storedFile(adapter), strength },
        embedding: embedding && { keyword: embedding.keyword, file: yield* storedFile(embedding.file) },
      })
      .pipe(Effect.mapError(stageFailure(key)))
    const png = yield* Effect.promise(() => encodePng(painted.pixels, painted.width, painted.height))
    return { recipe: item, picture: yield* blobs.put(png) }
  }),
})
