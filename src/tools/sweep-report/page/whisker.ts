/** Marks that are drawn over a plot, each at a height: the two ends of a range as a whisker, and what else is a stroke. */
import type { Theme } from "./theme.ts"

/** What ECharts hands to a mark that draws itself: numbers of its datum, and where a point of the plot is on the screen. */
export interface DrawApi {
  readonly value: (dimension: number) => number
  readonly coord: (point: readonly number[]) => readonly [number, number]
}

/** A stroke between two points. */
export const stroke = (x1: number, y1: number, x2: number, y2: number, style: object) => ({
  type: "line" as const,
  shape: { x1, y1, x2, y2 },
  style: { fill: "none", lineWidth: 2, ...style },
})

/** A datum is its height and the two ends of its range. */
export const whisker =
  ({ ink }: Theme, style: object = {}) =>
  (_: unknown, api: DrawApi) => {
    const [left, y] = api.coord([api.value(1), api.value(0)])
    const [right] = api.coord([api.value(2), api.value(0)])
    const inked = { stroke: ink, ...style }
    const cap = (x: number) => stroke(x, y - 5, x, y + 5, inked)
    return { type: "group" as const, children: [stroke(left, y, right, y, inked), cap(left), cap(right)] }
  }

/** Marks at the heights that stand first in each datum; the rest of it are numbers along the plot. */
export const overlay = (data: readonly (readonly number[])[], renderItem: unknown) => ({
  ...{ type: "custom" as const, data, renderItem, silent: true, z: 4, clip: true },
  encode: { x: data[0]?.map((_, at) => at).slice(1) ?? [], y: 0 },
})
