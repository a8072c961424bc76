/** Where values stand on an axis, which marks it has, and what a stroke on it asks for. */
import { describe, expect, it } from "vitest"
import { absentPlace, numberScale, optionScale } from "../../../src/tools/sweep-report/axis-scale.ts"
import { type Facet, facetsOf } from "../../../src/tools/sweep-report/facets.ts"
import { type Asked, askedBy, intervalsFor, passes } from "../../../src/tools/sweep-report/trial-filter.ts"
import { madeUpTable } from "./made-up-table.ts"

const labels = (scale: { readonly ticks: readonly { readonly label: string }[] }) =>
  scale.ticks.map(({ label }) => label)

describe("an axis of numbers", () => {
  it("stands from its lowest value at 0 to its highest at 1, equal ratios apart on a log axis", () => {
    expect([1, 10, 100].map(numberScale([1, 10, 100], true).placeOf)).toEqual([0, 0.5, 1])
    expect([0, 5, 10].map(numberScale([0, 5, 10], false).placeOf)).toEqual([0, 0.5, 1])
  })

  it("gives the value at a place back, and the nearest end for a place beyond", () => {
    const scale = numberScale([1e-4, 1e-2], true)
    expect(scale.valueAt(scale.placeOf(3e-3))).toBeCloseTo(3e-3, 10)
    expect([scale.valueAt(-1), scale.valueAt(2)].map((value) => Number(value.toPrecision(6)))).toEqual([1e-4, 1e-2])
  })

  it("is marked at its own values where they are few and whole, at round ones elsewhere", () => {
    expect(labels(numberScale([4, 16, 8, 32, 8], true))).toEqual(["4", "8", "16", "32"])
    expect(labels(numberScale([1.3e-4, 7.1e-3], true))).toEqual(["3e-4", "0.001", "0.003"])
    expect(labels(numberScale([0.13, 0.31], false))).toEqual(["0.15", "0.2", "0.25", "0.3"])
  })

  it("is linear where a log axis holds zero or less", () => {
    expect(numberScale([0, 10], true).placeOf(5)).toBe(0.5)
  })

  it("has a middle where all values are the same, and no mark where there is none", () => {
    expect(numberScale([3, 3], false).placeOf(3)).toBe(0.5)
    expect(labels(numberScale([], false))).toEqual([])
  })

  it("has a place and a mark for trials without a value, below all others, and none where every trial has one", () => {
    const scale = numberScale([1, undefined, 2], false)
    expect(scale.placeOf(undefined)).toBe(absentPlace)
    expect(labels(scale)).toEqual(["–", "1", "2"])
    expect(numberScale([1, 2], false).hasAbsent).toBe(false)
  })
})

describe("an axis of words", () => {
  it("keeps the order in which they were written, and leaves out those that no trial took", () => {
    const scale = optionScale(["cosine", "constant"], ["constant", "restarts", "cosine"])
    expect(labels(scale)).toEqual(["constant", "cosine"])
    expect(["constant", "cosine"].map(scale.placeOf)).toEqual([0, 1])
  })

  it("tells null, which was chosen, from an axis that is not there", () => {
    const scale = optionScale([null, "on", undefined], ["null", "on"])
    expect(scale.options).toEqual(["null", "on", "–"])
    expect([null, undefined].map(scale.placeOf)).toEqual([0, absentPlace])
  })
})

describe("what trials are told apart by", () => {
  const names = (table: ReturnType<typeof madeUpTable>) => facetsOf(table).map(({ name }) => name)

  it("is no axis on which all are alike, and no objective of which none has a number", () => {
    const table = madeUpTable({ objectives: 2 })
    const { values } = table.trials[0]!
    expect(names({ ...table, trials: table.trials.map((trial) => ({ ...trial, values })) })).toEqual([
      ...["validation loss", "file size in MB", "rank", "state"],
    ])
    const failed = table.trials.map((trial) => ({ ...trial, rank: null, objectives: [null, 3] }))
    expect(names({ ...table, trials: failed }).slice(-2)).toEqual(["file size in MB", "state"])
  })
})

describe("a stroke on an axis", () => {
  const table = madeUpTable()
  const facet = (name: string): Facet => facetsOf(table).find((one) => one.name === name)!
  const left = (one: Facet, asked: Asked) =>
    table.trials.filter((trial) => passes(new Map([[one, asked]]), trial)).map(({ trial }) => trial)

  it.each([
    ["unetLearningRate", [0.3, 0.7]],
    ["unetLearningRate", [-0.1, 0.4]],
    ["networkDim", [0.2, 0.8]],
    ["textModel.learningRate", [-0.3, 0.5]],
    ["textModel.learningRate", [0.1, 1.1]],
    ["textModel.learningRate", [-0.3, -0.1]],
    ["schedule", [-0.1, 0.6]],
    ["validation loss", [0, 0.25]],
  ] as const)("on %s from %j leaves the trials that stand in it", (name, [from, to]) => {
    const one = facet(name)
    const inside = table.trials.filter((trial) => {
      const place = one.scale.placeOf(one.read(trial))
      return place >= from && place <= to
    })
    expect(inside.length).toBeGreaterThan(0)
    expect(left(one, askedBy(one.scale, [from, to]))).toEqual(inside.map(({ trial }) => trial))
  })

  it.each(["unetLearningRate", "textModel.learningRate", "schedule"])(
    "that shows what a field asks of %s leaves the same trials",
    (name) => {
      const one = facet(name)
      const asked = askedBy(one.scale, [-0.3, 0.55])
      const drawn = intervalsFor(one.scale, asked)
      const inside = table.trials.filter((trial) => {
        const place = one.scale.placeOf(one.read(trial))
        return drawn.some(([from, to]) => place >= from && place <= to)
      })
      expect(left(one, asked)).toEqual(inside.map(({ trial }) => trial))
    },
  )
})
