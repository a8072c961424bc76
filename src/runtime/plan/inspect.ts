/**
 * Lets a stage look at its inputs as soon as they are known, before any work: `inspect` in the stage's definition.
 *
 * It looks also when the result will be restored, so that a warning does not disappear on the second run.
 */
import { Result } from "effect"
import type { StageInstance, StageProblem } from "../define/pipeline-graph.ts"
import { Items } from "../model/items.ts"
import { isKeyedList } from "../model/known-value.ts"
import type { Fields, Values } from "../model/node.ts"
import { decodeJson, type FieldIssue } from "../model/schema-codec.ts"
import type { WiredStage } from "../model/wired-stage.ts"
import type { Outlooks, Prospect } from "./assessment.ts"
import type { KnownInputs } from "./stage-key.ts"

/** Decodes inputs by the schemas of the stage that reads them. */
export const decodeInputs = (schemas: Fields, inputs: KnownInputs): Result.Result<Values, readonly FieldIssue[]> => {
  const values: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(schemas)) {
    const decoded = decodeJson(schema, inputs[name]!.json)
    if (Result.isFailure(decoded)) return Result.fail(decoded.failure.map((issue) => within(name, issue)))
    values[name] = decoded.success
  }
  return Result.succeed(values)
}

const within = (name: string, { field, why }: FieldIssue): FieldIssue => ({
  field: field === "" ? name : `${name}.${field}`,
  why,
})

/** What is wrong with the inputs of a stage, as far as they are known. */
export const inspectInputs = (
  instance: StageInstance,
  found: Prospect,
  outlooks: Outlooks,
  here: WiredStage,
): readonly StageProblem[] => {
  const { speaker, node, params } = instance
  if (params === undefined) return []
  const items = outlooks.get(instance.inputs["items"] ?? "")
  if (node.kind === "items" && items?.kind === "known" && !isKeyedList(items.value.json)) return [notKeyed(speaker)]
  if (found.kind === "stage") return inspectWhole(instance, found, here)
  if (found.kind !== "items" || items?.kind !== "known") return []
  return inspected(speaker, found.node.inspect, () =>
    Result.gen(function* () {
      const decoded = yield* decodeInputs({ items: Items(found.node.itemSchema) }, { items: items.value })
      const shared = yield* decodeInputs(found.node.inputSchemas, found.shared)
      return { params, items: decoded["items"] as Items<unknown>, shared, here }
    }),
  )
}

const inspectWhole = (
  { speaker, params }: StageInstance,
  { node, inputs }: Prospect & { kind: "stage" },
  here: WiredStage,
) =>
  inspected(speaker, node.inspect, () =>
    Result.map(decodeInputs(node.inputSchemas, inputs), (values) => ({ params, inputs: values, here })),
  )

const inspected = <A>(
  label: string,
  inspect: ((args: A) => readonly Omit<StageProblem, "label">[]) | undefined,
  args: () => Result.Result<A, readonly FieldIssue[]>,
): readonly StageProblem[] => {
  if (inspect === undefined) return []
  const decoded = args()
  if (Result.isFailure(decoded)) return firstOfEach(decoded.failure).map((issue) => misfit(label, issue))
  try {
    return inspect(decoded.success).map((problem) => ({ label, ...problem }))
  } catch (thrown) {
    const why = `its inspection threw: ${thrown instanceof Error ? thrown.message : String(thrown)}`
    return [{ label, field: "inspect", why, hint: "This is a mistake in the stage's code.", severity: "error" }]
  }
}

/** A list that does not fit does so in each of its items: the first issue of an input speaks for all. */
const firstOfEach = (issues: readonly FieldIssue[]): readonly FieldIssue[] =>
  Object.values(Object.groupBy(issues, ({ field }) => field.split(".")[0]!)).map((group) => {
    const [first, ...others] = group!
    return others.length === 0 ? first! : { ...first!, why: `${first!.why}, and ${others.length} more` }
  })

export const misfit = (label: string, { field, why }: FieldIssue): StageProblem => ({
  label,
  field,
  why: `the input does not fit: ${why}`,
  hint: "Compare the input's schema with the output schema of the stage it comes from.",
  severity: "error",
})

const notKeyed = (label: string): StageProblem => ({
  label,
  field: "items",
  why: "two of its items have the same key",
  hint: "Give every item a key of its own, such as its file name.",
  severity: "error",
})
