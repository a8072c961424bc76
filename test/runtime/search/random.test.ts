import { describe, expect, it } from "vitest"
import type { Point } from "../../../src/runtime/search/dimension.ts"
import { random } from "../../../src/runtime/search/random.ts"
import { NothingAccepted } from "../../../src/runtime/search/searcher.ts"
import { choice, integer, logInteger, logReal, onlyWhere, pointsOf, real, searched } from "./made-search.ts"

const space = [real("noise", -1, 1), logReal("rate", 1e-5, 1e-2), integer("rank", 4, 12, 4), choice("schedule", 3)]

const column = (points: readonly Point[], name: string): readonly number[] => points.map((point) => point[name]!)
const share = (numbers: readonly number[], holds: (one: number) => boolean): number =>
  numbers.filter(holds).length / numbers.length

describe("random search", () => {
  it("begins a longer sweep with the trials of the shorter one", () => {
    const long = pointsOf(random(), searched(space), 30)
    expect(pointsOf(random(), searched(space), 10)).toEqual(long.slice(0, 10))
  })

  it("suggests the same for a trial when it is asked again, or in another order, or by a fresh search", () => {
    const search = random().begin(searched(space))
    const asked = [5, 2, 5, 9].map((trial) => search.suggest({ trial, seen: [] }))
    const all = pointsOf(random(), searched(space), 9)
    expect(asked).toEqual([all[4], all[1], all[4], all[8]])
  })

  it("leaves the values of all other dimensions alone where one is added, or their order is another", () => {
    const before = pointsOf(random(), searched(space), 20)
    const after = pointsOf(random(), searched([real("dropout", 0, 1), ...space.toReversed()]), 20)
    expect(after.map(({ dropout: _, ...others }) => others)).toEqual(before)
  })

  it("draws other points from another seed", () => {
    expect(pointsOf(random(), searched(space, { seed: 8 }), 3)).not.toEqual(pointsOf(random(), searched(space), 3))
  })

  it("spreads its draws evenly over each range, in the logarithm where the range is logarithmic", () => {
    const points = pointsOf(random(), searched([...space, logInteger("steps", 1, 64)]), 2000)
    expect(share(column(points, "noise"), (noise) => noise < 0)).toBeCloseTo(0.5, 1)
    expect(share(column(points, "rate"), (rate) => rate < 1e-4)).toBeCloseTo(1 / 3, 1)
    for (const rank of [4, 8, 12]) expect(share(column(points, "rank"), (one) => one === rank)).toBeCloseTo(1 / 3, 1)
    for (const place of [0, 1, 2])
      expect(share(column(points, "schedule"), (one) => one === place)).toBeCloseTo(1 / 3, 1)
    // Half of the way from ln 0.5 to ln 64.5 is ln 5.68.
    expect(share(column(points, "steps"), (steps) => steps <= 5)).toBeCloseTo(0.5, 1)
  })

  it("gives a dimension only where the choice it belongs to took its place", () => {
    const points = pointsOf(random(), searched([choice("text", 2), onlyWhere("text", 1, real("textRate", 0, 1))]), 50)
    const keys = new Set(points.map((point) => `${point["text"]}: ${Object.keys(point)}`))
    expect([...keys].sort()).toEqual(["0: text", "1: text,textRate"])
  })

  it("draws again what the constraints refuse, and leaves the other trials as they were", () => {
    const accepts = (point: Point): boolean => point["noise"]! > 0
    const free = pointsOf(random(), searched(space), 40)
    const bound = pointsOf(random(), searched(space, { accepts }), 40)
    expect(bound.every(accepts)).toBe(true)
    free.forEach((point, index) => {
      if (accepts(point)) expect(bound[index]).toEqual(point)
    })
  })

  it("says so when a thousand draws in a row were refused", () => {
    let asked = 0
    const accepts = (): boolean => {
      asked++
      return false
    }
    const search = random().begin(searched(space, { accepts }))
    expect(() => search.suggest({ trial: 1, seen: [] })).toThrow(NothingAccepted)
    expect(asked).toBe(1000)
  })

  it("finds the one point of a small space that the constraints let pass, and ends after it", () => {
    const accepts = (point: Point): boolean => point["a"] === 77 && point["b"] === 11
    const points = pointsOf(random(), searched([integer("a", 1, 99), integer("b", 1, 99)], { accepts }), 3)
    expect(points).toEqual([{ a: 77, b: 11 }])
  })

  it("tries each of 24 points once in 24 trials, and ends", () => {
    const points = pointsOf(random(), searched([choice("a", 4), integer("b", 1, 6)]), 30)
    expect(points).toHaveLength(24)
    expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(24)
  })

  it("has one trial in a space of one point, and in a space without dimensions", () => {
    expect(pointsOf(random(), searched([integer("a", 3, 3), real("b", 0.5, 0.5)]), 4)).toEqual([{ a: 3, b: 0.5 }])
    expect(pointsOf(random(), searched([]), 4)).toEqual([{}])
  })
})
