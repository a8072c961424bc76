/** Widths and densities of the Parzen estimator beside Optuna's, and what it draws. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import type { Range } from "../../../src/runtime/search/dimension.ts"
import { knownPoints } from "../../../src/runtime/search/known-points.ts"
import { componentAt, logDensity, logWeights } from "../../../src/runtime/search/parzen-estimator.ts"
import { coordinateOf, kernelWidths, parzenKernels } from "../../../src/runtime/search/parzen-kernels.ts"
import { edgesOf } from "../../../src/runtime/search/value-in-range.ts"
import { choice, integer, logInteger, logReal, ordered, real } from "./made-search.ts"
import { randomNumbers } from "./rig/random-numbers.ts"

interface Mixture {
  readonly ranges: readonly Range[]
  readonly observations: readonly (readonly number[])[]
  readonly widths: readonly (readonly number[] | null)[]
  readonly points: readonly (readonly number[])[]
  readonly logDensities: readonly number[]
}
const golden: { readonly mixtures: readonly Mixture[] } = JSON.parse(
  readFileSync(new URL("../../golden/search/tpe.json", import.meta.url), "utf8"),
)

/** What was observed along each range, as a search keeps it. */
const observedIn = (ranges: readonly Range[], observations: readonly (readonly number[])[]) => {
  const dimensions = ranges.map((range, axis) => ({ name: `x${axis}`, range, when: [] }))
  const known = knownPoints(dimensions)
  const trials = observations[0]!.map((_, trial) => ({
    trial: trial + 1,
    point: Object.fromEntries(observations.map((column, axis) => [`x${axis}`, column[trial]!])),
    state: { kind: "pending" } as const,
  }))
  known.take(trials)
  return dimensions.map((dimension) => known.observed(dimension, [...trials.keys()]))
}

const estimator = (ranges: readonly Range[], observations: readonly (readonly number[])[]) => {
  const observed = observedIn(ranges, observations)
  return {
    weights: logWeights(observations[0]!.length),
    kernels: ranges.map((range, axis) => parzenKernels(range, observed[axis]!)),
  }
}

const named = golden.mixtures.map((mixture, index) => ({ ...mixture, name: `${index}` }))

describe("the Parzen estimator beside Optuna's", () => {
  it.each(named)("has kernels of the same widths: mixture $name", ({ ranges, observations, widths }) => {
    const observed = observedIn(ranges, observations)
    ranges.forEach((range, axis) => {
      if (widths[axis] === null) return
      const [low, high] = edgesOf(range).map((edge) => coordinateOf(range, edge)) as [number, number]
      const ours = kernelWidths(observed[axis]!, low, high)
      expect(ours).toHaveLength(widths[axis]!.length)
      ours.forEach((width, kernel) => {
        expect(width).toBeCloseTo(widths[axis]![kernel]!, 12)
      })
    })
  })

  it.each(named)("gives points the same density: mixture $name", ({ ranges, observations, points, logDensities }) => {
    const ours = points.map((point) => logDensity(estimator(ranges, observations), point))
    ours.forEach((density, place) => {
      expect(density).toBeCloseTo(logDensities[place]!, 9)
    })
  })
})

describe("the weights of a Parzen estimator", () => {
  const weights = (count: number) => Array.from(logWeights(count), (log) => Math.exp(log))

  it("are equal up to 25 observations, and are 1 together", () => {
    expect(new Set(logWeights(25)).size).toBe(1)
    for (const count of [0, 1, 25, 26, 200]) {
      expect(weights(count).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12)
    }
  })

  it("fall evenly to one in so many for the oldest of more, and not for the last 25", () => {
    const twentyEight = weights(28)
    const scale = 1 / twentyEight.at(-1)!
    const relative = twentyEight.map((weight) => weight * scale)
    const wanted = [1 / 28, (1 + 1 / 28) / 2, ...Array.from({ length: 27 }, () => 1)]
    relative.forEach((weight, place) => {
      expect(weight).toBeCloseTo(wanted[place]!, 12)
    })
  })
})

describe("what a Parzen estimator draws", () => {
  const finite = [integer("x", 10, 90, 20), logInteger("x", 1, 6), choice("x", 3), ordered("x", 4)]

  it.each(finite)("comes as often as its density says: $range.kind, %#", ({ range }) => {
    const observations = [[range.kind === "integer" ? range.low : 1, range.kind === "integer" ? range.high : 2]]
    const mixture = estimator([range], observations)
    const random = randomNumbers(5)
    const counts = new Map<number, number>()
    for (let draw = 0; draw < 20_000; draw++) {
      const value = mixture.kernels[0]!.draw(componentAt(mixture, random()), random() + 2 ** -40)
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    let total = 0
    for (const [value, count] of counts) {
      const probability = Math.exp(logDensity(mixture, [value]))
      total += probability
      expect(count / 20_000).toBeCloseTo(probability, 1.7)
    }
    expect(total).toBeCloseTo(1, 9)
  })

  it.each([real("x", -1, 3), logReal("x", 1e-5, 1e-2)])("lies in a range of real numbers: %#", ({ range }) => {
    if (range.kind !== "real") return
    const mixture = estimator([range], [[range.low, range.high, range.high]])
    const units = [1e-16, 0.01, 0.5, 0.99, 1 - 2 ** -53]
    const values = units.flatMap((unit) => [0, 1, 2, 3].map((kernel) => mixture.kernels[0]!.draw(kernel, unit)))
    expect(Math.min(...values)).toBeGreaterThanOrEqual(range.low)
    expect(Math.max(...values)).toBeLessThanOrEqual(range.high)
    expect(new Set(values).size).toBeGreaterThan(10)
  })
})
