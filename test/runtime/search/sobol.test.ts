import { describe, expect, it } from "vitest"
import { random } from "../../../src/runtime/search/random.ts"
import { NothingAccepted } from "../../../src/runtime/search/searcher.ts"
import { UnfitSearcher } from "../../../src/runtime/search/searcher-problem.ts"
import { problemsOf } from "../../../src/runtime/search/searcher-problems.ts"
import { sobol } from "../../../src/runtime/search/sobol.ts"
import { choice, integer, logReal, onlyWhere, pointsOf, real, searched } from "./made-search.ts"
import { boxesFilled, cubePoints, discrepancy, mean, median, partsFilled } from "./unit-cube.ts"

const plain = sobol({ scrambled: false })
const seeds = Array.from({ length: 40 }, (_, seed) => seed)

describe("Sobol's sequence", () => {
  it("has the points that SciPy has", () => {
    const eight = cubePoints(plain, 8, 16)
    expect(eight[5]).toEqual([0.875, 0.875, 0.125, 0.375, 0.875, 0.625, 0.875, 0.375])
    expect(eight[15]).toEqual([0.0625, 0.9375, 0.5625, 0.3125, 0.6875, 0.1875, 0.8125, 0.3125])
    const forty = cubePoints(plain, 40, 1001)[1000]!
    expect([0, 9, 19, 39].map((place) => forty[place])).toEqual([
      0.2197265625, 0.0693359375, 0.7255859375, 0.4794921875,
    ])
  })

  it("has all low ends as its first point where it is not scrambled, and not where it is", () => {
    expect(cubePoints(plain, 3, 1)).toEqual([[0, 0, 0]])
    expect(Math.min(...cubePoints(sobol(), 3, 1)[0]!)).toBeGreaterThan(0)
  })

  it.each([
    ["plain", plain],
    ["scrambled", sobol()],
  ])("has each of its first 64 points in a part of its own, in each of 128 dimensions: %s", (_, searcher) => {
    const rows = cubePoints(searcher, 128, 64)
    for (let place = 0; place < 128; place++) expect(partsFilled(rows, place, 64)).toBe(64)
  })

  it.each([
    ["plain", plain],
    ["scrambled", sobol()],
  ])("fills every box of area 1/64 with its first 64 points, whatever the box's sides: %s", (_, searcher) => {
    const rows = cubePoints(searcher, 2, 64)
    for (const wide of [1, 2, 4, 8, 16, 32, 64]) expect(boxesFilled(rows, wide, 64 / wide)).toBe(64)
  })

  it("lies around the middle over many seeds, each point of it, where it is scrambled", () => {
    const first = seeds.map((seed) => cubePoints(sobol(), 3, 4, seed))
    for (let index = 0; index < 4; index++) {
      for (let place = 0; place < 3; place++) {
        // The mean of 40 uniform numbers is off by 0.046 as a rule, and by 0.15 once in a thousand.
        expect(Math.abs(mean(first.map((rows) => rows[index]![place]!)) - 0.5)).toBeLessThan(0.17)
      }
    }
  })

  it("is less than half as uneven as random points", () => {
    for (const [dimensions, count] of [
      [2, 16],
      [2, 64],
      [6, 16],
      [6, 64],
    ] as const) {
      const [even, chance] = [sobol(), random()].map((searcher) =>
        median(seeds.map((seed) => discrepancy(cubePoints(searcher, dimensions, count, seed)))),
      )
      expect(even).toBeLessThan(chance! / 2)
    }
  })
})

describe("a Sobol search", () => {
  const space = [logReal("rate", 1e-5, 1e-2), integer("rank", 4, 16, 4), choice("schedule", 3)]

  it("maps coordinates to ranges in equal parts, logarithmic ones in the logarithm", () => {
    const points = pointsOf(plain, searched(space), 3)
    expect(points.map(({ rank, schedule }) => [rank, schedule])).toEqual([
      [4, 0],
      [12, 1],
      [8, 0],
    ])
    expect(points[1]!["rate"]).toBeCloseTo(10 ** -3.5, 12)
  })

  it("begins a longer sweep with the trials of the shorter one", () => {
    expect(pointsOf(sobol(), searched(space), 9)).toEqual(pointsOf(sobol(), searched(space), 40).slice(0, 9))
  })

  it("suggests the same for a trial when it is asked again, or by a fresh search", () => {
    const search = sobol().begin(searched(space))
    const all = pointsOf(sobol(), searched(space), 9)
    expect([9, 2, 9].map((trial) => search.suggest({ trial, seen: [] }))).toEqual([all[8], all[1], all[8]])
  })

  it("leaves the values of all other dimensions alone where one is added at the end", () => {
    const longer = pointsOf(sobol(), searched([...space, real("dropout", 0, 1)]), 20)
    expect(longer.map(({ dropout: _, ...others }) => others)).toEqual(pointsOf(sobol(), searched(space), 20))
  })

  it("is scrambled otherwise by another seed", () => {
    expect(pointsOf(sobol(), searched(space, { seed: 8 }), 3)).not.toEqual(pointsOf(sobol(), searched(space), 3))
  })

  it("passes over what the constraints refuse, without gaps in the trials", () => {
    const accepts = ({ rank }: { readonly rank?: number }): boolean => rank !== 8
    const free = pointsOf(sobol(), searched(space), 60)
    expect(pointsOf(sobol(), searched(space, { accepts }), 30)).toEqual(free.filter(accepts).slice(0, 30))
  })

  it("says so when the constraints refuse everything", () => {
    const search = sobol().begin(searched(space, { accepts: () => false }))
    expect(() => search.suggest({ trial: 1, seen: [] })).toThrow(NothingAccepted)
  })

  it("tries each of 24 points once in 24 trials, and ends", () => {
    const points = pointsOf(sobol(), searched([choice("a", 4), integer("b", 1, 6)]), 30)
    expect(points).toHaveLength(24)
    expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(24)
  })

  it("gives a dimension only where the choice it belongs to took its place, from the same coordinate as ever", () => {
    const textRate = real("textRate", 0, 1)
    const always = pointsOf(sobol(), searched([choice("text", 2), textRate, real("rate", 0, 1)]), 16)
    const onlySometimes = [choice("text", 2), onlyWhere("text", 1, textRate), real("rate", 0, 1)]
    expect(pointsOf(sobol(), searched(onlySometimes), 16)).toEqual(
      always.map(({ textRate, ...others }) => (others["text"] === 1 ? { ...others, textRate } : others)),
    )
  })

  it("knows numbers for 128 dimensions, and says so where there are more", () => {
    const many = Array.from({ length: 129 }, (_, place) => real(`x${place}`, 0, 1))
    expect(problemsOf(sobol(), many.slice(1))).toEqual([])
    expect(problemsOf(sobol(), many)).toMatchObject([{ field: "x128", why: expect.stringContaining("129 dimensions") }])
    expect(() => sobol().begin(searched(many))).toThrow(UnfitSearcher)
  })
})
