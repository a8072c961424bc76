/** What a report says of the importance of axes, by the trials of a table. */
import { describe, expect, it } from "vitest"
import { importanceOf } from "../../../src/runtime/importance/importance.ts"
import { sweepImportance } from "../../../src/tools/sweep-report/sweep-importance.ts"
import type { SweepAxis, SweepTable, SweepTrial } from "../../../src/tools/sweep-report/sweep-table.ts"
import { madeUpTable } from "./made-up-table.ts"

/** Every trial trained to its end; the objective is what it came to. */
const trainedWhole = (table: SweepTable): SweepTable => ({
  ...table,
  adaptive: false,
  trials: table.trials.map((trial, at) => ({
    ...trial,
    ...{ state: "complete" as const, rungs: [], objectives: [Math.log(1 + ((at * 7) % 11))] },
  })),
})
const whole = trainedWhole(madeUpTable())
const always = ({ name }: SweepAxis) => name !== "textModel.learningRate"
const wholeAlways: SweepTable = { ...whole, axes: whole.axes.filter(always) }

const edited = (table: SweepTable, edit: (trial: SweepTrial) => Partial<SweepTrial>): SweepTable => ({
  ...table,
  trials: table.trials.map((trial) => ({ ...trial, ...edit(trial) })),
})

describe("the importance of a sweep's axes", () => {
  it("is that of the first objective, of numbers and of options", () => {
    const table = edited(wholeAlways, ({ trial, values, objectives }) => ({
      objectives: [objectives[0]!, -trial],
      values: { ...values, schedule: `option ${trial % 6}` },
    }))
    const resultsOf = (value: (trial: SweepTrial) => number) =>
      table.trials.map((trial) => ({ value: value(trial), result: trial.objectives[0]! }))
    const rates = resultsOf(({ values }) => values["unetLearningRate"] as number)
    const rate = importanceOf({ axis: "unetLearningRate", kind: "numbers", results: rates })!
    const options = resultsOf(({ trial }) => trial % 6)
    const schedule = importanceOf({ axis: "schedule", kind: "options", results: options })!
    const { axes, notes } = sweepImportance(table)
    for (const { axis, effect, low, high, noise } of [rate, schedule]) {
      expect(axes.find((one) => one.axis === axis)).toMatchObject({ effect, low, high, noise })
    }
    expect(notes).toEqual([])
  })

  it("comes by falling effect, in words as its line of noise says", () => {
    const { axes } = sweepImportance(madeUpTable({ trials: 40 }))
    expect(axes.map(({ axis, words }) => [axis, words])).toEqual([
      ["unetLearningRate", "stands out from noise"],
      ["textModel.learningRate", "stands out from noise"],
      ["networkDim", "stands out from noise"],
      ["schedule", "cannot be told from noise"],
      ["textModel", "cannot be told from noise"],
    ])
    for (const { effect, noise, words } of axes) expect(effect > noise).toBe(words === "stands out from noise")
  })

  it.each([
    [0, 50],
    [1, 150],
  ])("is judged at the last rung that all trials with a result have, which is named (%i: step %i)", (rung, steps) => {
    const table = edited(madeUpTable({ trials: 60 }), ({ rungs }) => ({ rungs: rungs.length > rung ? rungs : [] }))
    const there = edited(table, ({ rungs }) => ({ rungs: [], objectives: [rungs[rung]?.value ?? null] }))
    const found = sweepImportance(table)
    expect(found.axes).toEqual(sweepImportance(there).axes)
    expect(found.axes.length).toBeGreaterThan(3)
    expect(found.notes[0]).toBe(`Trials are compared at step ${steps}: the last at which all were measured.`)
    expect(sweepImportance(there).notes.join()).not.toContain("compared")
  })

  it("counts no rung at which a loss was no number", () => {
    const table = madeUpTable({ trials: 40 })
    const broken = [{ steps: 50, value: Number.NaN }]
    const lost = edited(table, ({ trial, rungs }) => ({ rungs: trial === 2 ? broken : rungs }))
    const without = edited(table, ({ trial, rungs }) => ({ rungs: trial === 2 ? [] : rungs }))
    expect(sweepImportance(lost)).toEqual(sweepImportance(without))
  })

  it("names no rung where all trials were trained as far as each other", () => {
    const far = edited(madeUpTable(), ({ rungs }) => ({ rungs: rungs.slice(0, 1) }))
    expect(sweepImportance(far).notes.join()).not.toContain("compared")
  })

  it("says where a trial that is shorter than the rung is compared", () => {
    const short = edited(madeUpTable(), ({ trial, rungs }) => ({
      rungs: trial === 3 ? [{ steps: 30, value: 0.4 }] : rungs,
    }))
    expect(sweepImportance(short).notes[0]).toBe(
      "Trials are compared at step 50, or at their own end where that comes first: the last at which all were measured.",
    )
  })

  it("leaves out trials for which a conditional axis is not there, and says how many are left", () => {
    const table = madeUpTable({ trials: 40 })
    const { axes, notes } = sweepImportance(table)
    const having = table.trials.filter(({ values, rungs }) => "textModel.learningRate" in values && rungs.length > 0)
    const results = having.map(({ values, rungs }) => ({
      value: values["textModel.learningRate"] as number,
      result: rungs[0]!.value,
    }))
    const { effect, low } = importanceOf({ axis: "textModel.learningRate", kind: "numbers", results })!
    expect(axes.find(({ axis }) => axis === "textModel.learningRate")).toMatchObject({ effect, low })
    expect(notes).toContain(`textModel.learningRate is judged by the ${having.length} trials that have it.`)
  })

  it("is not told of an axis that fewer than twelve trials have, and says so", () => {
    const { axes, notes } = sweepImportance(madeUpTable())
    expect(axes.map(({ axis }) => axis)).not.toContain("textModel.learningRate")
    expect(notes).toContain(
      "textModel.learningRate is in 7 of the trials with a result: too few to say anything, it takes 12.",
    )
  })

  it("is not told of fewer than twelve trials with a result, and says so; of none, it says nothing", () => {
    const some = (count: number): SweepTable =>
      edited(wholeAlways, ({ trial, objectives }) => ({
        objectives: trial <= count ? objectives : [trial % 2 === 0 ? null : Number.POSITIVE_INFINITY],
      }))
    expect(sweepImportance(some(11))).toEqual({
      axes: [],
      notes: ["Of 11 trials with a result it cannot be said what matters: it takes 12."],
    })
    expect(sweepImportance(some(1)).notes).toEqual([
      "Of 1 trial with a result it cannot be said what matters: it takes 12.",
    ])
    expect(sweepImportance(some(12)).axes).toHaveLength(4)
    expect(sweepImportance(some(0))).toEqual({ axes: [], notes: [] })
  })

  it("warns where results chose the trials", () => {
    const warning = expect.stringContaining("more often than once in twenty times")
    expect(sweepImportance({ ...wholeAlways, adaptive: true }).notes).toEqual([warning])
  })

  it("leaves out an axis on which no two trials differ", () => {
    const alike = edited(wholeAlways, ({ values }) => ({ values: { ...values, schedule: "cosine" } }))
    expect(sweepImportance(alike).axes.map(({ axis }) => axis)).not.toContain("schedule")
  })

  it("says nothing where all trials are alike", () => {
    const { values } = whole.trials[0]!
    expect(sweepImportance(edited(madeUpTable(), () => ({ values })))).toEqual({ axes: [], notes: [] })
  })

  it("is the same for axes and trials in any order", () => {
    const table = madeUpTable({ trials: 40 })
    const turned = { ...table, axes: [...table.axes].reverse(), trials: [...table.trials].reverse() }
    expect(sweepImportance(turned).axes).toEqual(sweepImportance(table).axes)
    const level = edited(whole, () => ({ objectives: [1] }))
    const names = (one: SweepTable) => sweepImportance(one).axes.map(({ axis }) => axis)
    expect(names({ ...level, axes: [...level.axes].reverse() })).toEqual(names(level))
  })
})
