/**
 * Where trials will part from each other, known before the first is run: where points do not depend on results, all trials are gone
 * through as if each were trained to its end, stopping at each rung.
 *
 * So a training lays snapshots where later ones branch off. Of a search that learns from results only what is decided is known.
 */
import { Effect } from "effect"
import { deciding } from "./deciding.ts"
import type { PreparedSweep } from "./prepared-sweep.ts"
import { sweepSteps } from "./shared-steps.ts"
import type { StageTree } from "./stage-tree.ts"
import { sweepDecisions } from "./sweep-decisions.ts"

/** Paths are compared step by step: more trials than this take longer to foresee than they would gain. */
const foreseenAtMost = 500

/** undefined: what will be tried is not known. */
export const foreseenWaypoints = Effect.fnUntraced(function* (sweep: PreparedSweep) {
  if (sweep.searcher.adaptive) return undefined
  const steps = sweepSteps(sweep)
  const whole = { ...sweep, halving: null, trials: Math.min(sweep.trials, foreseenAtMost) }
  const decisions = yield* deciding(sweep, () => sweepDecisions(whole))
  for (let [job] = decisions.open(); job !== undefined; [job] = decisions.open()) {
    yield* steps.add(job)
    for (const untilStep of sweep.halving?.rungs ?? []) yield* steps.add({ ...job, untilStep })
    const { decision } = job
    yield* deciding(sweep, () => decisions.settle(decision, { kind: "value", value: 0 }))
  }
  return steps.tree.waypoints as StageTree["waypoints"] | undefined
})
