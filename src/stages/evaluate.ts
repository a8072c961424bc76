/**
 * `evaluate(checkpoints, { prompts, seeds })`: the same pictures without the LoRA and with every checkpoint of it.
 *
 * Each picture is painted once and kept by its recipe. They are put together as one sheet, so that what was learned is seen at a
 * glance, and given out singly with the text by which ComfyUI and A1111 restore a prompt. A page says how to use the LoRA.
 */
import { Effect, Schema } from "effect"
import { withTrigger } from "../formats/caption-text.ts"
import { embedRecipe } from "../formats/embed-recipe.ts"
import { composite } from "../runtime/define/composite.ts"
import { stage } from "../runtime/define/stage.ts"
import { Blob } from "../runtime/model/blob.ts"
import { Items } from "../runtime/model/items.ts"
import { StageContext } from "../runtime/model/stage-context.ts"
import type { Wire } from "../runtime/model/wire.ts"
import { named } from "../runtime/model/word.ts"
import { baseNameOf } from "./base/base-name.ts"
import { drawSamples } from "./sheets/draw-samples.ts"
import { howToUse } from "./sheets/how-to-use.ts"
import { type EvaluateSettings, planSamples } from "./sheets/plan-samples.ts"
import { sample } from "./sheets/sample.ts"
import { sameLora } from "./training/same-files.ts"
import { type BaseModel, BaseModelFolder } from "./wires/base-files.ts"
import { Checkpoints, type LoraCheckpoints } from "./wires/checkpoints.ts"
import { Dataset } from "./wires/dataset.ts"
import { Sample, type SampleRecipe } from "./wires/samples.ts"
import { Trained } from "./wires/trained.ts"

/** The sheet, the page, and the pictures by file name. */
export const Evaluation = named(
  "evaluation",
  Schema.Struct({
    name: Schema.String,
    sheet: Blob,
    howToUse: Blob,
    pictures: Schema.Array(Schema.Struct({ fileName: Schema.String, picture: Blob })),
  }),
)
export interface Evaluation extends Schema.Schema.Type<typeof Evaluation> {}

const SheetParams = Schema.Struct({
  /** Name of the base model, for labels. */
  baseName: Schema.String,
})

const sheetName = (name: string): string => `${name}-sheet.png`

/** What the first column is painted without: whatever the others of its row have. */
const leftOut = (row: readonly Sample[]): string => {
  const { adapter, embedding } = row.at(-1)!.recipe
  if (embedding === null) return "LoRA"
  return adapter === null ? "embedding" : "LoRA and embedding"
}

const columnLabel = ({ trainedSteps }: SampleRecipe, row: readonly Sample[]): string =>
  trainedSteps === 0 ? `without ${leftOut(row)}` : `step ${trainedSteps}`

const sameRow = (a: SampleRecipe, b: SampleRecipe): boolean => a.prompt === b.prompt && a.seed === b.seed

/** Paintings put into rows; they come in the order of the sheet. */
const rowsOf = (samples: readonly Sample[]): readonly (readonly Sample[])[] => {
  const rows: Sample[][] = []
  for (const sample of samples) {
    const row = rows.at(-1)
    if (row?.[0] !== undefined && sameRow(row[0].recipe, sample.recipe)) row.push(sample)
    else rows.push([sample])
  }
  return rows
}

const drawing = (name: string, samples: readonly Sample[]) => {
  const rows = rowsOf(samples)
  return drawSamples({
    title: name,
    fileName: sheetName(name),
    recipe: samples[0]!.recipe,
    shared: [],
    columns: rows[0]!.map(({ recipe }) => columnLabel(recipe, rows[0]!)),
    isFirstColumnApart: true,
    rows: rows.map((row) => {
      const { prompt, seed } = row[0]!.recipe
      return { label: prompt, note: `seed ${seed}`, pictures: row.map(({ picture }) => picture) }
    }),
    fewer: "prompts or seeds",
  })
}

interface Names {
  readonly checkpoints: Checkpoints
  readonly base: BaseModelFolder
  readonly baseName: string
}

/** A picture with its recipe written into it, under a name that sorts like the sheet. */
const signed = Effect.fnUntraced(function* (sample: Sample, row: readonly Sample[], index: number, names: Names) {
  const { recipe, picture } = sample
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

const page = ({ checkpoints, baseName }: Names, dataset: Dataset, recipe: SampleRecipe): string => {
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
const trainedRecipe = (samples: readonly Sample[]): SampleRecipe => rowsOf(samples)[0]!.at(-1)!.recipe

const evaluateStage = stage({
  name: "evaluate",
  code: import.meta.url,
  params: SheetParams,
  wires: { samples: Items(Sample), checkpoints: Checkpoints, dataset: Dataset, base: BaseModelFolder },
  output: Evaluation,
  wired: sameLora("Give one evaluate all prompts and seeds, or save the training again under another name"),
  artifacts: ({ output }) => [
    { path: sheetName(output.name), blob: output.sheet, label: "picture sheet" },
    { path: `${output.name}-how-to-use.md`, blob: output.howToUse, label: "how to use it" },
    ...output.pictures.map(({ fileName, picture }) => ({
      path: `pictures/${output.name}/${fileName}`,
      blob: picture,
      label: "single picture",
    })),
  ],
  run: Effect.fnUntraced(function* ({ params, ...inputs }) {
    const { blobs } = yield* StageContext
    const { checkpoints, dataset } = inputs
    const names = { ...inputs, baseName: params.baseName }
    const samples = inputs.samples.map(({ value }) => value)
    const sheet = yield* drawing(checkpoints.name, samples)
    const pictures = yield* Effect.forEach(rowsOf(samples), (row, index) =>
      Effect.forEach(row, (sample) => signed(sample, row, index, names)),
    )
    return {
      name: checkpoints.name,
      sheet: yield* blobs.put(sheet),
      howToUse: yield* blobs.put(new TextEncoder().encode(page(names, dataset, trainedRecipe(samples)))),
      pictures: pictures.flat(),
    }
  }),
})

/** What `evaluate` is told: only the prompts are required. */
export interface EvaluateParams extends Partial<EvaluateSettings> {
  /** What to paint; `[trigger]` is replaced by the trigger word. A row of the sheet for each prompt and seed. */
  readonly prompts: readonly string[]
}

/** What `evaluate` may be given instead of the checkpoints alone. */
export interface EvaluateWires {
  /** From `checkpoint`. */
  readonly checkpoints: LoraCheckpoints
  /** Another base model to paint with; default: the one that was trained on. */
  readonly base?: BaseModel
}

/**
 * A picture sheet: the same prompts and seeds, painted by the base model alone and with each checkpoint.
 *
 * `prompts` are required. Defaults: `seeds` [1], `steps` 20, `guidance` 7, `sampler` "DPM++ 2M", `negativePrompt` "",
 * `strength` 1, `size` as trained. `evaluate({ checkpoints, base }, …)` paints with another base model. Each picture is painted once
 * and kept: another prompt paints the pictures of that prompt alone.
 *
 * @returns The sheet (`name-sheet.png`), a page that says how to use the LoRA (`name-how-to-use.md`) and the single pictures, all
 * of which are written to the output folder.
 *
 * @example
 * evaluate(checkpoints, { prompts: ["[trigger], a castle"], seeds: [1, 2] })
 */
export const evaluate: (
  checkpoints: LoraCheckpoints | EvaluateWires,
  params: EvaluateParams,
) => Wire<"evaluation", Evaluation> = composite({
  name: "evaluate",
  wires: { checkpoints: Checkpoints },
  upstream: { trained: Trained, dataset: Dataset, base: BaseModelFolder },
  output: Evaluation,
  build: ({ checkpoints, trained, dataset, base }, params: EvaluateParams) => {
    const samples = sample({ pictures: planSamples({ trained, dataset }, params), base })
    return evaluateStage({ samples, checkpoints, dataset, base }, { baseName: baseNameOf(base) })
  },
})
