/** How long TPE takes to suggest: a thousand trials in twenty dimensions, each with the results of all trials before it. */
import type { Dimension, Range } from "../../src/runtime/search/dimension.ts"
import type { Seen } from "../../src/runtime/search/searcher.ts"
import { tpe } from "../../src/runtime/search/tpe.ts"
import { inSeconds, median, printHeader, printRow } from "./whole-process.ts"

const repeats = 5
const trials = 1000
const axes = 20

const ranges: Readonly<Record<string, Range>> = {
  "real numbers": { kind: "real", low: 0, high: 1, log: false },
  logarithmic: { kind: "real", low: 1e-6, high: 1, log: true },
  "choices of 4": { kind: "choice", count: 4, ordered: false },
  "whole numbers": { kind: "integer", low: 1, high: 100, step: 1, log: false },
}

const suggestAll = (range: Range): number => {
  const dimensions = Array.from({ length: axes }, (_, axis): Dimension => ({ name: `x${axis}`, range, when: [] }))
  const search = tpe().begin({ dimensions, seed: 1, accepts: () => true })
  const seen: Seen[] = []
  const begun = performance.now()
  for (let trial = 1; trial <= trials; trial++) {
    const point = search.suggest({ trial, seen: seen.slice() })!
    const value = Object.values(point).reduce((sum, x) => sum + (x - 0.3) ** 2, 0)
    seen.push({ trial, point, state: { kind: "complete", value } })
  }
  return performance.now() - begun
}

export const measureSuggest = async (): Promise<void> => {
  printHeader(`${trials} suggestions of TPE in ${axes} dimensions: median of ${repeats}`, "ranges", "together", "each")
  for (const [name, range] of Object.entries(ranges)) {
    const elapsedMs = median(Array.from({ length: repeats }, () => suggestAll(range)))
    printRow(name, inSeconds(elapsedMs), `${(elapsedMs / trials).toFixed(2)} ms`)
  }
}
