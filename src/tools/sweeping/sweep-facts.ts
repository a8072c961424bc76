/** From what came of a sweep to its table: everything that reports, sheets and comparisons are made from. */
import { Effect } from "effect"
import type { RankedTrial } from "../../runtime/sweep/ranked-trials.ts"
import type { SweepOutcome } from "../../runtime/sweep/run-sweep.ts"
import type { SweepTable, SweepTrial } from "../sweep-report/sweep-table.ts"
import { lossCurves } from "./loss-curves.ts"
import { searchWords } from "./search-words.ts"
import { trialPictures } from "./trial-pictures.ts"

interface Beside extends Pick<SweepTrial, "loss" | "pictures"> {}

const nothingBeside: Beside = { loss: [], pictures: [] }

const trialOf = ({ sweep }: Pick<SweepOutcome, "sweep">, ranked: RankedTrial, beside: Beside): SweepTrial => ({
  trial: ranked.trial,
  rank: ranked.rank,
  state: ranked.state,
  values: ranked.values,
  objectives: ranked.reached,
  spread: ranked.spread,
  rungs: sweep.halving === null ? [] : ranked.rungs,
  steps: ranked.steps,
  onFront: ranked.onFront,
  why: ranked.why,
  byHand: ranked.byHand,
  validation: ranked.curves[0] ?? [],
  ...beside,
})

/** Without what has to be read from the cache: losses and pictures. */
export const plainTable = (
  outcome: Pick<SweepOutcome, "sweep" | "trials">,
  besides: ReadonlyMap<number, Beside> = new Map(),
): SweepTable => {
  const { sweep, trials } = outcome
  const inTable = trials.map((ranked) => trialOf(outcome, ranked, besides.get(ranked.trial) ?? nothingBeside))
  const sum = (count: (trial: SweepTrial) => number) => inTable.reduce((total, trial) => total + count(trial), 0)
  return {
    name: sweep.name,
    pipeline: sweep.pipeline,
    search: searchWords(sweep),
    adaptive: sweep.searcher.adaptive,
    objectives: sweep.objectives.map(({ direction, measure: { name } }) => ({ name, direction })),
    axes: sweep.space.axes,
    trials: inTable,
    steps: { asked: sum(({ steps }) => steps.asked), trained: sum(({ steps }) => steps.trained) },
  }
}

/** The whole table. Losses are those that are on record in this cache. */
export const sweepTable = Effect.fn("sweepTable")(function* (outcome: SweepOutcome) {
  const losses = yield* lossCurves(outcome)
  const besides = new Map<number, Beside>()
  for (const { trial } of outcome.trials) {
    const shown = outcome.shown.find((one) => one.trial === trial)
    const pictures = shown !== undefined && "run" in shown ? yield* trialPictures(shown) : []
    besides.set(trial, { loss: losses.get(trial) ?? [], pictures })
  }
  return plainTable(outcome, besides)
})
