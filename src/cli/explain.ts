/** `loom explain`: why a stage would run, change by change, and everything its identity is made of. */
import { Effect, Option } from "effect"
import { canonicalJson, type Json } from "../runtime/model/canonical-json.ts"
import { counted } from "../runtime/model/counted.ts"
import { nearestName } from "../runtime/model/nearest-name.ts"
import { type Plan, type PlannedKey, type PlannedStage, planPipeline } from "../runtime/plan/plan.ts"
import { sayChange } from "../runtime/plan/say-change.ts"
import { CliFailure } from "./ending/cli-failure.ts"
import { results } from "./ending/standard-streams.ts"
import { explainSettings } from "./explain-settings.ts"
import { loadWanted } from "./loading/load-trial.ts"
import { withCache } from "./loading/project.ts"
import { jsonVersion } from "./reporters/json-reporter.ts"
import { fromHere, moment, type Style, style, wantsColor } from "./reporters/words.ts"

export interface ExplainInput {
  readonly pipeline: string
  readonly trial: Option.Option<number>
  readonly stage: Option.Option<string>
  readonly set: Readonly<Record<string, string>>
  readonly settings: boolean
  readonly cache: string
  readonly json: boolean
  readonly verbose: boolean
  readonly noColor: boolean
}

const unknownStage = (stages: readonly PlannedStage[], wanted: string): CliFailure => {
  const labels = stages.map(({ label }) => label)
  const nearest = nearestName(wanted, labels)
  const meant = nearest === undefined ? "" : `Did you mean "${nearest}"? `
  const hint = `${meant}Its stages are ${labels.join(", ")}`
  return CliFailure.one(2, { where: wanted, why: "the pipeline has no such stage", hint })
}

const chosen = (
  { stages }: Plan,
  wanted: Option.Option<string>,
): Effect.Effect<readonly PlannedStage[], CliFailure> => {
  if (Option.isNone(wanted)) {
    return Effect.succeed(stages.filter(({ state }) => state === "will-run" || state === "waits"))
  }
  const stage = stages.find(({ label }) => label === wanted.value)
  return stage === undefined ? Effect.fail(unknownStage(stages, wanted.value)) : Effect.succeed([stage])
}

/** Longer values are cut; `--json` and `--verbose` show them whole. */
const longestValue = 100

const fieldLine = (name: string, value: Json, width: number, verbose: boolean): string => {
  const text = canonicalJson(value)
  const shown = verbose || text.length <= longestValue ? text : `${text.slice(0, longestValue - 1)}…`
  return `    ${name.padEnd(width)}  ${shown}`
}

const identityLines = ({ key, preImage }: PlannedKey, verbose: boolean): readonly string[] => {
  const fields = Object.entries(preImage.fields).sort(([a], [b]) => (a < b ? -1 : 1))
  const width = Math.max(0, ...fields.map(([name]) => name.length))
  return [
    `  identity ${key.slice(0, 12)}, made of`,
    ...fields.map(([name, value]) => fieldLine(name, value, width, verbose)),
  ]
}

const verdict = (stage: PlannedStage): string => {
  switch (stage.state) {
    case "source":
      return `is a source: ${stage.reason}`
    case "restored":
      return `is reused${stage.restored === undefined ? "" : `, made ${moment(stage.restored.madeAtMs)}`}`
    case "will-run":
      return "would run, because"
    case "waits":
      return "waits, because"
  }
}

/** Items are many; those that would run are shown, and of the others one. */
const keysToShow = ({ keys }: PlannedStage): readonly PlannedKey[] => {
  const [first] = keys
  const toRun = keys.filter(({ restored }) => !restored)
  return toRun.length > 0 ? toRun.slice(0, 1) : first === undefined ? [] : [first]
}

const stageText = (stage: PlannedStage, paint: Style, verbose: boolean): string => {
  const itemReasons = stage.keys
    .filter(({ item, restored }) => item !== undefined && !restored)
    .map(({ item, changes }) => `    ${item}: ${changes.map(sayChange).join("; ")}`)
  const lines = [
    `${paint.bold(stage.label)} ${verdict(stage)}`,
    ...(stage.state === "source" ? [] : stage.changes.map((change) => `  - ${fromHere(sayChange(change))}`)),
    ...(itemReasons.length === 0 ? [] : [`  ${counted(itemReasons.length, "item")} to run`, ...itemReasons]),
    ...keysToShow(stage).flatMap((key) => [
      ...(key.item === undefined ? [] : [paint.dim(`  item ${key.item}`)]),
      ...identityLines(key, verbose).map(paint.dim),
    ]),
  ]
  return lines.join("\n")
}

export const explain = Effect.fn("loom explain")(function* (input: ExplainInput): Effect.fn.Return<void, CliFailure> {
  const { graph, root } = yield* loadWanted(input)
  if (input.settings) return yield* explainSettings(graph, root, input)
  const found = yield* withCache(input.cache, planPipeline(graph, { root }))
  const stages = yield* chosen(found, input.stage)
  if (input.json) {
    results.write(`${JSON.stringify({ version: jsonVersion, type: "explain", pipeline: found.pipeline, stages })}\n`)
    return
  }
  const paint = style(wantsColor(process.stdout, input.noColor))
  const texts = stages.map((stage) => stageText(stage, paint, input.verbose))
  results.write(texts.length === 0 ? "Nothing would run.\n" : `${texts.join("\n\n")}\n`)
})
