/**
 * `evaluate(checkpoints, { prompts, seeds })`: the same pictures without the LoRA and with every checkpoint of it.
 *
 * Each picture is painted once and kept by its recipe. They are put together as one sheet, so that what was learned is seen at a
 * glance, and given out singly with the text by which ComfyUI and A1111 restore a prompt. A page says how to use the LoRA.
 */
import { Effect, Schema } from "effect"
import { withTrigger } from "../formats/caption-text.ts"
import { embedRecipe } from "../formats/embed-recipe.ts"
import { stage } from "../runtime/define/stage.ts"
import { Blob } from "../runtime/model/blob.ts"
import { Items } from "../runtime/model/items.ts"
import { StageContext } from "../runtime/model/stage-context.ts"
import { StageFailure } from "../runtime/model/stage-failure.ts"
import type { Output } from "../runtime/model/wire.ts"
import { howToUse } from "./sheets/how-to-use.ts"
import { paint } from "./sheets/paint.ts"
import { drawSheet, type SheetRow } from "./sheets/picture-sheet.ts"
import { type EvaluateParams, planPaintings } from "./sheets/plan-paintings.ts"
import { type BaseModel, BaseModelFolder } from "./wires/base-files.ts"
import { Checkpoints, type LoraCheckpoints } from "./wires/checkpoints.ts"
import { Dataset } from "./wires/dataset.ts"
import { Painting, type PaintingRecipe } from "./wires/paintings.ts"

/** The sheet, the page, and the pictures by file name. */
export const Evaluation = Schema.Struct({
  name: Schema.String,
  sheet: Blob,
  howToUse: Blob,
  pictures: Schema.Array(Schema.Struct({ fileName: Schema.String, picture: Blob })),
})
export type Evaluation = typeof Evaluation.Type

const SheetParams = Schema.Struct({
  /** Name of the base model, for labels. */
  baseName: Schema.String,
})

/** A size that makes no sense is told with the other parameters. */
const PaintedSize = Schema.Struct({ width: Schema.Int, height: Schema.Int })

const sheetName = (name: string): string => `${name}-sheet.png`

/** What the first column is painted without: whatever the others of its row have. */
const leftOut = (row: readonly Painting[]): string => {
  const { adapter, embedding } = row.at(-1)!.recipe
  if (embedding === null) return "LoRA"
  return adapter === null ? "embedding" : "LoRA and embedding"
}

const columnLabel = ({ trainedSteps }: PaintingRecipe, row: readonly Painting[]): string =>
  trainedSteps === 0 ? `without ${leftOut(row)}` : `step ${trainedSteps}`

const sameRow = (a: PaintingRecipe, b: PaintingRecipe): boolean => a.prompt === b.prompt && a.seed === b.seed

/** Paintings put into rows; they come in the order of the sheet. */
const rowsOf = (paintings: readonly Painting[]): readonly (readonly Painting[])[] => {
  const rows: Painting[][] = []
  for (const painting of paintings) {
    const row = rows.at(-1)
    if (row?.[0] !== undefined && sameRow(row[0].recipe, painting.recipe)) row.push(painting)
    else rows.push([painting])
  }
  return rows
}

const drawing = Effect.fnUntraced(function* (name: string, paintings: readonly Painting[]) {
  const { blobs } = yield* StageContext
  const rows = rowsOf(paintings)
  const sheetRows = yield* Effect.forEach(rows, (row) =>
    Effect.map(
      Effect.forEach(row, ({ picture }) => blobs.bytes(picture)),
      (pictures): SheetRow => ({ label: row[0]!.recipe.prompt, note: `seed ${row[0]!.recipe.seed}`, pictures }),
    ),
  )
  const { sampler, steps, guidance, width, height } = paintings[0]!.recipe
  return yield* Effect.tryPromise({
    try: () =>
      drawSheet({
        title: name,
        subtitle: `${sampler}, ${steps} steps, guidance ${guidance}, ${width} × ${height} pixels`,
        columns: rows[0]!.map(({ recipe }) => columnLabel(recipe, rows[0]!)),
        isFirstColumnApart: true,
        rows: sheetRows,
        pictureWidth: width,
        pictureHeight: height,
      }),
    catch: (cause) =>
      new StageFailure({
        what: "the picture sheet cannot be drawn",
        where: sheetName(name),
        why: cause instanceof Error ? cause.message : String(cause),
        hint: "Use fewer prompts or seeds",
        kind: "work",
        cause,
      }),
  })
})

interface Names {
  readonly checkpoints: Checkpoints
  readonly base: BaseModelFolder
  readonly baseName: string
}

/** A picture with its recipe written into it, under a name that sorts like the sheet. */
const signed = Effect.fnUntraced(function* (painting: Painting, row: readonly Painting[], index: number, names: Names) {
  const { recipe, picture } = painting
  const { blobs } = yield* StageContext
  const file = names.checkpoints.files.find(({ step }) => step === recipe.trainedSteps)
  const bytes = yield* blobs.bytes(picture)
  const sha256 = Object.entries(names.base.files).find(([name]) => /^unet\/.*\.safetensors$/.test(name))?.[1].sha256
  const withText = embedRecipe(bytes, {
    ...recipe,
    guidanceScale: recipe.guidance,
    model: { name: names.baseName, ...(sha256 === undefined ? {} : { sha256 }) },
    ...(file === undefined
      ? {}
      : {
          lora: {
            name: file.fileName.replace(/\.safetensors$/, ""),
            strength: recipe.strength,
            modelHash: file.modelHash,
          },
        }),
    madeBy: "lora-loom",
  })
  const column =
    recipe.trainedSteps === 0
      ? `without-${leftOut(row).toLowerCase().replaceAll(" ", "-")}`
      : `step-${String(recipe.trainedSteps).padStart(6, "0")}`
  const fileName = `${String(index + 1).padStart(2, "0")}-seed-${recipe.seed}-${column}.png`
  return { fileName, picture: yield* blobs.put(withText) }
})

const page = ({ checkpoints, baseName }: Names, dataset: Dataset, recipe: PaintingRecipe): string => {
  const files = checkpoints.files.flatMap(({ fileName, step }) => (step < checkpoints.keptFrom ? [] : [fileName]))
  const keyword = recipe.embedding?.keyword ?? null
  const last = checkpoints.embeddings.at(-1)?.step
  const saved = checkpoints.embeddings.filter(({ step }) => step === last).map(({ fileName }) => fileName)
  const [forWebui, ...forDiffusers] = saved
  return howToUse({
    name: checkpoints.name,
    fileName: files.at(-1) ?? null,
    embedding: keyword && forWebui ? { keyword, forWebui, forDiffusers } : null,
    others: files.slice(0, -1),
    encoding: dataset.encoding,
    baseName,
    trigger: dataset.trigger,
    prompt: withTrigger(recipe.prompt, dataset.trigger),
    strength: recipe.strength,
    width: recipe.width,
    height: recipe.height,
    sheetName: sheetName(checkpoints.name),
  })
}

/** The first row's last column: a recipe with all that was trained. */
const trainedRecipe = (paintings: readonly Painting[]): PaintingRecipe => rowsOf(paintings)[0]!.at(-1)!.recipe

const evaluateStage = stage({
  name: "evaluate",
  code: import.meta.url,
  params: SheetParams,
  inputs: { paintings: Items(Painting), checkpoints: Checkpoints, dataset: Dataset, base: BaseModelFolder },
  output: Evaluation,
  artifacts: ({ output }) => [
    { path: sheetName(output.name), blob: output.sheet, label: "picture sheet" },
    { path: `${output.name}-how-to-use.md`, blob: output.howToUse, label: "how to use it" },
    ...output.pictures.map(({ fileName, picture }) => ({
      path: `pictures/${output.name}/${fileName}`,
      blob: picture,
      label: "single picture",
    })),
  ],
  run: Effect.fnUntraced(function* ({ params, inputs }) {
    const { blobs } = yield* StageContext
    const { checkpoints, dataset } = inputs
    const names = { ...inputs, baseName: params.baseName }
    const paintings = inputs.paintings.map(({ value }) => value)
    const sheet = yield* drawing(checkpoints.name, paintings)
    const pictures = yield* Effect.forEach(rowsOf(paintings), (row, index) =>
      Effect.forEach(row, (painting) => signed(painting, row, index, names)),
    )
    return {
      name: checkpoints.name,
      sheet: yield* blobs.put(sheet),
      howToUse: yield* blobs.put(new TextEncoder().encode(page(names, dataset, trainedRecipe(paintings)))),
      pictures: pictures.flat(),
    }
  }),
})

/** As written in a pipeline file: only the prompts are required. */
export interface EvaluateOptions extends Partial<EvaluateParams> {
  readonly prompts: readonly string[]
  /** Another base model to paint with; default: the one that was trained on. */
  readonly base?: BaseModel
}

/**
 * A picture sheet: the same prompts and seeds, painted by the base model alone and with each checkpoint.
 *
 * `prompts` are required. Defaults: `seeds` [1], `steps` 20, `guidance` 7, `sampler` "DPM++ 2M", `negativePrompt` "",
 * `strength` 1, `size` as trained.
 */
export const evaluate = (checkpoints: LoraCheckpoints, { base, ...params }: EvaluateOptions): Output<Evaluation> => {
  const { lora } = checkpoints
  const model = base ?? lora.base
  const whole = model.wholeFor(
    Schema.is(PaintedSize)(params.size) ? { ...params.size, setting: "evaluate's size" } : null,
  )
  const planned = planPaintings({ trained: lora, dataset: lora.dataset }, params)
  const paintings = paint(planned, { base: whole })
  return evaluateStage({ paintings, checkpoints, dataset: lora.dataset, base: whole }, { baseName: model.name })
}
