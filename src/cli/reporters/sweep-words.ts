/** A sweep before and after it runs, in sentences and tables. */
import { counted } from "../../runtime/model/counted.ts"
import type { SweepEvent } from "../../runtime/sweep/sweep-events.ts"
import type { SweepPlan } from "../../tools/sweep-program.ts"
import type { SweepTable } from "../../tools/sweep-report/sweep-table.ts"
import { grouped, trialCells } from "../../tools/sweep-report/trial-cells.ts"
import { valueWords } from "../../tools/sweep-report/value-words.ts"
import { absent } from "../../tools/tables/short-words.ts"
import { differingAxes } from "./sweep-screen.ts"
import { textTable } from "./text-table.ts"
import { duration, type Style } from "./words.ts"

type Planned = Omit<Extract<SweepEvent, { readonly type: "sweep-planned" }>, "type">

/** "24 trials, 7,200 steps asked, about 2,700 to train, about 7:10 min on this machine" */
export const planLine = (plan: Planned): string => {
  const { trials, known, stepsAsked, stepsNeeded, stepsToTrain, isEstimate, estimatedMs } = plan
  const about = isEstimate ? "about " : ""
  const count = counted(trials, "trial")
  if (known === trials) return `${count}, all of them measured already`
  const some = known === 0 ? "" : `, ${known} of them measured already`
  if (stepsAsked === 0) return `${count}${some}`
  const shared = stepsNeeded === stepsToTrain ? "" : ` (${grouped(stepsNeeded - stepsToTrain)} are known)`
  const time =
    estimatedMs === null
      ? "; how long that takes is not known before the first trial"
      : stepsToTrain === 0
        ? ""
        : `, about ${duration(estimatedMs)} on this machine`
  return `${count}${some}, ${grouped(stepsAsked)} steps asked, ${about}${grouped(stepsToTrain)} to train${shared}${time}`
}

const stateOf = ({ isKnown, why, reached }: SweepPlan["trials"][number], isEstimate: boolean): string => {
  if (why !== null) return "fails"
  if (isKnown) return reached === null ? "measured" : `measured at ${reached}`
  // Which trials go on is made up where halving decides.
  return reached === null || isEstimate ? "will run" : `will run to ${reached}`
}

/** A row per trial: what it tries, and whether it is measured already. */
export const planTable = ({ trials, isEstimate }: SweepPlan, width: number | undefined, paint: Style): string => {
  const axes = differingAxes(trials)
  const rows = trials.map((one) => [
    String(one.trial),
    stateOf(one, isEstimate),
    ...axes.map((name) => (name in one.values ? valueWords(one.values[name]) : absent)),
  ])
  const columns = ["trial", "state", ...axes].map((title) => ({ title, isNumber: title !== "state" }))
  return textTable({ columns, sections: [{ title: "", rows }] }, width, paint)
}

/** The trials, best first. */
export const resultTable = (table: SweepTable, width: number | undefined, paint: Style): string => {
  const { columns, rows } = trialCells(table)
  return textTable({ columns, sections: [{ title: "", rows }] }, width, paint)
}

/** "24 trials, 2,680 of 7,200 steps trained (0.37), in 6:58 min" */
export const resultLine = ({ trials, steps: { asked, trained } }: SweepTable, elapsedMs: number): string => {
  const share =
    asked === 0 ? "" : `, ${grouped(trained)} of ${grouped(asked)} steps needed (${(trained / asked).toFixed(2)} ×)`
  return `${counted(trials.length, "trial")}${share}, in ${duration(elapsedMs)}`
}
