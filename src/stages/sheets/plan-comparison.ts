/** Lists the pictures of a comparison: every prompt and seed, without a LoRA and with the result of every training. */
import { Schema } from "effect"
import { stage } from "../../runtime/define/stage.ts"
import { Items } from "../../runtime/model/items.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"
import { ComparedGroups, comparedKey, inputName, withoutTraining } from "../wires/comparison.ts"
import { Dataset, type EncodedDataset } from "../wires/dataset.ts"
import { SampleRecipe } from "../wires/samples.ts"
import { Trained, type TrainedAdapters } from "../wires/trained.ts"
import { checkEvaluation, EvaluateSettings } from "./plan-samples.ts"
import { type PaintedWith, paintedWith, promptFor, sizeFor, untrained } from "./planned-recipe.ts"

export const ComparisonSettings = Schema.Struct({ ...EvaluateSettings.fields, groups: ComparedGroups })
export type ComparisonSettings = typeof ComparisonSettings.Type

/** A sheet of one row would compare nothing. */
const checkGroups = ({ groups }: ComparisonSettings): readonly Problem[] => {
  const hint = 'Give groups of trainings, such as { "network dim": { "4": small, "16": usual } }'
  if (groups.length === 0) return [{ field: "settings", why: "there is none", hint, severity: "error" }]
  return groups
    .filter(({ settings }) => settings.length === 0)
    .map(({ name }) => ({ field: `settings.${name}`, why: "the group is empty", hint, severity: "error" }))
}

/** What a training ended with. */
const finished = ({ saves, settings }: Trained): PaintedWith => {
  const last = saves.at(-1)
  return last === undefined ? untrained : paintedWith(last, settings)
}

interface Compared {
  readonly training: number
  readonly column: PaintedWith
  readonly dataset: Dataset
}

const listComparison = ({ groups, ...params }: ComparisonSettings, compared: readonly Compared[]) => {
  const { prompts, seeds, size, ...shared } = params
  return compared.flatMap(({ training, column, dataset }) => {
    const { encoding } = dataset
    return prompts.flatMap((prompt) =>
      seeds.map((seed) => {
        const text = promptFor(prompt, dataset)
        const value: SampleRecipe = { ...shared, ...column, prompt: text, seed, encoding, ...sizeFor(size, dataset) }
        return { key: comparedKey(groups, training, prompt, seed), value }
      }),
    )
  })
}

/** A training with the dataset it was made from. */
export interface ComparedTraining {
  readonly trained: TrainedAdapters
  readonly dataset: EncodedDataset
}

/** Something for each of so many trainings, by the name of the stage's wire. */
const byWire = <A>(what: "trained" | "dataset", count: number, make: (index: number) => A) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [inputName(what, index), make(index)]))

/** The stage for so many trainings: each is an input of its own, with the dataset it was made from. */
const defined = (count: number) =>
  stage({
    name: "plan-comparison",
    code: import.meta.url,
    params: ComparisonSettings,
    wires: { ...byWire("trained", count, () => Trained), ...byWire("dataset", count, () => Dataset) },
    output: Items(SampleRecipe),
    check: (given) => [...checkGroups(given), ...checkEvaluation(given)],
    run: ({ params, ...values }) => {
      // Each input has the schema of its own name above; a record of both cannot say so.
      const inputs = values as Readonly<Record<string, unknown>>
      const all = Array.from({ length: count }, (_, training) => ({
        training,
        column: finished(inputs[inputName("trained", training)] as Trained),
        dataset: inputs[inputName("dataset", training)] as Dataset,
      }))
      const base = { ...all[0]!, training: withoutTraining, column: untrained }
      return listComparison(params, [base, ...all])
    },
  })

/** By the number of trainings: comparisons that are equal are one, as they are made from one definition. */
const definitions = new Map<number, ReturnType<typeof defined>>()

const stageFor = (count: number) => {
  const stage = definitions.get(count) ?? defined(count)
  definitions.set(count, stage)
  return stage
}

export const planComparison = (
  trainings: readonly ComparedTraining[],
  params: (typeof ComparisonSettings)["~type.make.in"],
) => {
  const count = trainings.length
  const wires = {
    ...byWire("trained", count, (index) => trainings[index]!.trained),
    ...byWire("dataset", count, (index) => trainings[index]!.dataset),
  }
  return stageFor(count)(wires as never, params)
}
