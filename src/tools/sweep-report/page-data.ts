/** What a report's page is given to draw from. */
import type { ShownTable } from "./facets.ts"
import type { ShownImportances } from "./report-importance.ts"

export interface PageData {
  readonly table: ShownTable
  readonly importance: ShownImportances
}
