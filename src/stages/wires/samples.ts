/**
 * What is to be painted for an evaluation, and what was: each sample with everything it is made from.
 *
 * A sample's recipe is its identity, so that a changed prompt paints only the pictures of that prompt.
 */
import { Schema } from "effect"
import { Blob } from "../../runtime/model/blob.ts"
import { named } from "../../runtime/model/word.ts"
import { SamplerName } from "../../settings/sampler-name.ts"
import { TextEncoding } from "../../settings/text-encoding.ts"

export const SampleRecipe = named(
  "sample recipe",
  Schema.Struct({
    prompt: Schema.String,
    negativePrompt: Schema.String,
    seed: Schema.Int,
    /** The LoRA that is in force; null: none. */
    adapter: Schema.NullOr(Blob),
    /** The embedding that the keyword calls up; null: none. */
    embedding: Schema.NullOr(Schema.Struct({ keyword: Schema.String, file: Blob })),
    /** Of the adapter: 1 as trained. */
    strength: Schema.Finite,
    /** Steps the adapter was trained for; 0 for the base model. */
    trainedSteps: Schema.Int,
    sampler: SamplerName,
    steps: Schema.Int,
    guidance: Schema.Finite,
    encoding: TextEncoding,
    width: Schema.Int,
    height: Schema.Int,
  }),
)
export interface SampleRecipe extends Schema.Schema.Type<typeof SampleRecipe> {}

export const Sample = named(
  "sample",
  Schema.Struct({
    recipe: SampleRecipe,
    /** PNG without any text. */
    picture: Blob,
  }),
)
export interface Sample extends Schema.Schema.Type<typeof Sample> {}

/** The samples' names: rows first, the base model before the checkpoints. */
export const sampleKey = ({ prompt, seed, trainedSteps }: SampleRecipe): string =>
  `${prompt} · seed ${seed} · ${trainedSteps === 0 ? "base model" : `step ${trainedSteps}`}`
