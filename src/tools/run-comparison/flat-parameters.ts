/** Parameters as single values by name: what lies inside of records gets a name with dots, such as "textModel.learningRate". */
import { Predicate } from "effect"
import type { Json } from "../../runtime/model/canonical-json.ts"

const isRecord = (json: Json): json is Readonly<Record<string, Json>> =>
  Predicate.isObject(json) && !Array.isArray(json)

/** A name that holds a dot itself is quoted, so that no two values share a name. */
const part = (name: string): string => (name === "" || /[."\s]/.test(name) ? JSON.stringify(name) : name)

const leaves = (name: string, json: Json): readonly (readonly [name: string, value: Json])[] =>
  isRecord(json) && Object.keys(json).length > 0
    ? Object.entries(json).flatMap(([inner, value]) =>
        leaves(name === "" ? part(inner) : `${name}.${part(inner)}`, value),
      )
    : [[name, json]]

/** Lists stay whole: their places are no names. An empty record is a value; no parameters at all are none. */
export const flatParameters = (parameters: Json): ReadonlyMap<string, Json> =>
  new Map(leaves("", parameters).filter(([name]) => name !== ""))
