/** Whole sweeps over a pipeline of numbers: what is found, what is foreseen, what is refused, and the trials that are run whole. */
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { runtimeLayer } from "../../../src/runtime/run/runtime-layer.ts"
import { asha } from "../../../src/runtime/search/asha.ts"
import { exhaustive } from "../../../src/runtime/search/exhaustive.ts"
import { oneOf, repeats, uniform } from "../../../src/runtime/sweep/axis.ts"
import { foreseeSweep } from "../../../src/runtime/sweep/foresee-sweep.ts"
import { maximise, minimise } from "../../../src/runtime/sweep/objective.ts"
import { prepareSweep } from "../../../src/runtime/sweep/prepared-sweep.ts"
import { runSweep } from "../../../src/runtime/sweep/run-sweep.ts"
import { type Sweep, sweep } from "../../../src/runtime/sweep/sweep.ts"
import { makeProject, type Project } from "../project.ts"
import { calls, walks } from "./rig/walks.ts"

const ran = (project: Project, one: Sweep, set: Readonly<Record<string, unknown>> = {}) =>
  runSweep(one, { root: project.root, output: join(project.root, "output"), cores: 2, workers: 1, set }).pipe(
    Effect.provide(runtimeLayer(project.cacheFolder), { local: true }),
  )

const foreseen = (project: Project, one: Sweep) =>
  prepareSweep(one).pipe(
    Effect.flatMap((prepared) => foreseeSweep(prepared, { root: project.root })),
    Effect.provide(runtimeLayer(project.cacheFolder), { local: true }),
  )

const dims = sweep(walks, { space: { dim: oneOf(2, 4, 8) }, search: exhaustive(), objective: minimise("loss") })

const halving = sweep(walks, {
  space: { rate: uniform(0, 1) },
  search: asha({ rungs: [3, 9, 27] }),
  objective: minimise("loss"),
  trials: 12,
})

describe("a whole sweep", () => {
  it.live("ranks its trials by what they reached, and runs the best ones whole into folders of their own", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const { trials, shown, isOver } = yield* ran(project, dims)
      expect(isOver).toBe(true)
      expect(trials.map(({ values, rank, state }) => [values["dim"], rank, state])).toEqual([
        [2, 3, "complete"],
        [4, 2, "complete"],
        [8, 1, "complete"],
      ])
      expect(shown.map(({ trial, rank }) => [trial, rank])).toEqual([
        [3, 1],
        [2, 2],
        [1, 3],
      ])
    }),
  )

  it.live("puts who came further before who was left behind, and counts asked and trained steps", () =>
    Effect.gen(function* () {
      const { trials } = yield* ran(yield* makeProject, halving)
      const byRank = trials.filter(({ rank }) => rank !== null).sort((a, b) => a.rank! - b.rank!)
      const reached = byRank.map(({ rungs }) => rungs.at(-1)!.steps)
      expect(reached).toEqual(reached.toSorted((a, b) => b - a))
      expect(byRank[0]).toMatchObject({ state: "complete", steps: { asked: 27 } })
      expect(new Set(byRank.map(({ steps: { asked, trained } }) => trained <= asked))).toEqual(new Set([true]))
      expect(byRank.at(-1)).toMatchObject({ state: "pruned", steps: { asked: 27, trained: 3 } })
    }),
  )

  it.live("is foreseen with the steps that it asks for, and knows afterwards that nothing is left", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const before = yield* foreseen(project, halving)
      expect(before).toMatchObject({ asked: 12 * 27, isEstimate: true })
      expect(before.toTrain).toBe(before.needed)
      const { trials } = yield* ran(project, halving)
      const trained = trials.reduce((sum, { steps }) => sum + steps.trained, 0)
      const after = yield* foreseen(project, halving)
      expect(after).toMatchObject({ asked: 12 * 27, needed: trained, toTrain: 0, isEstimate: false })
      expect(after.trials.every(({ isKnown }) => isKnown)).toBe(true)
    }),
  )

  it.live("goes on from a smaller one: more trials cost only those that are new", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const more = sweep(walks, { ...written(halving), trials: 20 })
      const { trials: few } = yield* ran(project, halving)
      calls.splice(0)
      const { trials: many } = yield* ran(project, more)
      const here = calls.splice(0).length
      expect(many.slice(0, 12).map(({ values }) => values)).toEqual(few.map(({ values }) => values))
      yield* ran(yield* makeProject, more)
      expect(here).toBeLessThan(calls.splice(0).length)
    }),
  )

  it.live("takes other values for what it does not search, and refuses to set what it searches", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const { trials } = yield* ran(project, dims, { steps: "5" })
      expect(trials.map(({ steps }) => steps.asked)).toEqual([5, 5, 5])
      const refused = yield* Effect.flip(ran(project, dims, { dim: 3 }))
      expect(refused.message).toBe("walks-sweep: dim: the sweep searches it, so it cannot be set")
    }),
  )

  it.live("tells mean and spread where a point is repeated", () =>
    Effect.gen(function* () {
      const seeds = sweep(walks, {
        space: { dim: oneOf(2, 4), seed: repeats(3) },
        search: exhaustive(),
        objective: minimise("loss"),
      })
      const { trials } = yield* ran(yield* makeProject, seeds)
      const values = [1, 2, 3].map((seed) => (0.5 - 0.3) ** 2 + 1 / 2 + 1 / 27 + seed / 1000)
      expect(trials[0]!.reached[0]).toBeCloseTo(values[1]!, 12)
      expect(trials[0]!.spread).toBeCloseTo(0.001, 12)
      expect(trials[0]!.steps).toEqual({ asked: 81, trained: 81 })
    }),
  )

  it.live("shows which trials no other one betters, where there are several objectives", () =>
    Effect.gen(function* () {
      const both = sweep(walks, {
        space: { dim: oneOf(2, 4, 8), rate: oneOf(0.3, 0.9) },
        search: exhaustive(),
        objective: [minimise("loss"), maximise("smallness")],
      })
      const { trials } = yield* ran(yield* makeProject, both)
      expect(trials.filter(({ onFront }) => onFront).map(({ values }) => values)).toEqual([
        { dim: 2, rate: 0.3 },
        { dim: 4, rate: 0.3 },
        { dim: 8, rate: 0.3 },
      ])
    }),
  )

  it.live("puts nothing on the front that was left behind, whatever it had reached by then", () =>
    Effect.gen(function* () {
      // This loss falls with the steps: where more of it is better, early numbers look best.
      const space = { rate: uniform(0.3, 0.4) }
      const early = sweep(walks, { ...written(halving), space, objective: maximise("loss") })
      const { trials } = yield* ran(yield* makeProject, early)
      expect(trials.filter(({ onFront }) => onFront).map(({ rank, state }) => [rank, state])).toEqual([[1, "complete"]])
    }),
  )

  it.live("fails when every trial fails, with the words of the first", () =>
    Effect.gen(function* () {
      const luckless = sweep(walks, { space: { dim: oneOf(13) }, search: exhaustive(), objective: minimise("loss") })
      const project = yield* makeProject
      const failure = yield* Effect.flip(ran(project, luckless))
      expect(failure).toMatchObject({ _tag: "RunFailure", kind: "work" })
      expect(failure.message).toMatch(/^walks-sweep: trial 1: walk: .*13/)
      expect(yield* Effect.promise(() => readdir(project.root))).not.toContain("output")
    }),
  )

  it.effect("of no trials, or of half a trial, is refused", () =>
    Effect.gen(function* () {
      for (const trials of [0, -1, 1.5]) {
        const refused = yield* Effect.flip(prepareSweep(sweep(walks, { ...written(dims), trials })))
        expect(refused.message).toContain("trials: it has to be a whole number from 1 on")
      }
    }),
  )
})

function written({ written: { space, search, seed } }: Sweep) {
  return { space: space as { rate: never }, search: search!, seed: seed ?? 1, objective: minimise("loss") }
}
