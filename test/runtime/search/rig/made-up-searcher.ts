/** Searchers of one dimension, x from 0 to 1, for tests of what is decided around them. */
import type { Dimension } from "../../../../src/runtime/search/dimension.ts"
import type { Asked, Searcher } from "../../../../src/runtime/search/searcher.ts"
import { numberFor } from "./random-numbers.ts"

export const x: Dimension = { name: "x", range: { kind: "real", low: 0, high: 1, log: false }, when: [] }

/** x depends on the seed and the trial's number; after so many trials it knows no more. */
export const blind = (most = Number.POSITIVE_INFINITY): Searcher => ({
  kind: "blind",
  options: {},
  adaptive: false,
  begin: ({ seed }) => ({ suggest: ({ trial }) => (trial > most ? undefined : { x: numberFor(seed, trial) }) }),
})

/** x depends on every bit of what it is shown: whoever shows it anything else gets another sweep. */
export const watchful: Searcher = {
  kind: "watchful",
  options: {},
  adaptive: true,
  begin: ({ seed }) => ({
    suggest: ({ trial, seen }) => {
      const text = JSON.stringify(seen)
      return { x: numberFor(seed, trial, ...Array.from(text, (letter) => letter.charCodeAt(0))) }
    },
  }),
}

/** Keeps what a searcher was asked. */
export const overheard = (searcher: Searcher) => {
  const asked: Asked[] = []
  const listening: Searcher = {
    ...searcher,
    begin: (searched) => {
      const search = searcher.begin(searched)
      return {
        suggest: (question) => {
          asked.push(question)
          return search.suggest(question)
        },
      }
    },
  }
  return { searcher: listening, asked }
}
