/** A search that looks at nothing but its own points: the nth trial is the nth of them, so a longer sweep begins with the shorter one. */
import type { Point } from "./dimension.ts"
import { keyOfPoint } from "./fresh-point.ts"
import type { Search, Searched } from "./searcher.ts"

/** `next` gives the points one after the other; undefined: there is none left. */
export const ownSequence = (
  { dimensions }: Searched,
  next: (trial: number, isTried: (point: Point) => boolean) => Point | undefined,
): Search => {
  const points: Point[] = []
  const keys = new Set<string>()
  const isTried = (point: Point): boolean => keys.has(keyOfPoint(dimensions, point))
  let ended = false
  return {
    suggest: ({ trial }) => {
      while (points.length < trial && !ended) {
        const point = next(points.length + 1, isTried)
        ended = point === undefined
        if (point === undefined) break
        points.push(point)
        keys.add(keyOfPoint(dimensions, point))
      }
      return points[trial - 1]
    },
  }
}
