/** What is told of a trial when it is pointed at. */
import type { Facet, ShownTrial } from "../facets.ts"
import { objectiveWords, stateWords, valueWords } from "../value-words.ts"
import { element } from "./elements.ts"

const worded = (facet: Facet, trial: ShownTrial): string => {
  const reading = facet.read(trial)
  return facet.kind === "objective" && typeof reading === "number" ? objectiveWords(reading) : valueWords(reading)
}

/** A small table: rank and state above, then a row for each axis and objective. `more` stands below them. */
export const trialWords = (
  facets: readonly Facet[],
  trial: ShownTrial,
  more?: readonly [string, string],
): HTMLElement => {
  const rows = facets
    .filter(({ kind }) => kind === "axis" || kind === "objective")
    .map((facet) => [facet.name, worded(facet, trial)] as const)
  const rank = trial.rank === null ? "" : `#${trial.rank} `
  return element(
    "div",
    { class: "told" },
    element("strong", {}, `${rank}trial ${trial.trial}, ${stateWords(trial)}`),
    element(
      "table",
      {},
      ...[...rows, ...(more === undefined ? [] : [more])].map(([name, value]) =>
        element("tr", {}, element("th", {}, name), element("td", {}, value)),
      ),
    ),
  )
}
