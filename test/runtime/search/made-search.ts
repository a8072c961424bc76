/** Dimensions and searches in few words, and what a search suggests without any results. */
import type { Dimension, Point, Range } from "../../../src/runtime/search/dimension.ts"
import type { Search, Searched, Searcher, Seen } from "../../../src/runtime/search/searcher.ts"

const dimension = (name: string, range: Range): Dimension => ({ name, range, when: [] })

export const real = (name: string, low: number, high: number): Dimension =>
  dimension(name, { kind: "real", low, high, log: false })

export const logReal = (name: string, low: number, high: number): Dimension =>
  dimension(name, { kind: "real", low, high, log: true })

export const integer = (name: string, low: number, high: number, step = 1): Dimension =>
  dimension(name, { kind: "integer", low, high, step, log: false })

export const logInteger = (name: string, low: number, high: number): Dimension =>
  dimension(name, { kind: "integer", low, high, step: 1, log: true })

export const choice = (name: string, count: number): Dimension =>
  dimension(name, { kind: "choice", count, ordered: false })

export const ordered = (name: string, count: number): Dimension =>
  dimension(name, { kind: "choice", count, ordered: true })

/** The dimension, there only where the choice took the place. */
export const onlyWhere = (choiceName: string, place: number, one: Dimension): Dimension => ({
  ...one,
  when: [...one.when, { dimension: choiceName, place }],
})

export const searched = (
  dimensions: readonly Dimension[],
  { seed = 7, accepts = () => true }: Partial<Searched> = {},
): Searched => ({ dimensions, seed, accepts })

export const complete = (trial: number, point: Point, value: number): Seen => ({
  trial,
  point,
  state: { kind: "complete", value },
})

/** The points of the trials 1 … count, none of which has a result; shorter where the search ends. */
export const suggestions = (search: Search, count: number): readonly Point[] => {
  const seen: Seen[] = []
  for (let trial = 1; trial <= count; trial++) {
    const point = search.suggest({ trial, seen: [...seen] })
    if (point === undefined) break
    seen.push({ trial, point, state: { kind: "pending" } })
  }
  return seen.map(({ point }) => point)
}

export const pointsOf = (searcher: Searcher, from: Searched, count: number): readonly Point[] =>
  suggestions(searcher.begin(from), count)
