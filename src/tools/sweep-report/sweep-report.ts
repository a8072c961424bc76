/**
 * The report of a sweep: one HTML file that shows everything, opens without a network and says nothing of when or where.
 *
 * All tables stand in it as they are; a script turns them into plots, filters and an order of choice. The file's own policy lets nothing
 * be loaded, and no script run but this one. The same table gives the same bytes.
 */
import { createHash } from "node:crypto"
import type { ShownTable } from "./facets.ts"
import { type Html, html, jsonScript, nothing, trusted } from "./html.ts"
import { type ListedTrials, listedTrials } from "./listed-trials.ts"
import type { PageData } from "./page-data.ts"
import { pageScript } from "./page-script.ts"
import { repeatedTrials } from "./repeated-trials.ts"
import { reportFacts } from "./report-facts.ts"
import { importanceTable, type ShownImportances } from "./report-importance.ts"
import { reportPictures } from "./report-pictures.ts"
import { reportStyle } from "./report-style.ts"
import { curveTable, failureList, frontTable, hasAllObjectives, spreadTable, trialsTable } from "./report-tables.ts"
import { sweepImportance } from "./sweep-importance.ts"
import type { SweepTable } from "./sweep-table.ts"

export interface SweepReport {
  readonly table: SweepTable
}

/** A plot, empty until the script fills it, and its numbers. `says` is what somebody hears who does not see it. */
const figure = (id: string, says: string, numbers: Html): Html =>
  html`<figure><div class="plot" id="${id}" role="img" aria-label="${says}"></div>
<div class="numbers">${numbers}</div></figure>`

const curvesSection = (table: SweepTable): Html => {
  const curves = [
    {
      id: "validation",
      name: "Validation loss",
      curveOf: ({ validation }: SweepTable["trials"][number]) => validation,
    },
    { id: "loss", name: "Training loss", curveOf: ({ loss }: SweepTable["trials"][number]) => loss },
  ].filter(({ curveOf }) => table.trials.some((trial) => curveOf(trial).length > 0))
  if (curves.length === 0) return nothing
  const figures = curves.map(
    ({ id, name, curveOf }) =>
      html`<div class="curve"><h3>${name}</h3>${figure(id, `${name} of each trial by step`, curveTable(table, name, curveOf))}</div>`,
  )
  return html`<section><h2>Curves</h2><div class="curves">${figures}</div></section>`
}

const importanceSection = (importance: ShownImportances): Html => {
  if (importance.axes.length + importance.notes.length === 0) return nothing
  const notes = importance.notes.map((note) => html`<p class="note">${note}</p>`)
  const plot =
    importance.axes.length === 0
      ? nothing
      : html`<p class="legend">Bar: how much of the order of trials an axis explains. Whisker: its 90 % interval. Dashed: what an axis that does nothing exceeds once in twenty times.</p>
${figure("importance", "Share of the ranking that each axis explains", importanceTable(importance))}`
  return html`<section><h2>What matters</h2>${plot}${notes}</section>`
}

const spreadSection = (table: SweepTable): Html => {
  const repeated = repeatedTrials(table.trials)
  if (repeated.length === 0) return nothing
  const which = repeated.length === 1 ? "The best trial" : `The ${repeated.length} best trials`
  return html`<section><h2>Mean and spread</h2>
<p class="legend">${which}: the mean over repeats with other seeds, and their standard deviation to each side.</p>
${figure("spread", "The mean of the best trials, and how far their repeats lie from it", spreadTable(repeated))}</section>`
}

const frontSection = (table: SweepTable): Html =>
  table.objectives.length < 2 || !table.trials.some(hasAllObjectives)
    ? nothing
    : html`<section><h2>Objectives against each other</h2>
<p class="legend">Diamond: on the front, no other trial is as good in all of them and better in one. Hollow: not trained to its end.${table.trials.some(({ spread }) => spread !== null) ? " Whisker: standard deviation over repeats." : ""}</p>
${figure("front", "Each trial by its objectives, those on the front joined", frontTable(table))}</section>`

const trialsSection = ({ table, note }: ListedTrials): Html => html`<section><h2>Trials</h2>
${note === null ? nothing : html`<p class="note">${note}</p>`}
<p class="legend" id="legend"></p>
<div class="plot-scroll" id="parallel-scroll"><div class="plot" id="parallel" role="img" aria-label="Each trial as a line across its values and results"></div></div>
<div id="filter"></div>
<p id="shown" role="status"></p>
${trialsTable(table, note === null ? "Every trial, best first" : "The listed trials, best first")}
${failureList(table)}</section>`

const withoutPictures = ({ trials, ...table }: SweepTable): ShownTable => ({
  ...table,
  trials: trials.map(({ pictures: _, ...trial }) => trial),
})

const policyFor = (script: string): string => {
  const digest = createHash("sha256").update(script).digest("base64")
  return `default-src 'none'; script-src 'sha256-${digest}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'`
}

/** The whole file as text. */
export const sweepReport = async ({ table }: SweepReport): Promise<string> => {
  const script = await pageScript()
  const importance = sweepImportance(table)
  const listed = listedTrials(table)
  const data: PageData = { table: withoutPictures(listed.table), importance }
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyFor(script)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${table.name}</title>
<style>${trusted(reportStyle)}</style>
</head>
<body>
<main>
${reportFacts(table)}
${trialsSection(listed)}
${curvesSection(listed.table)}
${spreadSection(listed.table)}
${importanceSection(importance)}
${frontSection(listed.table)}
${reportPictures(listed.table)}
</main>
${jsonScript("sweep", data)}
<script>${trusted(script)}</script>
</body>
</html>
`.html
}
