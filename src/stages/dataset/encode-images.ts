/** Pictures through the VAE: mean and log-variance of each, so that every use can draw its own latents. */
import { Effect } from "effect"
import { Engine } from "../../engine/engine.ts"
import { computingMachine } from "../../engine/jobs/computing-machine.ts"
import { encodeLatents } from "../../formats/encoded-sample.ts"
import { itemStage } from "../../runtime/define/item-stage.ts"
import { StageContext } from "../../runtime/model/stage-context.ts"
import { StageFailure } from "../../runtime/model/stage-failure.ts"
import { engineCores, locateFiles, stageFailure } from "../base/engine-words.ts"
import { sizeProblems } from "../base/size-problems.ts"
import { VaePart } from "../wires/base-files.ts"
import { EncodedPicture } from "../wires/dataset.ts"
import { CroppedPicture } from "../wires/pictures.ts"
import { openSharp } from "./open-sharp.ts"

/** A picture file as the networks take it: [3, height, width], −1 … 1. */
const readPixels = async (path: string) => {
  const sharp = await openSharp()
  const { data, info } = await sharp(path).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const area = info.width * info.height
  const pixels = new Float32Array(3 * area)
  for (let at = 0; at < area; at++) {
    for (let channel = 0; channel < 3; channel++) pixels[channel * area + at] = data[3 * at + channel]! / 127.5 - 1
  }
  return { pixels, width: info.width, height: info.height }
}

export const encodeImages = itemStage({
  name: "encode-images",
  noun: "picture",
  code: import.meta.url,
  item: CroppedPicture,
  shared: { vae: VaePart },
  output: EncodedPicture,
  machine: computingMachine,
  services: Engine.layer,
  cores: engineCores,
  inspect: ({ items, vae }) => sizeProblems(items, vae, "crop's size"),
  run: Effect.fnUntraced(function* ({ key, item, vae }) {
    const { blobs } = yield* StageContext
    const path = yield* blobs.path(item.image)
    const picture = yield* Effect.tryPromise({
      try: () => readPixels(path),
      catch: (cause) =>
        new StageFailure({
          what: "a cropped picture cannot be read",
          where: key,
          why: cause instanceof Error ? cause.message : String(cause),
          hint: "Delete the cache folder and run again",
          kind: "work",
          cause,
        }),
    })
    const engine = yield* Engine
    const base = yield* locateFiles(vae.files)
    const { mean, logVariance, shape } = yield* engine
      .encodeImage({ base, ...picture })
      .pipe(Effect.mapError(stageFailure(key)))
    return { latents: yield* blobs.put(encodeLatents({ mean, logVariance }, shape)), latentShape: shape }
  }),
})
