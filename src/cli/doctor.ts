/** `loom doctor`: whether this machine has what Loom needs, and what to do where it has not. */
import { Effect } from "effect"
import { counted } from "../runtime/model/counted.ts"
import type { Check } from "../tools/doctor/check.ts"
import { examine, isFit } from "../tools/doctor/examine.ts"
import { CliFailure } from "./ending/cli-failure.ts"
import { results } from "./ending/standard-streams.ts"
import { jsonVersion } from "./reporters/json-reporter.ts"
import { fromHere, type Style, sentence, style, wantsColor } from "./reporters/words.ts"

export interface DoctorInput {
  readonly cache: string
  readonly json: boolean
  readonly verbose: boolean
  readonly noColor: boolean
}

const nameWidth = 11

const mark = ({ status }: Check, paint: Style): string =>
  ({ ok: paint.green("✓"), warning: paint.yellow("!"), problem: paint.red("✗") })[status]

const checkText = (check: Check, paint: Style): string => {
  const { name, found, hint } = check
  const advice = hint === "" ? "" : `  ${" ".repeat(nameWidth)}  ${paint.bold(sentence(fromHere(hint)))}\n`
  return `${mark(check, paint)} ${paint.bold(name.padEnd(nameWidth))}  ${fromHere(found)}\n${advice}`
}

const summary = (checks: readonly Check[]): string => {
  const count = (status: Check["status"]) => checks.filter((check) => check.status === status).length
  const [problems, warnings] = [count("problem"), count("warning")]
  const beside = warnings === 0 ? "" : `, and ${counted(warnings, "warning")}`
  if (problems > 0) return `${counted(problems, "problem")}${beside}: Loom cannot work here.`
  return `Loom can work here${warnings === 0 ? "" : `; ${counted(warnings, "warning")}`}.`
}

export const doctorText = (checks: readonly Check[], paint: Style): string =>
  `${checks.map((check) => checkText(check, paint)).join("")}\n${summary(checks)}\n`

export const doctor = Effect.fn("loom doctor")(function* (input: DoctorInput): Effect.fn.Return<void, CliFailure> {
  const checks = yield* Effect.promise(() => examine(input.cache))
  const fit = isFit(checks)
  results.write(
    input.json
      ? `${JSON.stringify({ version: jsonVersion, type: "doctor", isFit: fit, checks })}\n`
      : doctorText(checks, style(wantsColor(process.stdout, input.noColor))),
  )
  if (!fit) return yield* CliFailure.told(1)
})
