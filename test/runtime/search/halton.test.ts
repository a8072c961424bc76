import { describe, expect, it } from "vitest"
import { halton } from "../../../src/runtime/search/halton.ts"
import { random } from "../../../src/runtime/search/random.ts"
import { choice, integer, logReal, pointsOf, real, searched } from "./made-search.ts"
import { cubePoints, discrepancy, mean, median, partsFilled } from "./unit-cube.ts"

const plain = halton({ scrambled: false })
const seeds = Array.from({ length: 40 }, (_, seed) => seed)

describe("Halton's sequence", () => {
  it("has the digits of the index backwards, as SciPy has them", () => {
    expect(cubePoints(plain, 3, 9)[8]).toEqual([0.0625, 8 / 9, 0.64])
    expect(cubePoints(plain, 5, 4)[3]).toEqual([0.75, 1 / 9, 0.6, 3 / 7, 3 / 11])
  })

  it.each([
    ["plain", plain],
    ["scrambled", halton()],
  ])("has each of its first b^m points in a part of its own, in the dimension of base b: %s", (_, searcher) => {
    const rows = cubePoints(searcher, 4, 343)
    for (const [place, count] of [64, 243, 125, 343].entries()) {
      expect(partsFilled(rows.slice(0, count), place, count)).toBe(count)
    }
  })

  it("stays below 1, whatever the digits become", () => {
    for (const row of cubePoints(halton(), 60, 300)) for (const x of row) expect(x >= 0 && x < 1).toBe(true)
  })

  it("lies around the middle over many seeds, each point of it, where it is scrambled", () => {
    const first = seeds.map((seed) => cubePoints(halton(), 3, 4, seed))
    for (let index = 0; index < 4; index++) {
      for (let place = 0; place < 3; place++) {
        expect(Math.abs(mean(first.map((rows) => rows[index]![place]!)) - 0.5)).toBeLessThan(0.17)
      }
    }
  })

  it("is less than half as uneven as random points", () => {
    for (const [dimensions, count] of [
      [2, 16],
      [2, 64],
      [6, 64],
    ] as const) {
      const [even, chance] = [halton(), random()].map((searcher) =>
        median(seeds.map((seed) => discrepancy(cubePoints(searcher, dimensions, count, seed)))),
      )
      expect(even).toBeLessThan(chance! / 2)
    }
  })
})

describe("a Halton search", () => {
  const space = [logReal("rate", 1e-5, 1e-2), integer("rank", 4, 16, 4), choice("schedule", 3)]

  it("begins a longer sweep with the trials of the shorter one", () => {
    expect(pointsOf(halton(), searched(space), 9)).toEqual(pointsOf(halton(), searched(space), 40).slice(0, 9))
  })

  it("suggests the same for a trial when it is asked again, or by a fresh search", () => {
    const search = halton().begin(searched(space))
    const all = pointsOf(halton(), searched(space), 9)
    expect([9, 2, 9].map((trial) => search.suggest({ trial, seen: [] }))).toEqual([all[8], all[1], all[8]])
  })

  it("leaves the values of all other dimensions alone where one is added at the end", () => {
    const longer = pointsOf(halton(), searched([...space, real("dropout", 0, 1)]), 20)
    expect(longer.map(({ dropout: _, ...others }) => others)).toEqual(pointsOf(halton(), searched(space), 20))
  })

  it("passes over what the constraints refuse, without gaps in the trials", () => {
    const accepts = ({ rank }: { readonly rank?: number }): boolean => rank !== 8
    const free = pointsOf(halton(), searched(space), 60)
    expect(pointsOf(halton(), searched(space, { accepts }), 30)).toEqual(free.filter(accepts).slice(0, 30))
  })

  it("tries each of 24 points once in 24 trials, and ends", () => {
    const points = pointsOf(halton(), searched([choice("a", 4), integer("b", 1, 6)]), 30)
    expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(24)
    expect(points).toHaveLength(24)
  })
})
