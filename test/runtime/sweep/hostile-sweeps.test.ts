/** Sweeps as they should not be written, or are written once: one point, very many, equal values, results without a number, two at once. */
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { runtimeLayer } from "../../../src/runtime/run/runtime-layer.ts"
import { asha } from "../../../src/runtime/search/asha.ts"
import { exhaustive } from "../../../src/runtime/search/exhaustive.ts"
import { random } from "../../../src/runtime/search/random.ts"
import { integer, oneOf, uniform } from "../../../src/runtime/sweep/axis.ts"
import { foreseeSweep } from "../../../src/runtime/sweep/foresee-sweep.ts"
import { measure, minimise } from "../../../src/runtime/sweep/objective.ts"
import { prepareSweep } from "../../../src/runtime/sweep/prepared-sweep.ts"
import { runSweep } from "../../../src/runtime/sweep/run-sweep.ts"
import { type Sweep, sweep } from "../../../src/runtime/sweep/sweep.ts"
import { makeProject, type Project } from "../project.ts"
import { calls, walks } from "./rig/walks.ts"

const ran = (project: Project, one: Sweep, workers = 1) =>
  runSweep(one, { root: project.root, output: join(project.root, "output"), cores: 2, workers }).pipe(
    Effect.provide(runtimeLayer(project.cacheFolder), { local: true }),
  )

const loss = minimise("loss")

describe("a sweep", () => {
  it.live("over one point has one trial", () =>
    Effect.gen(function* () {
      for (const search of [exhaustive(), random(), asha({ rungs: [3, 27] })]) {
        const { trials } = yield* ran(
          yield* makeProject,
          sweep(walks, { space: { dim: oneOf(4) }, search, objective: loss }),
        )
        expect(trials.map(({ values, rank }) => [values, rank])).toEqual([[{ dim: 4 }, 1]])
      }
    }),
  )

  it.live("over ten thousand points tries as many as it is told to, none of them twice", () =>
    Effect.gen(function* () {
      const space = { dim: integer(20, 119), rate: oneOf(...Array.from({ length: 100 }, (_, at) => at / 100)) }
      const many = sweep(walks, { space, search: random(), objective: loss, trials: 40 })
      const { trials } = yield* ran(yield* makeProject, many)
      expect(new Set(trials.map(({ values }) => JSON.stringify(values))).size).toBe(40)
    }),
  )

  it.live("tries equal values once", () =>
    Effect.gen(function* () {
      const twice = sweep(walks, { space: { dim: oneOf(4, 8, 4, 8) }, search: exhaustive(), objective: loss })
      const { trials } = yield* ran(yield* makeProject, twice)
      expect(trials.map(({ values }) => values["dim"])).toEqual([4, 8])
    }),
  )

  it.live("ends with all points when it is told to try more than there are", () =>
    Effect.gen(function* () {
      const few = sweep(walks, { space: { dim: oneOf(2, 4) }, search: random(), objective: loss, trials: 50 })
      const { trials, isOver } = yield* ran(yield* makeProject, few)
      expect([isOver, trials.length]).toEqual([true, 2])
    }),
  )

  it.live("counts no trial whose objective is no number, and says what it was", () =>
    Effect.gen(function* () {
      const good = measure("good loss", {
        result: "loss",
        value: (found: number) => (found > 0.5 ? Number.NaN : found),
      })
      const partly = minimise(good)
      const some = sweep(walks, { space: { dim: oneOf(2, 4, 8) }, search: exhaustive(), objective: partly })
      const { trials } = yield* ran(yield* makeProject, some)
      expect(trials.map(({ state, rank, why }) => [state, rank, why])).toEqual([
        ["failed", null, "good loss is NaN, and no number"],
        ["complete", 2, null],
        ["complete", 1, null],
      ])
    }),
  )

  it.live("that runs twice at once over one cache computes nothing twice and finds the same", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const halving = sweep(walks, {
        space: { rate: uniform(0, 1), dim: oneOf(2, 8) },
        search: asha({ rungs: [3, 9, 27] }),
        objective: loss,
        trials: 9,
      })
      calls.splice(0)
      const [one, other] = yield* Effect.all([ran(project, halving, 2), ran(project, halving, 1)], {
        concurrency: "unbounded",
      })
      const computed = calls.splice(0)
      expect(new Set(computed).size).toBe(computed.length)
      expect(one.trials).toEqual(other.trials.map((trial) => ({ ...trial })))
    }),
  )

  it.live("with a constraint over two axes tries nothing else", () =>
    Effect.gen(function* () {
      const space = { dim: oneOf(2, 4, 8, 16), rate: uniform(0, 1) }
      const where = ({ dim, rate }: { readonly dim: number; readonly rate: number }) => dim < 16 && rate < dim / 10
      const narrow = sweep(walks, { space, where, search: random(), objective: loss, trials: 20 })
      const prepared = yield* prepareSweep(narrow)
      const project = yield* makeProject
      const { trials } = yield* foreseeSweep(prepared, { root: project.root }).pipe(
        Effect.provide(runtimeLayer(project.cacheFolder), { local: true }),
      )
      expect(trials.length).toBe(20)
      for (const { values } of trials) {
        expect(where({ dim: Number(values["dim"]), rate: Number(values["rate"]) })).toBe(true)
      }
    }),
  )
})
