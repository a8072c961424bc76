/** What a search makes of the unit cube, as rows of coordinates, and how evenly they lie there. */
import type { Searcher } from "../../../src/runtime/search/searcher.ts"
import { pointsOf, real, searched } from "./made-search.ts"

type Rows = readonly (readonly number[])[]

const axes = (count: number) => Array.from({ length: count }, (_, place) => real(`x${place}`, 0, 1))

export const cubePoints = (searcher: Searcher, dimensions: number, count: number, seed = 7): Rows =>
  pointsOf(searcher, searched(axes(dimensions), { seed }), count).map((point) => Object.values(point))

/** How many of `parts` equal parts of 0 … 1 hold a point, in one coordinate; a third, rounded, lies in the second of three. */
export const partsFilled = (rows: Rows, coordinate: number, parts: number): number =>
  new Set(rows.map((row) => Math.floor(row[coordinate]! * parts + 1e-9))).size

/** How many of `wide` × `high` equal boxes hold a point, in the first two coordinates. */
export const boxesFilled = (rows: Rows, wide: number, high: number): number =>
  new Set(rows.map(([x, y]) => Math.floor(x! * wide) * high + Math.floor(y! * high))).size

/** Centred L2 discrepancy, squared (Hickernell, "A generalized discrepancy and quadrature error bound", 1998): 0 is even. */
export const discrepancy = (rows: Rows): number => {
  const product = (factors: readonly number[]): number => factors.reduce((all, factor) => all * factor, 1)
  const off = rows.map((row) => row.map((x) => Math.abs(x - 0.5)))
  const one = off.reduce((sum, row) => sum + product(row.map((x) => 1 + x / 2 - (x * x) / 2)), 0)
  const two = rows.reduce(
    (sum, row, i) =>
      sum +
      rows.reduce(
        (inner, other, j) =>
          inner + product(row.map((x, k) => 1 + off[i]![k]! / 2 + off[j]![k]! / 2 - Math.abs(x - other[k]!) / 2)),
        0,
      ),
    0,
  )
  return (13 / 12) ** rows[0]!.length - (2 * one) / rows.length + two / rows.length ** 2
}

export const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!

export const mean = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length
