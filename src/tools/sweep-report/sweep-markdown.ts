/** The table of a sweep as Markdown, to be pasted into an issue or a page of notes. */
import { markdownTable } from "../tables/markdown-table.ts"
import type { SweepTable } from "./sweep-table.ts"
import { trialCells } from "./trial-cells.ts"

export const sweepMarkdown = (table: SweepTable): string => {
  const { columns, rows } = trialCells(table)
  return markdownTable(columns, rows)
}
