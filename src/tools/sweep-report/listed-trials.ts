/**
 * The trials that a report lists and draws: all of them, or of very many so few that a browser opens the file and lines can be told apart.
 *
 * The best are all there, and the front; of the others so many as there is room for, evenly over the ranks and over those without one.
 */

import { byRank, type SweepTable, type SweepTrial } from "./sweep-table.ts"
import { grouped } from "./trial-cells.ts"

const most = 500
const mostOfTheBest = 100
const mostOfTheFront = 200

/** At most so many, the first and the last included, evenly between. */
export const evenly = <A>(all: readonly A[], count: number): readonly A[] => {
  if (all.length <= count) return all
  if (count <= 1) return all.slice(0, count)
  return Array.from({ length: count }, (_, at) => all[Math.round((at * (all.length - 1)) / (count - 1))]!)
}

const chosen = (trials: readonly SweepTrial[]): ReadonlySet<SweepTrial> => {
  const ordered = byRank(trials)
  const front = ordered.filter(({ onFront }) => onFront)
  const first = new Set([...ordered.slice(0, mostOfTheBest), ...evenly(front, mostOfTheFront)])
  const others = ordered.filter((trial) => !first.has(trial))
  return new Set([...first, ...evenly(others, most - first.size)])
}

export interface ListedTrials {
  /** The table with these trials alone, in the order in which they were. */
  readonly table: SweepTable
  /** null: they are all there. */
  readonly note: string | null
}

export const listedTrials = (table: SweepTable): ListedTrials => {
  if (table.trials.length <= most) return { table, note: null }
  const listed = chosen(table.trials)
  const rest = table.objectives.length > 1 ? "those on the front and others" : "others"
  return {
    table: { ...table, trials: table.trials.filter((trial) => listed.has(trial)) },
    note: `Of ${grouped(table.trials.length)} trials ${listed.size} are listed and drawn: the best ${mostOfTheBest}, ${rest} evenly over the ranks. The CSV of the sweep has them all.`,
  }
}
