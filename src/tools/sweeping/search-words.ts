/** How a sweep searches, in words: "asynchronous halving (rungs 50, 150, 300), random points". */
import type { PreparedSweep } from "../../runtime/sweep/prepared-sweep.ts"

const kinds: Readonly<Record<string, string>> = {
  exhaustive: "all points",
  random: "random points",
  sobol: "points of a Sobol sequence",
  halton: "points of a Halton sequence",
  tpe: "points by tree-structured Parzen estimators",
}

export const searchWords = ({ searcher, halving }: Pick<PreparedSweep, "searcher" | "halving">): string => {
  const points = kinds[searcher.kind] ?? searcher.kind
  return halving === null ? points : `asynchronous halving (rungs ${halving.rungs.join(", ")}), ${points}`
}
