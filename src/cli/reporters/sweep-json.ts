/** A sweep's report for programs: as it is, without the pictures, which lie in the files. */
import type { SweepReport } from "../../tools/sweep-program.ts"

export const sweepJson = ({ table, ...report }: SweepReport) => ({
  ...table,
  trials: table.trials.map(({ pictures: _, ...trial }) => trial),
  ...report,
})
