/** The tables of a report: the trials themselves, and for each plot one with the same numbers. They are there without any script. */

import { absent, shortNumber } from "../tables/short-words.ts"
import { type Html, html, nothing } from "./html.ts"
import { evenly } from "./listed-trials.ts"
import type { RepeatedTrial } from "./repeated-trials.ts"
import { byRank, type LossAt, type SweepTable, type SweepTrial } from "./sweep-table.ts"
import { type CellColumn, cellColumns } from "./trial-cells.ts"
import { objectiveWords } from "./value-words.ts"

/** A table that may be wider than the page: it scrolls by itself, by keyboard too. */
export const wideTable = (label: string, table: Html): Html =>
  html`<div class="wide" role="region" aria-label="${label}" tabindex="0">${table}</div>`

/** "textModel.learningRate", which a narrow column may break where its words begin. */
const breakable = (title: string): readonly Html[] =>
  title.split(/(?<=[._-])|(?=\p{Lu})/u).map((word, at) => html`${at === 0 ? nothing : html`<wbr>`}${word}`)

const numeric = (isNumber: boolean): Html => (isNumber ? html` class="number"` : nothing)

const trialRow = (columns: readonly CellColumn[], trial: SweepTrial): Html => {
  const cells = columns.map(({ title, isNumber, cell }) => {
    const text = cell(trial)
    if (title === "trial") return html`<th scope="row" class="number">${text}</th>`
    if (title !== "state") return html`<td${numeric(isNumber)}>${text}</td>`
    return html`<td><span class="state ${trial.state}">${text}</span></td>`
  })
  return html`<tr data-trial="${trial.trial}"${trial.rank === 1 ? html` class="first"` : nothing}>${cells}</tr>\n`
}

export const trialsTable = (table: SweepTable, caption: string): Html => {
  const columns = cellColumns(table)
  const heads = columns.map(({ title, isNumber }) => html`<th scope="col"${numeric(isNumber)}>${breakable(title)}</th>`)
  return wideTable(
    "Trials",
    html`<table id="trials"><caption>${caption}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${byRank(table.trials).map((trial) => trialRow(columns, trial))}</tbody></table>`,
  )
}

/** What went wrong, trial by trial. */
export const failureList = ({ trials }: SweepTable): Html => {
  const failed = trials.filter(({ why }) => why !== null)
  if (failed.length === 0) return nothing
  return html`<ul class="failures">${failed.map(({ trial, why }) => html`<li>Trial ${trial} failed. ${why ?? ""}</li>`)}</ul>`
}

const mostSteps = 12

const stepsOf = (curves: readonly (readonly LossAt[])[]): readonly number[] =>
  [...new Set(curves.flatMap((curve) => curve.map(([step]) => step)))].sort((a, b) => a - b)

/** Losses by trial and step; curves longer than the table is wide are thinned, which its caption says. */
export const curveTable = (
  { trials }: SweepTable,
  name: string,
  curveOf: (trial: SweepTrial) => readonly LossAt[],
): Html => {
  const shown = byRank(trials).filter((trial) => curveOf(trial).length > 0)
  const all = stepsOf(shown.map(curveOf))
  const steps = evenly(all, mostSteps)
  const caption = `${name} by step${steps.length < all.length ? `, at ${steps.length} of ${all.length} steps` : ""}`
  const rows = shown.map((trial) => {
    const losses = new Map(curveOf(trial))
    const cells = steps.map((step) => html`<td class="number">${objectiveWords(losses.get(step))}</td>`)
    const rank = trial.rank === null ? absent : String(trial.rank)
    return html`<tr data-trial="${trial.trial}"><th scope="row" class="number">${trial.trial}</th><td class="number">${rank}</td>${cells}</tr>\n`
  })
  return wideTable(
    caption,
    html`<table><caption>${caption}</caption>
<thead><tr><th scope="col" class="number">trial</th><th scope="col" class="number">rank</th>${steps.map((step) => html`<th scope="col" class="number">${shortNumber(step)}</th>`)}</tr></thead>
<tbody>
${rows}</tbody></table>`,
  )
}

/** The trials of a plot of means and spreads, best first. */
export const spreadTable = (repeated: readonly RepeatedTrial<SweepTrial>[]): Html => {
  const rows = repeated.map(
    ({ trial, mean, spread }) =>
      html`<tr data-trial="${trial.trial}"><th scope="row" class="number">${trial.trial}</th><td class="number">${String(trial.rank)}</td><td class="number">${objectiveWords(mean)}</td><td class="number">${objectiveWords(spread)}</td></tr>\n`,
  )
  return wideTable(
    "Means",
    html`<table><caption>Mean over the repeats of a trial, and their standard deviation</caption>
<thead><tr><th scope="col" class="number">trial</th><th scope="col" class="number">rank</th><th scope="col" class="number">mean</th><th scope="col" class="number">spread</th></tr></thead>
<tbody>
${rows}</tbody></table>`,
  )
}

export const hasAllObjectives = ({ objectives }: SweepTrial): boolean => objectives.every((value) => value !== null)

/** The trials that have all objectives, and which of them no other one betters. */
export const frontTable = ({ objectives, trials }: SweepTable): Html => {
  const names = objectives.map(({ name }) => html`<th scope="col" class="number">${name}</th>`)
  const rows = byRank(trials)
    .filter(hasAllObjectives)
    .map(
      (trial) =>
        html`<tr data-trial="${trial.trial}"><th scope="row" class="number">${trial.trial}</th>${trial.objectives.map((value) => html`<td class="number">${objectiveWords(value)}</td>`)}<td>${trial.onFront ? "yes" : "no"}</td></tr>\n`,
    )
  return wideTable(
    "Objectives",
    html`<table><caption>Objectives by trial; on the front stands what no other trial betters in all of them</caption>
<thead><tr><th scope="col" class="number">trial</th>${names}<th scope="col">on the front</th></tr></thead>
<tbody>
${rows}</tbody></table>`,
  )
}
