/** Prints why a command failed: one sentence for each thing, with what to do about it. No stack, unless asked for. */
import type { Trouble } from "../tools/troubles.ts"
import type { CliFailure } from "./ending/cli-failure.ts"
import { results } from "./ending/standard-streams.ts"
import { printable, printablePlace } from "./reporters/printable.ts"
import { closed, fromHere, type Style, sentence, style, wantsColor } from "./reporters/words.ts"
import type { Manner } from "./typed-options.ts"

/** "error: train.steps: 0 must be 1 or more. Usual values are 500 to 3000." */
export const sayTrouble = ({ where, why, hint, severity }: Trouble, paint: Style): string => {
  const mark = severity === "error" ? paint.red("error") : paint.yellow("warning")
  const place = where === "" ? "" : `${paint.bold(printablePlace(fromHere(where)))}: `
  const words = [`${mark}: ${place}${closed(printable(fromHere(why)))}`, sentence(printable(fromHere(hint)))]
  return words.filter(Boolean).join(" ")
}

/** The same thing told by two stages is told once. */
const distinct = (troubles: readonly Trouble[]): readonly Trouble[] => [
  ...new Map(troubles.map((trouble) => [`${trouble.where} ${trouble.why}`, trouble])).values(),
]

export const showFailure = ({ exitCode, troubles }: CliFailure, { json, verbose, noColor }: Manner): void => {
  const told = distinct(troubles)
  if (json) {
    if (told.length > 0) results.write(`${JSON.stringify({ version: 1, type: "error", exitCode, troubles: told })}\n`)
    return
  }
  const paint = style(wantsColor(process.stderr, noColor))
  for (const trouble of told) {
    process.stderr.write(`${sayTrouble(trouble, paint)}\n`)
    if (trouble.detail !== undefined && verbose) process.stderr.write(`${paint.dim(trouble.detail)}\n`)
  }
}
