/** `loom plan` of a sweep: which trials it would try, what they share, and how long it would take. */
import { dirname, resolve } from "node:path"
import { Effect } from "effect"
import type { Sweep } from "../runtime/sweep/sweep.ts"
import { layer } from "../tools/program.ts"
import { planSweep, type SweepPlan } from "../tools/sweep-program.ts"
import { CliFailure } from "./ending/cli-failure.ts"
import { fromProgramError } from "./ending/run-troubles.ts"
import { results } from "./ending/standard-streams.ts"
import type { PlanInput } from "./plan.ts"
import { jsonVersion } from "./reporters/json-reporter.ts"
import { planLine, planTable } from "./reporters/sweep-words.ts"
import { style, wantsColor } from "./reporters/words.ts"
import { sayTrouble } from "./show-failure.ts"
import { fromSweepError } from "./sweep.ts"

const tell = (plan: SweepPlan, input: PlanInput): void => {
  if (input.json) {
    results.write(`${JSON.stringify({ version: jsonVersion, type: "sweep-plan", ...plan })}\n`)
    return
  }
  const width = process.stdout.isTTY ? process.stdout.columns : undefined
  results.write(planTable(plan, width, style(wantsColor(process.stdout, input.noColor))))
  results.write(`\n${planLine({ ...plan, trials: plan.trials.length })}.\n`)
  const paint = style(wantsColor(process.stderr, input.noColor))
  const failing = plan.trials.flatMap(({ trial, why }) =>
    why === null
      ? []
      : [{ where: `trial ${trial}`, why, hint: "It would fail; the others run", severity: "warning" as const }],
  )
  process.stderr.write([...plan.problems, ...failing].map((trouble) => `${sayTrouble(trouble, paint)}\n`).join(""))
}

export const planOfSweep = Effect.fn("loom plan")(function* (
  input: PlanInput,
  sweep: Sweep,
): Effect.fn.Return<void, CliFailure> {
  const root = dirname(resolve(input.pipeline))
  const plan = yield* planSweep(sweep, { root, set: input.set }).pipe(
    Effect.catch(fromSweepError(sweep, input.set, root)),
    Effect.provide(layer({ cache: input.cache })),
    Effect.mapError((error) => (error._tag === "CliFailure" ? error : fromProgramError(error))),
  )
  tell(plan, input)
  if (input.exitCode && plan.trials.some(({ isKnown }) => !isKnown)) return yield* CliFailure.told(4)
})
