/** Which trials are on the front, against the definition tried on every pair of trials. */
import { describe, expect, it } from "vitest"
import { type Direction, onParetoFront, type Reached } from "../../../src/runtime/search/pareto-front.ts"
import { randomNumbers } from "./rig/random-numbers.ts"

const isBetter = (one: Reached, other: Reached, directions: readonly Direction[]): boolean => {
  const gains = directions.map((direction, at) =>
    Math.sign(direction === "minimise" ? other[at]! - one[at]! : one[at]! - other[at]!),
  )
  return gains.every((gain) => gain >= 0) && gains.includes(1)
}
const isWhole = (reached: Reached): boolean => reached.every((value) => Number.isFinite(value))

const byDefinition = (trials: readonly Reached[], directions: readonly Direction[]): readonly boolean[] =>
  trials.map((one) => isWhole(one) && !trials.some((other) => isWhole(other) && isBetter(other, one, directions)))

/** Few values, so that many are equal; some are missing, some are not finite. */
const madeUp = (seed: number) => {
  const random = randomNumbers(seed)
  const below = (count: number): number => Math.floor(random() * count)
  const directions = Array.from({ length: 1 + below(4) }, (): Direction => (below(2) === 0 ? "minimise" : "maximise"))
  const value = (): number | null => [null, Number.NaN, Number.NEGATIVE_INFINITY][below(40)] ?? below(6) - 2
  const trials = Array.from({ length: below(40) }, (): Reached => directions.map(value))
  return { directions, trials, random }
}
const seeds = Array.from({ length: 400 }, (_, seed) => seed)

describe("the front of several objectives", () => {
  it("holds the trials that no other one betters", () => {
    const trials = [
      [0.1, 20],
      [0.2, 10],
      [0.2, 20],
      [0.3, 5],
      [0.4, 5],
    ]
    expect(onParetoFront(trials, ["minimise", "minimise"])).toEqual([true, true, false, true, false])
    expect(onParetoFront(trials, ["minimise", "maximise"])).toEqual([true, false, false, false, false])
    expect(onParetoFront(trials, ["maximise", "maximise"])).toEqual([false, false, true, false, true])
  })

  it("is that of the definition, in random tables with equal and missing numbers", () => {
    for (const seed of seeds) {
      const { trials, directions } = madeUp(seed)
      expect(onParetoFront(trials, directions), `seed ${seed}`).toEqual(byDefinition(trials, directions))
    }
  })

  it("keeps all trials that are equal, and none of them where another betters them", () => {
    const directions: readonly Direction[] = ["minimise", "maximise"]
    const equal = [
      [1, 5],
      [1, 5],
      [1, 5],
      [2, 1],
    ]
    expect(onParetoFront(equal, directions)).toEqual([true, true, true, false])
    expect(onParetoFront([...equal, [1, 6]], directions)).toEqual([false, false, false, false, true])
  })

  it("is without a trial that lacks a number, which keeps no other one off either", () => {
    for (const missing of [null, undefined, Number.NaN, Number.NEGATIVE_INFINITY]) {
      expect(
        onParetoFront(
          [
            [0, missing],
            [1, 1],
            [2, 2],
          ],
          ["minimise", "minimise"],
        ),
      ).toEqual([false, true, false])
    }
    expect(onParetoFront([[0], [1, 1]], ["minimise", "minimise"])).toEqual([false, true])
  })

  it("is the same in whatever order trials come", () => {
    for (const seed of seeds) {
      const { trials, directions, random } = madeUp(seed)
      const order = trials.map((_, at) => [random(), at] as const).sort(([a], [b]) => a - b)
      const front = onParetoFront(trials, directions)
      const shuffled = onParetoFront(
        order.map(([, at]) => trials[at]!),
        directions,
      )
      expect(shuffled).toEqual(order.map(([, at]) => front[at]))
    }
  })

  it("is all trials with the best value, of one objective", () => {
    expect(onParetoFront([[3], [1], [2], [1]], ["minimise"])).toEqual([false, true, false, true])
    expect(onParetoFront([], ["minimise"])).toEqual([])
  })
})
