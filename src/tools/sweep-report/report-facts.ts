/** The head of a report: what was searched, what it cost, which trial is best. */
import { type Html, html, nothing } from "./html.ts"
import { byRank, differs, type SweepTable, type SweepTrial, type TrialState, valueOn } from "./sweep-table.ts"
import { grouped } from "./trial-cells.ts"
import { objectiveWords, valueWords } from "./value-words.ts"

const states: readonly TrialState[] = ["complete", "pruned", "failed", "running", "waiting"]

/** "8 complete, 15 pruned, 1 failed" */
export const stateCounts = ({ trials }: SweepTable): string =>
  states
    .map((state) => [trials.filter((trial) => trial.state === state).length, state] as const)
    .filter(([count]) => count > 0)
    .map(([count, state]) => `${grouped(count)} ${state}`)
    .join(", ")

const stepsShare = ({ asked, trained }: SweepTable["steps"]): string =>
  asked === 0 ? "none" : `${Math.round((100 * trained) / asked)} % of ${grouped(asked)} asked`

const better = { minimise: "lower is better", maximise: "higher is better" } as const

const fact = (name: string, value: string, note: string): Html =>
  html`<div class="fact"><dt>${name}</dt><dd><strong>${value}</strong> <span>${note}</span></dd></div>`

const bestFact = ({ objectives }: SweepTable, best: SweepTrial | undefined): Html =>
  best === undefined
    ? fact("Best", "none yet", "no trial has a result")
    : fact(`Best ${objectives[0]?.name ?? "value"}`, objectiveWords(best.objectives[0]), `trial ${best.trial}`)

const bestValues = ({ axes, trials }: SweepTable, best: SweepTrial): Html => {
  const shown = axes.filter((axis) => differs(axis, trials) && valueOn(axis, best) !== undefined)
  if (shown.length === 0) return nothing
  const values = shown.map((axis) => html`<div><dt>${axis.name}</dt><dd>${valueWords(valueOn(axis, best))}</dd></div>`)
  return html`<div class="best"><h2>The best trial’s values</h2><dl>${values}</dl></div>`
}

export const reportFacts = (table: SweepTable): Html => {
  const first = byRank(table.trials)[0]
  const best = first?.rank === null ? undefined : first
  return html`<header>
<p class="kind">Sweep of ${table.pipeline}</p>
<h1>${table.name}</h1>
<p class="search">${table.search}</p>
<dl class="facts">
${fact("Trials", grouped(table.trials.length), stateCounts(table))}
${fact("Steps trained", grouped(table.steps.trained), stepsShare(table.steps))}
${table.objectives.map(({ name, direction }) => fact("Objective", name, better[direction]))}
${bestFact(table, best)}
</dl>
${best === undefined ? nothing : bestValues(table, best)}
</header>`
}
