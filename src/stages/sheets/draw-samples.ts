/** A picture sheet of painted samples: their pictures out of the cache, what they have in common under the title, and failures in words. */
import { Effect } from "effect"
import type { Blob } from "../../runtime/model/blob.ts"
import { StageContext } from "../../runtime/model/stage-context.ts"
import { StageFailure } from "../../runtime/model/stage-failure.ts"
import type { SampleRecipe } from "../wires/samples.ts"
import { drawSheet, type Sheet, type SheetRow } from "./picture-sheet.ts"

interface SampleRow extends Omit<SheetRow, "pictures"> {
  readonly pictures: readonly Blob[]
}

interface SampleSheet extends Pick<Sheet, "title" | "columns" | "isFirstColumnApart"> {
  /** The file that it is drawn into. */
  readonly fileName: string
  /** Of any sample: what all have in common. */
  readonly recipe: SampleRecipe
  /** What else they have in common: "seed 1". */
  readonly shared: readonly string[]
  readonly rows: readonly SampleRow[]
  /** What to use fewer of when the sheet cannot be drawn. */
  readonly fewer: string
}

/** PNG bytes. */
export const drawSamples = Effect.fnUntraced(function* ({ recipe, shared, fileName, fewer, ...sheet }: SampleSheet) {
  const { blobs } = yield* StageContext
  const { sampler, steps, guidance, width, height } = recipe
  const rows = yield* Effect.forEach(sheet.rows, ({ pictures, ...row }) =>
    Effect.map(Effect.forEach(pictures, blobs.bytes), (bytes): SheetRow => ({ ...row, pictures: bytes })),
  )
  const facts = [sampler, `${steps} steps`, `guidance ${guidance}`, ...shared, `${width} × ${height} pixels`]
  return yield* Effect.tryPromise({
    try: () => drawSheet({ ...sheet, subtitle: facts.join(", "), rows, pictureWidth: width, pictureHeight: height }),
    catch: (cause) =>
      new StageFailure({
        what: "the picture sheet cannot be drawn",
        where: fileName,
        why: cause instanceof Error ? cause.message : String(cause),
        hint: `Use fewer ${fewer}`,
        kind: "work",
        cause,
      }),
  })
})
