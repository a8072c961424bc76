/** Lists the pictures of an evaluation: every prompt and seed, without the LoRA and with each checkpoint. */
import { Schema } from "effect"
import { containsPhrase, hasTriggerPlaceholder } from "../../formats/caption-text.ts"
import { countMentions } from "../../formats/embedding-mention.ts"
import { stage } from "../../runtime/define/stage.ts"
import { Items } from "../../runtime/model/items.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"
import { withDefault } from "../../settings/field-defaults.ts"
import { SamplerName } from "../../settings/sampler-name.ts"
import { Dataset } from "../wires/dataset.ts"
import { SampleRecipe, sampleKey } from "../wires/samples.ts"
import { Trained } from "../wires/trained.ts"
import { paintedWith, promptFor, sizeFor, untrained } from "./planned-recipe.ts"

export const EvaluateSettings = Schema.Struct({
  /** What to paint; `[trigger]` is replaced by the trigger word. A row of the sheet for each prompt and seed. */
  prompts: Schema.Array(Schema.String),
  /** Of the first noise. Default [1]. */
  seeds: withDefault(Schema.Array(Schema.Int), [1]),
  /** What to keep out of the pictures. Default nothing. */
  negativePrompt: withDefault(Schema.String, ""),
  /** Denoising steps per picture. Default 20. */
  steps: withDefault(Schema.Int, 20),
  /** Classifier-free guidance: how strictly the prompt is followed; 1 is none. Default 7. */
  guidance: withDefault(Schema.Finite, 7),
  /** Default "DPM++ 2M". */
  sampler: withDefault(SamplerName, "DPM++ 2M"),
  /** How strongly the LoRA acts: 1 as trained. Default 1. */
  strength: withDefault(Schema.Finite, 1),
  /** Pixels; null (default): the size that was trained on. */
  size: withDefault(Schema.NullOr(Schema.Struct({ width: Schema.Int, height: Schema.Int })), null),
})
export type EvaluateSettings = typeof EvaluateSettings.Type

const error = (field: string, why: string, hint: string): Problem => ({ field, why, hint, severity: "error" })

const twice = <A>(values: readonly A[]): A | undefined => values.find((value, index) => values.indexOf(value) !== index)

export const checkEvaluation = (params: EvaluateSettings): readonly Problem[] => {
  const { prompts, seeds, steps, guidance } = params
  const [samePrompt, sameSeed] = [twice(prompts), twice(seeds)]
  return [
    ...(prompts.length === 0 ? [error("prompts", "there is none", "Give at least one prompt")] : []),
    ...(seeds.length === 0 ? [error("seeds", "there is none", "Give at least one seed")] : []),
    ...(samePrompt === undefined ? [] : [error("prompts", `"${samePrompt}" is there twice`, "Take one of them out")]),
    ...(sameSeed === undefined ? [] : [error("seeds", `${sameSeed} is there twice`, "Take one of them out")]),
    ...(seeds.some((seed) => seed < 0) ? [error("seeds", "a seed is negative", "Use whole numbers from 0 on")] : []),
    ...(steps < 1 ? [error("steps", `${steps} must be 1 or more`, "20 is usual")] : []),
    ...(guidance < 1 ? [error("guidance", `${guidance} must be 1 or more`, "7 is usual, 1 is none")] : []),
  ]
}

/** Without its trigger word a LoRA often shows nothing. */
const missingTrigger = ({ prompts }: EvaluateSettings, { trigger }: Dataset): readonly Problem[] => {
  if (trigger === null) return []
  if (prompts.some((prompt) => hasTriggerPlaceholder(prompt) || containsPhrase(prompt, trigger))) return []
  const hint = "Write [trigger] into a prompt"
  return [{ field: "prompts", why: `no prompt has the trigger word "${trigger}"`, hint, severity: "warning" }]
}

/** Nor does an embedding show anything that no prompt mentions. */
const missingMention = ({ prompts }: EvaluateSettings, { settings, saves }: Trained): readonly Problem[] => {
  const keyword = settings.customEmbedding?.keyword
  if (keyword === undefined || saves.length === 0) return []
  if (prompts.some((prompt) => hasTriggerPlaceholder(prompt) || countMentions(prompt, keyword) > 0)) return []
  const hint = `Write <${keyword}> into a prompt`
  return [{ field: "prompts", why: `no prompt mentions the embedding "${keyword}"`, hint, severity: "warning" }]
}

/** The rows of a sheet, each with the base model first. */
const listSamples = (params: EvaluateSettings, trained: Trained, dataset: Dataset): Items<SampleRecipe> => {
  const { prompts, seeds, size, ...shared } = params
  const columns = [untrained, ...trained.saves.map((save) => paintedWith(save, trained.settings))]
  const { encoding } = dataset
  const recipes = prompts.flatMap((prompt) =>
    seeds.flatMap((seed) =>
      columns.map((column) => ({
        ...shared,
        ...column,
        prompt: promptFor(prompt, dataset),
        seed,
        encoding,
        ...sizeFor(size, dataset),
      })),
    ),
  )
  return recipes.map((value) => ({ key: sampleKey(value), value }))
}

export const planSamples = stage({
  name: "plan-samples",
  code: import.meta.url,
  params: EvaluateSettings,
  wires: { trained: Trained, dataset: Dataset },
  output: Items(SampleRecipe),
  check: checkEvaluation,
  inspect: ({ params, trained, dataset }) => [...missingTrigger(params, dataset), ...missingMention(params, trained)],
  run: ({ params, trained, dataset }) => listSamples(params, trained, dataset),
})
