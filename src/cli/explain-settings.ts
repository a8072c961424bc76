/** `loom explain PIPELINE --settings`: the trainings of a pipeline in the words of other trainers. */
import { resolve } from "node:path"
import { Effect } from "effect"
import type { PipelineGraph } from "../runtime/define/pipeline-graph.ts"
import { describeFolder } from "../stages/base/base-folder.ts"
import { type BaseKind, type Equivalents, equivalentSettings, presumedBase } from "../tools/equivalent-settings.ts"
import { fromProblem } from "../tools/troubles.ts"
import { type TrainingAtHand, trainingsAtHand } from "../tools/wiring.ts"
import { CliFailure } from "./ending/cli-failure.ts"
import { results } from "./ending/standard-streams.ts"
import { jsonVersion } from "./reporters/json-reporter.ts"
import { type Style, sentence, style, wantsColor } from "./reporters/words.ts"

interface Shown extends Equivalents {
  readonly stage: string
}

/** A value that may hold spaces, as a shell takes it. */
const flagText = (flag: string): string =>
  flag.startsWith("--output_name") && /[^\w.-]/.test(flag.slice(14)) ? `--output_name '${flag.slice(14)}'` : flag

const tableText = (rows: Equivalents["rows"], paint: Style): string => {
  const cells = rows.map(({ setting, loom, drawThings }) => [setting, loom, drawThings ?? "—"] as const)
  const head = ["", "Loom", "Draw Things"] as const
  const widthOf = (column: 0 | 1) => Math.max(...[head, ...cells].map((cell) => cell[column].length))
  const [first, second] = [widthOf(0), widthOf(1)]
  const line = ([setting, loom, drawThings]: readonly [string, string, string]) =>
    `  ${paint.dim(setting.padEnd(first))}  ${loom.padEnd(second)}  ${drawThings}`.trimEnd()
  return [paint.bold(line(head)), ...cells.map(line)].join("\n")
}

const commandText = ({ rows, script }: Shown): string => {
  const flags = rows.flatMap(({ kohya }) => kohya).map(flagText)
  return [`  accelerate launch ${script}`, ...flags.map((flag) => `    ${flag}`)].join(" \\\n")
}

const shownText = (shown: Shown, isOne: boolean, paint: Style): string => {
  const { stage, rows, differences, hints } = shown
  return [
    ...(isOne ? [] : [paint.bold(stage), ""]),
    tableText(rows, paint),
    "",
    `${paint.bold("  kohya sd-scripts")}, beside its paths:`,
    "",
    commandText(shown),
    "",
    "  What stays different:",
    ...differences.map((text) => `  - ${sentence(text)}`),
    "",
    ...hints.map((text) => `  ${sentence(text)}`),
    "",
  ].join("\n")
}

/** Kind of the base model, by its configurations. */
const kindOf = ({ base }: TrainingAtHand, root: string): Effect.Effect<BaseKind> =>
  base === undefined ? Effect.succeed(presumedBase) : describeFolder(resolve(root, base))

export const explainSettings = Effect.fn("loom explain --settings")(function* (
  graph: PipelineGraph,
  root: string,
  input: { readonly pipeline: string; readonly json: boolean; readonly noColor: boolean },
): Effect.fn.Return<void, CliFailure> {
  const errors = graph.problems.filter(({ severity }) => severity === "error")
  if (errors.length > 0) return yield* new CliFailure({ exitCode: 3, troubles: errors.map(fromProblem) })
  const shown = yield* Effect.forEach(trainingsAtHand(graph), (training) =>
    Effect.map(kindOf(training, root), (base) => ({ stage: training.stage, ...equivalentSettings(training, base) })),
  )
  if (shown.length === 0) {
    const [why, hint] = ["the pipeline trains nothing", "Ask for the settings of a pipeline with a train stage"]
    return yield* CliFailure.one(3, { where: input.pipeline, why, hint })
  }
  const paint = style(wantsColor(process.stdout, input.noColor))
  results.write(
    input.json
      ? `${JSON.stringify({ version: jsonVersion, type: "settings", pipeline: graph.pipeline, trainings: shown })}\n`
      : shown.map((one) => shownText(one, shown.length === 1, paint)).join("\n"),
  )
})
