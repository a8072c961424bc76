/** `loom plan`: says stage by stage what would run and why, and runs nothing. */
import { Effect, Option } from "effect"
import { counted } from "../runtime/model/counted.ts"
import type { Plan, PlannedStage } from "../runtime/plan/plan.ts"
import { isSweep } from "../runtime/sweep/sweep.ts"
import { layer, planGraph } from "../tools/program.ts"
import { fromProblem } from "../tools/troubles.ts"
import { CliFailure } from "./ending/cli-failure.ts"
import { fromProgramError } from "./ending/run-troubles.ts"
import { results } from "./ending/standard-streams.ts"
import { importDefinition } from "./loading/import-definition.ts"
import { loadWanted } from "./loading/load-trial.ts"
import { planOfSweep } from "./plan-sweep.ts"
import { jsonVersion } from "./reporters/json-reporter.ts"
import { fromHere, moment, type Style, style, wantsColor } from "./reporters/words.ts"
import { sayTrouble } from "./show-failure.ts"

export interface PlanInput {
  readonly pipeline: string
  readonly trial: Option.Option<number>
  readonly set: Readonly<Record<string, string>>
  readonly cache: string
  readonly exitCode: boolean
  readonly json: boolean
  readonly verbose: boolean
  readonly noColor: boolean
}

const wouldRun = ({ state }: PlannedStage): boolean => state === "will-run" || state === "waits"

const states = { source: "source", restored: "reused", "will-run": "will run", waits: "waits" } as const

const counts = ({ items, state }: PlannedStage): string => {
  if (items === undefined || state === "restored") return ""
  const all = items.restored + items.toRun + items.waiting
  return items.restored === 0 ? "" : ` (${items.restored} of ${all} reused)`
}

const reasonOf = (stage: PlannedStage): string =>
  stage.state === "restored" && stage.restored !== undefined
    ? `made ${moment(stage.restored.madeAtMs)}`
    : `${fromHere(stage.reason)}${counts(stage)}`

const stageRow = (stage: PlannedStage, labelWidth: number, paint: Style): string => {
  const state = states[stage.state].padEnd(8)
  const colored =
    stage.state === "will-run" ? paint.yellow(state) : stage.state === "waits" ? paint.cyan(state) : paint.dim(state)
  const reason = wouldRun(stage) ? reasonOf(stage) : paint.dim(reasonOf(stage))
  return `  ${paint.bold(stage.label.padEnd(labelWidth))}  ${colored}  ${reason}\n`
}

const summary = (stages: readonly PlannedStage[]): string => {
  const count = (state: PlannedStage["state"]) => stages.filter((stage) => stage.state === state).length
  const [toRun, waiting, reused] = [count("will-run"), count("waits"), count("restored")]
  if (toRun + waiting === 0) return `Nothing would run: ${counted(reused, "stage")} reused.`
  const behind =
    waiting === 0 ? "" : `, ${waiting} ${waiting === 1 ? "waits" : "wait"} for ${toRun === 1 ? "it" : "them"}`
  return `${counted(toRun, "stage")} would run${behind}, ${reused} reused.`
}

const planText = ({ stages }: Plan, paint: Style): string => {
  const width = Math.max(...stages.map(({ label }) => label.length))
  return `${stages.map((stage) => stageRow(stage, width, paint)).join("")}\n${summary(stages)}\n`
}

/** The plan for programs: keys and pre-images are `loom explain`'s. */
const planJson = ({ pipeline, params, stages, problems }: Plan): string =>
  JSON.stringify({
    version: jsonVersion,
    type: "plan",
    pipeline,
    params,
    stages: stages.map(({ keys, ...stage }) => ({
      ...stage,
      keys: keys.map(({ item, key, restored }) => ({ item, key, restored })),
    })),
    problems,
  })

export const plan = Effect.fn("loom plan")(function* (input: PlanInput): Effect.fn.Return<void, CliFailure> {
  const definition = yield* importDefinition(input.pipeline)
  if (isSweep(definition) && Option.isNone(input.trial)) return yield* planOfSweep(input, definition)
  const { graph, root } = yield* loadWanted(input)
  const found = yield* planGraph(graph, { root }).pipe(
    Effect.provide(layer({ cache: input.cache })),
    Effect.mapError(fromProgramError),
  )
  const errors = found.problems.filter(({ severity }) => severity === "error").map(fromProblem)
  if (input.json) {
    results.write(`${planJson(found)}\n`)
    if (errors.length > 0) return yield* CliFailure.told(3)
  } else {
    results.write(planText(found, style(wantsColor(process.stdout, input.noColor))))
    const warnings = found.problems.filter(({ severity }) => severity === "warning").map(fromProblem)
    const paint = style(wantsColor(process.stderr, input.noColor))
    process.stderr.write(warnings.map((trouble) => `${sayTrouble(trouble, paint)}\n`).join(""))
    if (errors.length > 0) return yield* new CliFailure({ exitCode: 3, troubles: errors })
  }
  if (input.exitCode && found.stages.some(wouldRun)) return yield* CliFailure.told(4)
})
