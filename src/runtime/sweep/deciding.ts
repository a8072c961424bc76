/** Deciding calls what a user wrote, and may find that nothing can be decided: both are told in words, as problems of the sweep. */
import { Effect } from "effect"
import { RunFailure } from "../run/run-outcome.ts"
import { NothingAccepted } from "../search/searcher.ts"
import { UnfitSearcher } from "../search/searcher-problem.ts"
import { ConstraintThrew, type PreparedSweep } from "./prepared-sweep.ts"
import { type SweepProblem, wrong } from "./sweep-problems.ts"

/** The value of a function that decides; what it throws otherwise is a mistake. */
export const deciding = <A>({ name }: Pick<PreparedSweep, "name">, decide: () => A): Effect.Effect<A, RunFailure> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(decide())
    } catch (thrown) {
      const problems = problemsIn(thrown)
      if (problems === undefined) throw thrown
      const told = problems.map((problem) => ({ label: name, ...problem }))
      return Effect.fail(new RunFailure({ pipeline: name, kind: "input", problems: told, failures: [] }))
    }
  })

const problemsIn = (thrown: unknown): readonly SweepProblem[] | undefined => {
  if (thrown instanceof NothingAccepted) {
    return [wrong("where", thrown.message, "Let more points pass, or widen the space")]
  }
  if (thrown instanceof ConstraintThrew) {
    return [wrong("where", `it threw: ${thrown.message}`, "Return true for points that may be tried, else false")]
  }
  if (thrown instanceof UnfitSearcher) return thrown.problems.map(({ field, why, hint }) => wrong(field, why, hint))
  return undefined
}
