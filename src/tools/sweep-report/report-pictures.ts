/** The pictures of a report: trials as rows, best first, prompts as columns. */

import { absent } from "../tables/short-words.ts"
import { type Html, html, nothing } from "./html.ts"
import { wideTable } from "./report-tables.ts"
import { byRank, differs, type SweepTable, type SweepTrial, type TrialPicture, valueOn } from "./sweep-table.ts"
import { objectiveWords, valueWords } from "./value-words.ts"

/** Every prompt that any trial has painted, in the order in which they are met. */
export const promptsOf = ({ trials }: SweepTable): readonly string[] => [
  ...new Set(byRank(trials).flatMap(({ pictures }) => pictures.map(({ prompt }) => prompt))),
]

/** "unetLearningRate 2.3e-4", for each axis on which trials differ and that is there. */
export const valueLines = ({ axes, trials }: SweepTable, trial: SweepTrial): readonly string[] =>
  axes
    .filter((axis) => differs(axis, trials) && valueOn(axis, trial) !== undefined)
    .map((axis) => `${axis.name} ${valueWords(valueOn(axis, trial))}`)

const rankWords = ({ rank }: SweepTrial): string => (rank === null ? "no rank" : `rank ${rank}`)

const pictureCell = (table: SweepTable, trial: SweepTrial, picture: TrialPicture | undefined): Html => {
  if (picture === undefined) return html`<td>${absent}</td>`
  const value = `${table.objectives[0]?.name ?? "value"} ${objectiveWords(trial.objectives[0])}`
  const alt = `trial ${trial.trial}, ${rankWords(trial)}, ${value}: ${picture.prompt}`
  const source = `data:image/webp;base64,${Buffer.from(picture.webp).toString("base64")}`
  return html`<td><img loading="lazy" decoding="async" alt="${alt}" src="${source}"></td>`
}

const pictureRow = (table: SweepTable, prompts: readonly string[], trial: SweepTrial): Html => {
  const cells = prompts.map((prompt) =>
    pictureCell(
      table,
      trial,
      trial.pictures.find((picture) => picture.prompt === prompt),
    ),
  )
  const lines = valueLines(table, trial).map((line) => html`<span>${line}</span>`)
  return html`<tr data-trial="${trial.trial}"><th scope="row"><strong>${trial.rank === null ? absent : `#${trial.rank}`}</strong> trial ${trial.trial}<span class="value">${objectiveWords(trial.objectives[0])}</span>${lines}</th>${cells}</tr>\n`
}

export const reportPictures = (table: SweepTable): Html => {
  const prompts = promptsOf(table)
  if (prompts.length === 0) return nothing
  const rows = byRank(table.trials).filter(({ pictures }) => pictures.length > 0)
  return html`<section id="pictures"><h2>Pictures</h2>
${wideTable(
  "Pictures",
  html`<table class="sheet"><caption>The same prompts and the same noise for every trial, best first</caption>
<thead><tr><th scope="col">trial</th>${prompts.map((prompt) => html`<th scope="col">${prompt}</th>`)}</tr></thead>
<tbody>
${rows.map((trial) => pictureRow(table, prompts, trial))}</tbody></table>`,
)}</section>`
}
