/**
 * `compare({ "network dim": { "4": small, "16": usual } }, { prompts })`: what a setting does, seen at a glance.
 *
 * One sheet: a row for the base model alone and one for each setting, a column for each prompt and seed. A training that stands in
 * several groups is painted once. The trainings must share a base model; what else they share is computed once as everywhere.
 */
import { Effect, Schema } from "effect"
import { stage } from "../runtime/define/stage.ts"
import { Blob } from "../runtime/model/blob.ts"
import { Items } from "../runtime/model/items.ts"
import { StageContext } from "../runtime/model/stage-context.ts"
import { type Problem, StageFailure } from "../runtime/model/stage-failure.ts"
import type { Output } from "../runtime/model/wire.ts"
import { paint } from "./sheets/paint.ts"
import { drawSheet, type SheetRow } from "./sheets/picture-sheet.ts"
import { planComparison } from "./sheets/plan-comparison.ts"
import type { EvaluateParams } from "./sheets/plan-paintings.ts"
import { isPlainName } from "./training/plain-name.ts"
import { ComparedGroups, comparedKey, withoutTraining } from "./wires/comparison.ts"
import { Painting } from "./wires/paintings.ts"
import type { TrainedAdapters } from "./wires/trained.ts"

export const Comparison = Schema.Struct({ name: Schema.String, sheet: Blob })
export type Comparison = typeof Comparison.Type

const ComparisonSheet = Schema.Struct({
  name: Schema.String,
  groups: ComparedGroups,
  prompts: Schema.Array(Schema.String),
  seeds: Schema.Array(Schema.Int),
})
type ComparisonSheet = typeof ComparisonSheet.Type

const checkName = ({ name }: ComparisonSheet): readonly Problem[] => {
  if (isPlainName(name)) return []
  const why = `"${name}" cannot be the name of a file everywhere`
  const hint = 'Use letters, digits, dots, dashes and underscores, such as "settings"'
  return [{ field: "name", why, hint, severity: "error" }]
}

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

const cannotDraw = (cause: unknown): StageFailure =>
  new StageFailure({
    what: "the picture sheet cannot be drawn",
    where: "compare",
    why: cause instanceof Error ? cause.message : String(cause),
    hint: "Use fewer prompts or settings",
    kind: "work",
    cause,
  })

const drawing = Effect.fnUntraced(function* (params: ComparisonSheet, paintings: Items<Painting>) {
  const { blobs } = yield* StageContext
  const painted = new Map(paintings.map(({ key, value }) => [key, value]))
  const columns = params.prompts.flatMap((prompt) => params.seeds.map((seed) => ({ prompt, seed })))
  const { recipe } = paintings[0]!.value
  const rows = yield* Effect.forEach(rowsOf(params.groups), ({ label, note, training }) =>
    Effect.map(
      Effect.forEach(columns, ({ prompt, seed }) =>
        blobs.bytes(painted.get(comparedKey(params.groups, training, prompt, seed))!.picture),
      ),
      (pictures): SheetRow => ({ label, note, pictures }),
    ),
  )
  const { sampler, steps, guidance, width, height } = recipe
  // Trainings may differ in their trigger word; the first one's stands for all.
  const labelOf = ({ prompt, seed }: (typeof columns)[number]): string => {
    const text = painted.get(comparedKey(params.groups, withoutTraining, prompt, seed))!.recipe.prompt
    return params.seeds.length > 1 ? `${text}, seed ${seed}` : text
  }
  return yield* Effect.tryPromise({
    try: () =>
      drawSheet({
        title: params.name,
        subtitle: `${sampler}, ${steps} steps, guidance ${guidance}, seed ${params.seeds.join(", ")}, ${width} × ${height} pixels`,
        columns: columns.map(labelOf),
        isFirstColumnApart: false,
        rows,
        pictureWidth: width,
        pictureHeight: height,
      }),
    catch: cannotDraw,
  })
})

const compareStage = stage({
  name: "compare",
  code: import.meta.url,
  params: ComparisonSheet,
  inputs: { paintings: Items(Painting) },
  output: Comparison,
  check: checkName,
  artifacts: ({ output: { name, sheet } }) => [{ path: `${name}.png`, blob: sheet, label: "sheet of settings" }],
  run: Effect.fnUntraced(function* ({ params, inputs }) {
    const { blobs } = yield* StageContext
    const sheet = yield* blobs.put(yield* drawing(params, inputs.paintings))
    return { name: params.name, sheet }
  }),
})

/** Groups of settings by name; each setting by its value, with what was trained under it. */
export type ComparedSettings = Readonly<Record<string, Readonly<Record<string, TrainedAdapters>>>>

export interface CompareOptions extends Partial<EvaluateParams> {
  /** Of the sheet's file, and its title. */
  readonly name: string
  readonly prompts: readonly string[]
}

/** Each training once, in the order of its first setting. */
const distinct = (settings: ComparedSettings): readonly TrainedAdapters[] => [
  ...new Map(
    Object.values(settings)
      .flatMap((group) => Object.values(group))
      .map((training) => [training.node, training] as const),
  ).values(),
]

/**
 * A sheet of settings: the same prompts and seeds with the result of each training, one row per setting.
 *
 * `name` and `prompts` are required, the other options are those of `evaluate`. Values that are whole numbers come in the order
 * of their size, the others as written.
 */
export const compare = (settings: ComparedSettings, { name, ...params }: CompareOptions): Output<Comparison> => {
  const trainings = distinct(settings)
  const groups = Object.entries(settings).map(([group, values]) => ({
    name: group,
    settings: Object.entries(values).map(([value, { node }]) => ({
      value,
      training: trainings.findIndex((training) => training.node === node),
    })),
  }))
  const [first] = trainings
  if (first === undefined) throw new Error("compare was given no training")
  if (trainings.some(({ base }) => base.node !== first.base.node)) {
    throw new Error("compare was given trainings of different base models")
  }
  const size = params.size ?? null
  const base = first.base.wholeFor(size && { ...size, setting: "compare's size" })
  const paintings = paint(planComparison(trainings, { ...params, groups }), { base })
  return compareStage({ paintings }, { name, groups, prompts: params.prompts, seeds: params.seeds ?? [1] })
}
