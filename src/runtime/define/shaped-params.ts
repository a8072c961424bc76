/** The parameters of a call as a sweep wants them, by what the call's stage says of that; everything else stays as it was written. */
import { Result } from "effect"
import type { Json } from "../model/canonical-json.ts"
import type { CheckedParams } from "../model/checked-params.ts"
import type { Node } from "../model/node.ts"
import { encodeJson } from "../model/schema-codec.ts"
import type { Shaping } from "../model/shaping.ts"

/** Parameters that do not fit stay what they are: that is told by itself. */
export const shaped = (node: Node, checked: CheckedParams, { untilStep, trial }: Shaping): CheckedParams => {
  if (checked.kind === "misfit" || node.kind !== "stage") return checked
  let { params } = checked
  if (untilStep !== undefined && node.course !== undefined) params = node.course.until(params, untilStep)
  if (trial !== undefined && node.asTrial !== undefined) params = node.asTrial(params, trial)
  if (params === checked.params) return checked
  const encoded = Result.getOrThrow(encodeJson(node.paramsSchema, params))
  return { kind: "fits", params, encoded: encoded as Readonly<Record<string, Json>> }
}
