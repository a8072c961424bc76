/** Lists the pictures of a comparison: every prompt and seed, without a LoRA and with the result of every training. */
import { Effect, Schema } from "effect"
import { stage } from "../../runtime/define/stage.ts"
import { Items } from "../../runtime/model/items.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"
import type { Output } from "../../runtime/model/wire.ts"
import { familyRecord } from "../../settings/family.ts"
import { ComparedGroups, comparedKey, inputName, withoutTraining } from "../wires/comparison.ts"
import { Dataset } from "../wires/dataset.ts"
import { PaintingRecipe } from "../wires/paintings.ts"
import { Trained, type TrainedAdapters } from "../wires/trained.ts"
import { checkEvaluation, EvaluateParams } from "./plan-paintings.ts"

export const ComparisonParams = Schema.Struct({ ...EvaluateParams.fields, groups: ComparedGroups })
export type ComparisonParams = typeof ComparisonParams.Type

/** A sheet of one row would compare nothing. */
const checkGroups = ({ groups }: ComparisonParams): readonly Problem[] => {
  const hint = 'Give groups of trainings, such as { "network dim": { "4": small, "16": usual } }'
  if (groups.length === 0) return [{ field: "settings", why: "there is none", hint, severity: "error" }]
  return groups
    .filter(({ settings }) => settings.length === 0)
    .map(({ name }) => ({ field: `settings.${name}`, why: "the group is empty", hint, severity: "error" }))
}

type Column = Pick<PaintingRecipe, "trainedSteps" | "adapter" | "embedding">

const untrained: Column = { trainedSteps: 0, adapter: null, embedding: null }

/** What a training ended with. */
const finished = ({ saves, settings }: Trained): Column => {
  const last = saves.at(-1)
  if (last === undefined) return untrained
  const keyword = settings.customEmbedding?.keyword ?? ""
  const embedding = last.embedding && { keyword, file: last.embedding }
  return { trainedSteps: last.step, adapter: last.adapter, embedding }
}

interface Compared {
  readonly training: number
  readonly column: Column
  readonly dataset: Dataset
}

const listComparison = ({ groups, ...params }: ComparisonParams, compared: readonly Compared[]) => {
  const { prompts, seeds, size, ...shared } = params
  return compared.flatMap(({ training, column, dataset }) => {
    const { width, height } = size ?? dataset.samples[0] ?? familyRecord(dataset.encoding.family).usualSize
    return prompts.flatMap((prompt) =>
      seeds.map((seed) => {
        const text = prompt.replaceAll("[trigger]", () => dataset.trigger ?? "").trim()
        const { encoding } = dataset
        const value: PaintingRecipe = { ...shared, ...column, prompt: text, seed, encoding, width, height }
        return { key: comparedKey(groups, training, prompt, seed), value }
      }),
    )
  })
}

/** The stage for so many trainings: each is an input of its own, with the dataset it was made from. */
export const planComparison = (
  trainings: readonly TrainedAdapters[],
  params: (typeof ComparisonParams)["~type.make.in"],
): Output<Items<PaintingRecipe>> => {
  const perTraining = <A>(make: (training: TrainedAdapters, index: number) => readonly (readonly [string, A])[]) =>
    Object.fromEntries(trainings.flatMap(make))
  const trained = perTraining((_, index) => [[inputName("trained", index), Trained]])
  const datasets = perTraining((_, index) => [[inputName("dataset", index), Dataset]])
  const define = stage({
    name: "plan-comparison",
    code: import.meta.url,
    params: ComparisonParams,
    inputs: { ...trained, ...datasets },
    output: Items(PaintingRecipe),
    check: (given) => [...checkGroups(given), ...checkEvaluation(given)],
    run: ({ params: decoded, inputs }) => {
      const at = (training: number) => ({
        training,
        // Each input has the schema of its own name above; a record of both cannot say so.
        column: finished(inputs[inputName("trained", training)] as Trained),
        dataset: inputs[inputName("dataset", training)] as Dataset,
      })
      const all = trainings.map((_, index) => at(index))
      const base = { ...all[0]!, training: withoutTraining, column: untrained }
      return Effect.succeed(listComparison(decoded, [base, ...all]))
    },
  })
  const wires = perTraining<Output<Trained | Dataset>>((training, index) => [
    [inputName("trained", index), training],
    [inputName("dataset", index), training.dataset],
  ])
  return define(wires, params)
}
