/** Rungs: how a trial is cut into stretches, and what is wrong with rungs that make no sense. */
import { describe, expect, it } from "vitest"
import { fewestTrials, halvingProblems, placesIn, stretchesOf } from "../../../src/runtime/search/halving.ts"
import { workOff } from "./rig/executor.ts"
import { blind, x } from "./rig/made-up-searcher.ts"
import { numberFor, randomNumbers } from "./rig/random-numbers.ts"

const halving = { rungs: [50, 150, 300], reduction: 3 }

describe("stretches of a trial", () => {
  it.each([
    [300, [50, 150, null], [50, 100, 150]],
    [600, [50, 150, 300], [50, 100, 150]],
    [200, [50, 150, null], [50, 100, 50]],
    [150, [50, null], [50, 100]],
    [51, [50, null], [50, 1]],
    [50, [null], [50]],
    [20, [null], [20]],
    [0, [null], [0]],
    [null, [null], [1]],
  ] as const)("of %s steps end at rungs and at the trial's own end", (steps, ends, costs) => {
    const stretches = stretchesOf(halving, steps)
    expect(stretches.map(({ untilStep }) => untilStep)).toEqual(ends)
    expect(stretches.map(({ cost }) => cost)).toEqual(costs)
  })

  it("are one where there are no rungs", () => {
    expect(stretchesOf(null, 300)).toEqual([{ untilStep: null, cost: 300 }])
    expect(stretchesOf(null, null)).toEqual([{ untilStep: null, cost: 1 }])
  })
})

describe("halving", () => {
  it("lets one in so many results go on, rounded down", () => {
    expect([0, 2, 3, 5, 6].map((results) => placesIn(results, halving))).toEqual([0, 0, 1, 1, 2])
  })

  it.each([
    [[50, 150, 300], 3, 9],
    [[50, 150, 300], 4, 16],
    [[50, 150, 300], 2.5, 8],
    [[300], 3, 1],
  ])("to rungs %j, one in %d, needs %i trials for one to reach the end", (rungs, reduction, fewest) => {
    expect(fewestTrials({ rungs, reduction })).toBe(fewest)
    const reachesEnd = (trials: number, seed: number): boolean => {
      const common = { dimensions: [x], seed, accepts: () => true, searcher: blind(), stepsOf: () => 300 }
      const decisions = workOff(
        { ...common, trials, halving: { rungs, reduction } },
        ({ trial, rung }) => ({ kind: "value", value: numberFor(seed, trial, rung) }),
        { workers: 1, random: randomNumbers(1) },
      )
      return decisions.seen().some(({ state }) => state.kind === "complete")
    }
    const seeds = Array.from({ length: 30 }, (_, seed) => seed)
    expect(seeds.every((seed) => reachesEnd(fewest, seed))).toBe(true)
    expect(fewest === 1 || seeds.some((seed) => !reachesEnd(fewest - 1, seed))).toBe(true)
  })
})

describe("what is wrong with a halving", () => {
  it("is nothing where rungs rise and at least half stay behind", () => {
    expect(halvingProblems(halving)).toEqual([])
    expect(halvingProblems({ rungs: [1], reduction: 2 })).toEqual([])
    expect(halvingProblems({ rungs: [1, 2], reduction: 2.5 })).toEqual([])
  })

  it.each([
    [300, "the rungs have to be a list of steps; this is the number 300"],
    [undefined, "the rungs have to be a list of steps; this is undefined"],
    [[], "there are no rungs"],
    [[0, 50], "a rung has to be a whole number of steps from 1 on; this is the number 0"],
    [[50, 100.5], "a rung has to be a whole number of steps from 1 on; this is the number 100.5"],
    [[50, "150"], 'a rung has to be a whole number of steps from 1 on; this is the text "150"'],
    [[50, undefined], "a rung has to be a whole number of steps from 1 on; this is undefined"],
    [[50, Number.NaN], "a rung has to be a whole number of steps from 1 on; this is the number NaN"],
    [[50, 300, 150], "the rung 150 comes after 300"],
    [[50, 50], "the rung 50 comes after 50"],
  ])("is said of rungs %j", (rungs, why) => {
    expect(halvingProblems({ rungs, reduction: 3 })).toMatchObject([{ field: "rungs", why }])
  })

  it.each([1, 1.9, 0, -3, Number.NaN, Number.POSITIVE_INFINITY, "3", undefined])(
    "is said of a reduction of %s",
    (reduction) => {
      expect(halvingProblems({ rungs: [50], reduction })).toMatchObject([{ field: "reduction" }])
    },
  )

  it("is said of both at once, with what to write", () => {
    expect(halvingProblems({ rungs: [], reduction: 1 })).toEqual([
      { field: "rungs", why: "there are no rungs", hint: "Write them as steps from the start, such as [50, 150, 300]" },
      {
        field: "reduction",
        why: "one trial in so many goes on, so it has to be a number from 2 on; this is the number 1",
        hint: "Write 3, or 4 to train fewer steps",
      },
    ])
  })
})
