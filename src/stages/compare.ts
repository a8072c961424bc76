/**
 * `compare({ "network dim": { "4": small, "16": usual } }, { prompts })`: what a setting does, seen at a glance.
 *
 * One sheet: a row for the base model alone and one for each setting, a column for each prompt and seed. A training that stands in
 * several groups is painted once. The trainings must share a base model; what else they share is computed once as everywhere.
 */
import { Effect, Schema } from "effect"
import { broken } from "../runtime/define/composite.ts"
import { inOneCall } from "../runtime/define/create-node.ts"
import { wireProblem } from "../runtime/define/given-wires.ts"
import { stage } from "../runtime/define/stage.ts"
import { wireBehind } from "../runtime/define/wires-upstream.ts"
import { Blob } from "../runtime/model/blob.ts"
import { notARecord } from "../runtime/model/checked-params.ts"
import { Items } from "../runtime/model/items.ts"
import { sayValue } from "../runtime/model/say-value.ts"
import { StageContext } from "../runtime/model/stage-context.ts"
import type { Problem } from "../runtime/model/stage-failure.ts"
import { type AnyWire, isWire, type Wire } from "../runtime/model/wire.ts"
import { named } from "../runtime/model/word.ts"
import type { EvaluateParams } from "./evaluate.ts"
import { drawSamples } from "./sheets/draw-samples.ts"
import { type ComparedTraining, planComparison } from "./sheets/plan-comparison.ts"
import { sample } from "./sheets/sample.ts"
import { nameProblems } from "./training/plain-name.ts"
import { sameSheets } from "./training/same-files.ts"
import { BaseModelFolder } from "./wires/base-files.ts"
import { ComparedGroups, comparedKey, withoutTraining } from "./wires/comparison.ts"
import { Dataset } from "./wires/dataset.ts"
import { Sample } from "./wires/samples.ts"
import { Trained, type TrainedAdapters } from "./wires/trained.ts"

/** The sheet of a comparison, a PNG, and its name. */
export const Comparison = named("comparison", Schema.Struct({ name: Schema.String, sheet: Blob }))
export interface Comparison extends Schema.Schema.Type<typeof Comparison> {}

const ComparisonSheet = Schema.Struct({
  name: Schema.String,
  groups: ComparedGroups,
  prompts: Schema.Array(Schema.String),
  seeds: Schema.Array(Schema.Int),
})
type ComparisonSheet = typeof ComparisonSheet.Type

interface Row {
  readonly label: string
  readonly note: string
  readonly training: number
}

const rowsOf = (groups: ComparedGroups): readonly Row[] => [
  { label: "base model", note: "not trained", training: withoutTraining },
  ...groups.flatMap(({ name, settings }) =>
    settings.map(({ value, training }) => ({ label: name, note: value, training })),
  ),
]

const sheetName = (name: string): string => `${name}.png`

const drawing = ({ name, groups, prompts, seeds }: ComparisonSheet, samples: Items<Sample>) => {
  const painted = new Map(samples.map(({ key, value }) => [key, value]))
  const columns = prompts.flatMap((prompt) => seeds.map((seed) => ({ prompt, seed })))
  const at = (training: number, { prompt, seed }: (typeof columns)[number]): Sample =>
    painted.get(comparedKey(groups, training, prompt, seed))!
  return drawSamples({
    title: name,
    fileName: sheetName(name),
    recipe: samples[0]!.value.recipe,
    shared: [`seed ${seeds.join(", ")}`],
    // Trainings may differ in their trigger word; the base model's pictures have the first one's, which stands for all.
    columns: columns.map((column) => {
      const text = at(withoutTraining, column).recipe.prompt
      return seeds.length > 1 ? `${text}, seed ${column.seed}` : text
    }),
    isFirstColumnApart: false,
    rows: rowsOf(groups).map(({ label, note, training }) => ({
      label,
      note,
      pictures: columns.map((column) => at(training, column).picture),
    })),
    fewer: "prompts or settings",
  })
}

const compareStage = stage({
  name: "compare",
  code: import.meta.url,
  params: ComparisonSheet,
  wires: { samples: Items(Sample) },
  output: Comparison,
  check: ({ name }) => nameProblems(name, "settings"),
  wired: sameSheets,
  artifacts: ({ output: { name, sheet } }) => [{ path: sheetName(name), blob: sheet, label: "sheet of settings" }],
  run: Effect.fnUntraced(function* ({ params, samples }) {
    const { blobs } = yield* StageContext
    const sheet = yield* blobs.put(yield* drawing(params, samples))
    return { name: params.name, sheet }
  }),
})

/** Groups of settings by name; each setting by its value, with what was trained under it. */
export type ComparedSettings = Readonly<Record<string, Readonly<Record<string, TrainedAdapters>>>>

/** What `compare` is told: a name and prompts are required, the others are those of `evaluate`. */
export interface CompareParams extends EvaluateParams {
  /** Of the sheet's file, and its title. */
  readonly name: string
}

const howTo = 'Give groups of trainings, such as { "network dim": { "4": small, "16": usual } }'

const error = (field: string, why: string, hint = howTo): Problem => ({ field, why, hint, severity: "error" })

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype && !isWire(value)

/** Every mistake in the settings: no groups, groups that are none, and what no training gave. */
const settingsProblems = (settings: unknown): readonly Problem[] => {
  if (!isRecord(settings)) return [error("settings", `it takes groups of trainings; this is ${said(settings)}`)]
  const groups = Object.entries(settings)
  if (groups.length === 0) return [error("settings", "there is none")]
  return groups.flatMap(([name, group]) => {
    if (!isRecord(group)) return [error(`settings.${name}`, `it takes a group of trainings; this is ${said(group)}`)]
    const values = Object.entries(group)
    if (values.length === 0) return [error(`settings.${name}`, "the group is empty")]
    return values.flatMap(
      ([value, training]) => wireProblem(`settings.${name}.${value}`, Trained, training, howTo) ?? [],
    )
  })
}

const said = (value: unknown): string => (isWire(value) ? `a wire (${value.carries})` : sayValue(value))

/** Each training once, in the order of its first setting. */
const distinct = (settings: ComparedSettings): readonly TrainedAdapters[] => [
  ...new Map(
    Object.values(settings)
      .flatMap((group) => Object.values(group))
      .map((training) => [training.node, training] as const),
  ).values(),
]

const wiresIn = (settings: unknown): readonly AnyWire[] =>
  isWire(settings) ? [settings] : isRecord(settings) ? Object.values(settings).flatMap(wiresIn) : []

/**
 * A sheet of settings: the same prompts and seeds with the result of each training, one row per setting.
 *
 * `name` and `prompts` are required, the other parameters are those of `evaluate`. Values that are whole numbers come in the order
 * of their size, the others as written. A training that stands in several groups is painted once. Trainings of different base models
 * cannot be compared, which is told before any work.
 *
 * @returns The sheet, which is written to the output folder as `name.png`.
 *
 * @example
 * compare({ "network dim": { "4": small, "16": usual } }, { name: "dims", prompts: ["[trigger], a castle"] })
 */
export const compare = (settings: ComparedSettings, params: CompareParams): Wire<"comparison", Comparison> =>
  inOneCall("compare", () => {
    const unfit = notARecord(params)
    const problems = [...settingsProblems(settings), ...(unfit === undefined ? [] : [error("", unfit.why, unfit.hint)])]
    return problems.length > 0 ? refused(settings, problems) : compared(settings, params ?? {})
  })

const refused = (settings: unknown, problems: readonly Problem[]) =>
  broken("compare", Comparison, Object.fromEntries(wiresIn(settings).entries()), problems)

const compared = (settings: ComparedSettings, { name, ...params }: CompareParams) => {
  const trainings = distinct(settings)
  const bases = trainings.map((training) => wireBehind(training, BaseModelFolder))
  const datasets = trainings.map((training) => wireBehind(training, Dataset))
  const base = bases[0]
  // What is missing behind a training is told by the training.
  if (base === undefined || datasets.includes(undefined)) return refused(settings, [])
  if (bases.some((other) => other?.node !== base.node)) {
    const hint = "Compare trainings of one base model, and each base model on a sheet of its own"
    return refused(settings, [error("settings", "its trainings have different base models", hint)])
  }
  const groups = Object.entries(settings).map(([group, values]) => ({
    name: group,
    settings: Object.entries(values).map(([value, { node }]) => ({
      value,
      training: trainings.findIndex((training) => training.node === node),
    })),
  }))
  const all = trainings.map((trained, index): ComparedTraining => ({ trained, dataset: datasets[index]! }))
  const samples = sample({ pictures: planComparison(all, { ...params, groups }), base })
  return compareStage({ samples }, { name, groups, prompts: params.prompts, seeds: params.seeds ?? [1] })
}
