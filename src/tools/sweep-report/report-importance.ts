/** How much each axis matters, as a report shows it: never without how sure that is. */

import { shortNumber } from "../tables/short-words.ts"
import { type Html, html, nothing } from "./html.ts"
import { wideTable } from "./report-tables.ts"

export interface ShownImportance {
  readonly axis: string
  /** Share of the ranks' spread that the axis explains, from 0 to 1. */
  readonly effect: number
  /** Ends of a 90 % interval. */
  readonly low: number
  readonly high: number
  /** What an axis that does nothing reaches once in twenty times. */
  readonly noise: number
  /** "cannot be told from noise" */
  readonly words: string
}

export interface ShownImportances {
  /** By falling effect. */
  readonly axes: readonly ShownImportance[]
  /** What is to be kept in mind: how trials were chosen, at which rung they are compared, why nothing can be said. */
  readonly notes: readonly string[]
}

const hundredths = (value: number): string => shortNumber(Math.round(value * 100) / 100)

const row = ({ axis, effect, low, high, noise, words }: ShownImportance): Html =>
  html`<tr><th scope="row">${axis}</th><td class="number">${hundredths(effect)}</td><td class="number">${hundredths(low)} to ${hundredths(high)}</td><td class="number">${hundredths(noise)}</td><td>${words}</td></tr>\n`

export const importanceTable = ({ axes }: ShownImportances): Html =>
  axes.length === 0
    ? nothing
    : wideTable(
        "Importance",
        html`<table><caption>Share of the ranking that each axis explains, with its 90 % interval and the line below which it is noise</caption>
<thead><tr><th scope="col">axis</th><th scope="col" class="number">share</th><th scope="col" class="number">interval</th><th scope="col" class="number">noise line</th><th scope="col">in words</th></tr></thead>
<tbody>
${axes.map(row)}</tbody></table>`,
      )
