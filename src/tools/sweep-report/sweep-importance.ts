/**
 * How much each axis of a sweep matters for the first objective, and what is to be kept in mind.
 *
 * Trials that stopped at different steps are compared where all of them were measured. An axis is judged by the trials that have it. All of
 * it follows from the table.
 */
import { fewestTrialsToTell, type Importance, importanceOf } from "../../runtime/importance/importance.ts"
import type { ShownImportance, ShownImportances } from "./report-importance.ts"
import { differs, type SweepAxis, type SweepTable, type SweepTrial, valueOn } from "./sweep-table.ts"

/** A trial and what it came to where all are compared. */
interface Compared {
  readonly trial: SweepTrial
  readonly result: number
}

interface Comparison {
  readonly trials: readonly Compared[]
  /** Where trials are compared, unless at their end. */
  readonly notes: readonly string[]
}

const atTheEnd = (trials: readonly SweepTrial[]): Comparison => ({
  trials: trials.flatMap((trial) => {
    const result = trial.objectives[0]
    return typeof result === "number" && Number.isFinite(result) ? [{ trial, result }] : []
  }),
  notes: [],
})

/** Trials by what they came to at the last rung that all of them have, which for a short trial is its end. */
const comparisonOf = (trials: readonly SweepTrial[]): Comparison => {
  const measured = trials
    .map((trial) => ({ ...trial, rungs: trial.rungs.filter(({ value }) => Number.isFinite(value)) }))
    .filter(({ rungs }) => rungs.length > 0)
  if (measured.length === 0) return atTheEnd(trials)
  const counts = measured.map(({ rungs }) => rungs.length)
  const common = Math.min(...counts) - 1
  const compared = measured.map((trial) => ({ trial, ...trial.rungs[common]! }))
  const steps = Math.max(...compared.map((one) => one.steps))
  const isShort = compared.some((one) => one.steps < steps)
  const at = `step ${steps}${isShort ? ", or at their own end where that comes first" : ""}`
  return {
    trials: compared.map(({ trial, value }) => ({ trial, result: value })),
    notes:
      Math.max(...counts) > common + 1 ? [`Trials are compared at ${at}: the last at which all were measured.`] : [],
  }
}

/** Of those compared, what the axis says: numbers as they are, options as places in no order. */
const importanceOn = (axis: SweepAxis, compared: readonly Compared[]): Importance | undefined => {
  const readings = compared.map(({ trial }) => valueOn(axis, trial))
  const options = [...new Set(readings.map((reading) => JSON.stringify(reading)))].sort()
  const value = (at: number): number => {
    const reading = readings[at]
    if (axis.kind === "choice") return options.indexOf(JSON.stringify(reading))
    return typeof reading === "number" ? reading : Number.NaN
  }
  return importanceOf({
    axis: axis.name,
    kind: axis.kind === "choice" ? "options" : "numbers",
    results: compared.map(({ result }, at) => ({ value: value(at), result })),
  })
}

const shown = ({ axis, effect, low, high, noise, standsOut }: Importance): ShownImportance => ({
  ...{ axis, effect, low, high, noise },
  words: standsOut ? "stands out from noise" : "cannot be told from noise",
})

const byEffect = (one: ShownImportance, other: ShownImportance): number =>
  other.effect - one.effect || (one.axis < other.axis ? -1 : 1)

const chosenByResults =
  "Trials were chosen by what came of earlier ones, so an axis that does nothing stands out more often than once in twenty times."

const someHaveIt = ({ name }: SweepAxis, having: number): string =>
  having < fewestTrialsToTell
    ? `${name} is in ${having} of the trials with a result: too few to say anything, it takes ${fewestTrialsToTell}.`
    : `${name} is judged by the ${having} trials that have it.`

export const sweepImportance = (table: SweepTable): ShownImportances => {
  const { trials, notes } = comparisonOf(table.trials)
  if (trials.length === 0) return { axes: [], notes: [] }
  if (trials.length < fewestTrialsToTell) {
    const few = `Of ${trials.length} trial${trials.length === 1 ? "" : "s"} with a result it cannot be said what matters: it takes ${fewestTrialsToTell}.`
    return { axes: [], notes: [few] }
  }
  const varied = table.axes.filter((axis) => differs(axis, table.trials))
  if (varied.length === 0) return { axes: [], notes: [] }
  const judged = varied.map((axis) => ({
    axis,
    having: trials.filter(({ trial }) => valueOn(axis, trial) !== undefined),
  }))
  const axes = judged.flatMap(({ axis, having }) => importanceOn(axis, having) ?? [])
  const partly = judged.filter(({ having }) => having.length < trials.length)
  return {
    axes: axes.map(shown).sort(byEffect),
    notes: [
      ...notes,
      ...partly.map(({ axis, having }) => someHaveIt(axis, having.length)),
      ...(table.adaptive ? [chosenByResults] : []),
    ],
  }
}
