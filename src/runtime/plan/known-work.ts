/**
 * How much of a stage's work is known although its result is not: "steps 110 → 400" after an interrupted training, and how many
 * known steps a change makes anew.
 *
 * Only the stage knows what its work is made of, so it is asked, by `knownWork` in its definition. The answer is a
 * courtesy: where it cannot be given, the plan says as much as without it.
 */
import { Effect, Result } from "effect"
import type { StageInstance } from "../define/pipeline-graph.ts"
import type { Json } from "../model/canonical-json.ts"
import type { Change } from "../model/changes.ts"
import type { KnownWork, StageNode } from "../model/node.ts"
import { StageFailure } from "../model/stage-failure.ts"
import type { Remembered } from "../storage/cache.ts"
import { Trajectories } from "../storage/trajectory.ts"
import type { Prospect } from "./assessment.ts"
import { decodeInputs } from "./inspect.ts"

/** The changes with what is known of the work woven in. `last` is what this label used last. */
export const withKnownWork = Effect.fnUntraced(function* (
  { params }: StageInstance,
  { node, inputs }: Prospect & { kind: "stage" },
  last: Remembered | undefined,
  changes: readonly Change[],
) {
  const found = yield* knownWorkOf(params, node, inputs, last)
  return found === undefined ? changes : woven(changes, found)
})

/** How much of a stage's work is known; undefined where it does not say. */
export const knownWorkOf = Effect.fnUntraced(function* (
  params: StageInstance["params"],
  node: StageNode,
  inputs: (Prospect & { kind: "stage" })["inputs"],
  last?: Remembered,
) {
  const values = decodeInputs(node.inputSchemas, inputs)
  if (node.knownWork === undefined || Result.isFailure(values)) return undefined
  const trajectories = yield* Trajectories
  const furthest = (keys: readonly string[]) => Effect.mapError(trajectories.furthest(keys), asStageFailure)
  const ask = { params, inputs: values.success, lastParams: paramsOf(last), furthest }
  return yield* Effect.suspend(() => node.knownWork!(ask)).pipe(Effect.catchCause(() => Effect.undefined))
})

const asStageFailure = ({ what, where, why, hint }: StageFailureWords): StageFailure =>
  new StageFailure({ what, where, why, hint, kind: "work" })

type StageFailureWords = Pick<StageFailure, "what" | "where" | "why" | "hint">

/** The parameters in a pre-image, as they entered the key. */
const paramsOf = (last: Remembered | undefined): Readonly<Record<string, Json>> | undefined =>
  last &&
  Object.fromEntries(
    Object.entries(last.preImage.fields).flatMap(([name, value]) =>
      name.startsWith("param.") ? [[name.slice("param.".length), value] as const] : [],
    ),
  )

/** Sentences hold three phrases, and this one must be among them. */
const lastPlaceSaid = 2

const woven = (changes: readonly Change[], { done, of, unit, before = 0 }: KnownWork): readonly Change[] => {
  const again = Math.min(before, of) - done
  const gone: readonly Change[] = done > 0 && done < of ? [{ kind: "goes-on", unit, from: done, to: of }] : []
  const redone: readonly Change[] = again > 0 ? [{ kind: "redone", unit, again, known: before }] : []
  const rest = gone.length === 0 ? changes : changes.filter((change) => !isSaidBy(change, unit))
  return [...gone, ...rest].toSpliced(lastPlaceSaid, 0, ...redone)
}

/** What "steps 110 → 400" says better. */
const isSaidBy = (change: Change, unit: string): boolean =>
  change.kind === "first-time" || (change.kind === "parameter" && change.name === unit)
