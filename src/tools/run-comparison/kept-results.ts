/**
 * What a run came to, as numbers by name: what stages returned at their top, and what their metrics ended with.
 *
 * A stage that was reused recorded no metrics; those of the run that made its result are its own.
 */
import { Effect, Option } from "effect"
import type { PreImage } from "../../runtime/model/fingerprint.ts"
import { readStageDetail } from "../../runtime/run/stage-detail.ts"
import { type Run, type StageInRun, type StageRecord, Store } from "../../runtime/storage/store.ts"
import type { PreImages } from "./kept-run.ts"

type Numbers = readonly (readonly [name: string, value: number])[]

const numbersOf = ({ detail }: StageRecord): Readonly<Record<string, number>> => readStageDetail(detail).numbers ?? {}

const returned = (stage: StageRecord): Numbers =>
  Object.entries(numbersOf(stage)).map(([name, value]) => [name === "" ? stage.label : `${stage.label}.${name}`, value])

const isLoss = (name: string): boolean => name.startsWith("loss")

/** A training's smoothed loss; its bands are those of one step's pictures, and say nothing. */
const smoothed = "lossSmoothed"

/** What of a row is a result: its losses where it has some, and not what it took to get there. */
const resultsIn = (values: Readonly<Record<string, number>>): Numbers => {
  const all = Object.entries(values)
  if (smoothed in values) return all.filter(([name]) => name === smoothed || name === "loss")
  const losses = all.filter(([name]) => isLoss(name))
  return losses.length > 0 ? losses : all.filter(([name]) => name !== "step")
}

const askedSteps = ({ fields }: PreImage): number | undefined =>
  [fields["param.untilStep"], fields["param.steps"]].find((value) => typeof value === "number")

/** Of a training: the step it reached, what was trained for it in this run, and how many were asked for. */
const steps = (reached: number, trained: number, preImage: PreImage | undefined): Numbers => {
  const asked = preImage && askedSteps(preImage)
  return [
    ...(asked === undefined ? [] : [["steps asked", asked] as const]),
    ["steps reached", reached],
    ["steps trained", trained],
  ]
}

const seriesNumbers = Effect.fnUntraced(function* (place: StageInRun, name: string, own: boolean, preImage?: PreImage) {
  const rows = yield* (yield* Store).metrics(place.run, place.label, name)
  const last = rows.at(-1)
  if (last === undefined) return []
  const counts = smoothed in last.values ? steps(last.step, own ? rows.length : 0, preImage) : []
  return [...resultsIn(last.values), ...counts]
})

const measured = Effect.fnUntraced(function* (run: Run, stage: StageRecord, preImages: PreImages) {
  const store = yield* Store
  const { label, key, state } = stage
  const own: StageInRun = { run: run.id, label }
  const maker = state === "restored" && key !== null ? yield* store.makerOf(key) : Option.none()
  const place = Option.getOrElse(maker, () => own)
  const series = (yield* store.metricSeries(place.run)).filter((one) => one.label === place.label)
  const numbers = yield* Effect.forEach(series, ({ name }) =>
    seriesNumbers(place, name, place === own, key === null ? undefined : preImages.get(key)),
  )
  // A series may have a name in common with another one, or with what the stage returned.
  const names = [...Object.keys(numbersOf(stage)), ...numbers.flat().map(([name]) => name)]
  const isShared = (name: string): boolean => names.indexOf(name) !== names.lastIndexOf(name)
  return numbers.flatMap((ofSeries, at) =>
    ofSeries.map(
      ([name, value]) => [`${label}.${isShared(name) ? `${series[at]!.name}.` : ""}${name}`, value] as const,
    ),
  )
})

/** By "stage.name", in the order of the stages. */
export const keptResults = Effect.fnUntraced(function* (
  run: Run,
  stages: readonly StageRecord[],
  preImages: PreImages,
) {
  const numbers = yield* Effect.forEach(stages, (stage) =>
    Effect.map(measured(run, stage, preImages), (found) => [...returned(stage), ...found]),
  )
  return new Map(numbers.flat())
})
