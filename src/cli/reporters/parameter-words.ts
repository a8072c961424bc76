/** Values of parameters as words, in one line each. */
import { canonicalJson, type Json } from "../../runtime/model/canonical-json.ts"
import type { Run } from "../../runtime/storage/store.ts"
import { flatParameters } from "../../tools/run-comparison/flat-parameters.ts"
import { absent } from "../../tools/tables/short-words.ts"
import { printablePlace } from "./printable.ts"

/** Quoted where it could be taken for another value, or for none. */
const textWords = (text: string): string => {
  const isPlain =
    text.trim() === text && text !== "" && text !== absent && !/^(null|true|false|[-\d."[{].*)$/s.test(text)
  return isPlain ? text : JSON.stringify(text)
}

export const parameterWords = (value: Json): string =>
  typeof value === "string" ? textWords(value) : canonicalJson(value)

export interface ChangedParameter {
  readonly name: string
  readonly value: string
  /** "–" where the pipeline has no such value by default; undefined where the defaults were not recorded. */
  readonly byDefault: string | undefined
}

/** Parameters in which a run is not as its pipeline would have it; all of them where that was not recorded. */
export const changedParameters = ({ parameters, defaults }: Run): readonly ChangedParameter[] => {
  const usual = defaults === null ? undefined : flatParameters(defaults)
  const words = (value: Json | undefined): string =>
    value === undefined ? absent : printablePlace(parameterWords(value))
  return [...flatParameters(parameters)]
    .map(([name, value]) => ({
      name: printablePlace(name),
      value: words(value),
      byDefault: usual && words(usual.get(name)),
    }))
    .filter(({ value, byDefault }) => value !== byDefault)
}
