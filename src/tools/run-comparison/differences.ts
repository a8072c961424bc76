/**
 * What differs between two runs beside the parameters of their pipelines: code, values written in the pipeline's file, what sources read,
 * the kind of machine, stages that only one of them has.
 *
 * Everything that a stage's key was made of is kept, so it is told by comparing two records. What follows from another stage's
 * difference is not told again, and neither is a parameter that only passes on the pipeline's.
 */
import { canonicalJson, type Json } from "../../runtime/model/canonical-json.ts"
import { type Change, changesBetween } from "../../runtime/model/changes.ts"
import type { PreImage } from "../../runtime/model/fingerprint.ts"
import { sayChange } from "../../runtime/plan/say-change.ts"
import { readStageDetail } from "../../runtime/run/stage-detail.ts"
import type { RunId, StageRecord } from "../../runtime/storage/store.ts"
import type { KeptRun } from "./kept-run.ts"

export interface Difference {
  readonly run: RunId
  /** The run that it is held against. */
  readonly against: RunId
  readonly stage: string
  /** As `loom explain` gives them; empty where there is only a sentence. */
  readonly changes: readonly Change[]
  readonly sentences: readonly string[]
  /** Which of the two does not have the stage, where one does not. */
  readonly absentFrom?: RunId
}

type Fields = Readonly<Record<string, Json>>

const record = (fields: Fields): PreImage => ({ type: "stage", format: 1, fields })

/** Inputs are what other stages made, and items what a list holds: their differences are told where they begin. */
const isOwn = (field: string): boolean => !field.startsWith("input.") && field !== "item" && field !== "value"

const own = ({ fields }: PreImage): PreImage =>
  record(Object.fromEntries(Object.entries(fields).filter(([field]) => isOwn(field))))

const parametersAsFields = (parameters: Json): Fields =>
  Object.fromEntries(Object.entries(parameters as Fields).map(([name, value]) => [`param.${name}`, value]))

/** The same change under another name says the same. */
const withoutName = ({ ...change }: Change): string => canonicalJson({ ...change, name: "" } as unknown as Json)

/** Changes of a pipeline's own parameters, whatever stages call them. */
const passedOn = (run: KeptRun, against: KeptRun): ReadonlySet<string> => {
  const [before, now] = [against, run].map((kept) => record(parametersAsFields(kept.run.parameters)))
  return new Set(changesBetween(before!, now!).map(withoutName))
}

const whatItRead = "what it read"

const sourceChanges = (stage: StageRecord, before: StageRecord): readonly Change[] => {
  const [from, to] = [before, stage].map(({ detail }) => readStageDetail(detail).read)
  if (from === undefined || to === undefined) return []
  return changesBetween(record({ [`input.${whatItRead}`]: from }), record({ [`input.${whatItRead}`]: to }))
}

const hasEnded = ({ state }: StageRecord): boolean => state === "ran" || state === "restored"

const notKept = "differs, but what it was made of is no longer kept"

type Told = Omit<Difference, "run" | "against" | "stage">

/** Of a run whose process is gone, or still at work, only the stages it has reached are recorded. */
const absentFrom = ({ id, state }: KeptRun["run"]): Told =>
  state === "interrupted" || state === "running"
    ? said([])
    : { changes: [], sentences: [`is no stage of run ${id}`], absentFrom: id }

const said = (changes: readonly Change[]): Told => ({ changes, sentences: changes.map(sayChange) })

const stageDifference = (
  [run, stage]: readonly [KeptRun, StageRecord],
  [against, before]: readonly [KeptRun, StageRecord],
  passed: ReadonlySet<string>,
): Told => {
  if (stage.state === "source" || before.state === "source") return said(sourceChanges(stage, before))
  if (stage.key === null || before.key === null || stage.key === before.key) return said([])
  const [from, to] = [against.preImages.get(before.key), run.preImages.get(stage.key)]
  if (from === undefined || to === undefined) {
    // Of a stage that failed there is nothing to be kept.
    return { changes: [], sentences: hasEnded(stage) && hasEnded(before) ? [notKept] : [] }
  }
  return said(changesBetween(own(from), own(to)).filter((change) => !passed.has(withoutName(change))))
}

const byLabel = ({ stages }: KeptRun): ReadonlyMap<string, StageRecord> =>
  new Map(stages.map((stage) => [stage.label, stage]))

/** What differs in a run from another one, stage by stage. */
export const differencesFrom = (run: KeptRun, against: KeptRun): readonly Difference[] => {
  const [stages, before] = [byLabel(run), byLabel(against)]
  const passed = passedOn(run, against)
  const toldOf = (label: string): Told => {
    const [now, then] = [stages.get(label), before.get(label)]
    if (now === undefined) return absentFrom(run.run)
    if (then === undefined) return absentFrom(against.run)
    return stageDifference([run, now], [against, then], passed)
  }
  return [...new Set([...before.keys(), ...stages.keys()])].flatMap((stage) => {
    const told = toldOf(stage)
    return told.sentences.length === 0 ? [] : [{ run: run.run.id, against: against.run.id, stage, ...told }]
  })
}
