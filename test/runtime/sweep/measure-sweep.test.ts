/** Sweeps over a pipeline of numbers: the same decisions with one worker and with four, on a full cache, and with a trial that fails. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeStopSignal } from "../../../src/runtime/model/stop-signal.ts"
import { runtimeLayer } from "../../../src/runtime/run/runtime-layer.ts"
import { asha } from "../../../src/runtime/search/asha.ts"
import { exhaustive } from "../../../src/runtime/search/exhaustive.ts"
import { SweepJournals } from "../../../src/runtime/storage/sweep-journal.ts"
import { oneOf, uniform } from "../../../src/runtime/sweep/axis.ts"
import { measureSweep } from "../../../src/runtime/sweep/measure-sweep.ts"
import { minimise } from "../../../src/runtime/sweep/objective.ts"
import { prepareSweep } from "../../../src/runtime/sweep/prepared-sweep.ts"
import { type Sweep, sweep } from "../../../src/runtime/sweep/sweep.ts"
import type { SweepEvent } from "../../../src/runtime/sweep/sweep-events.ts"
import { makeProject, type Project } from "../project.ts"
import { calls, walks } from "./rig/walks.ts"

const journal = { sweep: "walks-sweep", identity: "test" }

const measured = (project: Project, one: Sweep, workers: number) =>
  Effect.gen(function* () {
    const prepared = yield* prepareSweep(one)
    const { jobs } = yield* measureSweep(prepared, journal, { root: project.root, cores: 4, workers })
    const entries = yield* (yield* SweepJournals).entries(journal)
    return {
      decided: jobs.map(({ job: { trial, rung, point }, repeats }) => [trial, rung, point, repeats[0]!.kind]),
      entries: entries.map(({ kind, place, entry }) => ({ kind, place, entry })),
      added: jobs.reduce((sum, { added }) => sum + added, 0),
      calls: calls.splice(0).length,
    }
  }).pipe(Effect.provide(runtimeLayer(project.cacheFolder), { local: true }))

const halving = sweep(walks, {
  space: { rate: uniform(0, 1), dim: oneOf(2, 4, 8) },
  search: asha({ rungs: [3, 9, 27] }),
  objective: minimise("loss"),
  trials: 12,
})

describe("a sweep", () => {
  it.live("decides the same with one worker and with four, and trains each step once", () =>
    Effect.gen(function* () {
      const one = yield* measured(yield* makeProject, halving, 1)
      const four = yield* measured(yield* makeProject, halving, 4)
      expect(four.decided).toEqual(one.decided)
      expect(four.added).toBe(one.added)
      expect(one.added).toBeLessThan(12 * 27)
      expect(new Set(one.decided.map(([trial]) => trial)).size).toBe(12)
    }),
  )

  it.live("runs nothing again and writes the same journal when it is run again", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const first = yield* measured(project, halving, 2)
      const again = yield* measured(project, halving, 1)
      expect(first.calls).toBeGreaterThan(0)
      expect(again).toEqual({ ...first, calls: 0 })
    }),
  )

  it.live("tells a trial that fails and goes on with the others", () =>
    Effect.gen(function* () {
      const all = sweep(walks, {
        space: { dim: oneOf(2, 13, 8) },
        search: exhaustive(),
        objective: minimise("loss"),
      })
      const { decided, entries } = yield* measured(yield* makeProject, all, 1)
      expect(decided.map(([, , , kind]) => kind)).toEqual(["measured", "failed", "measured"])
      const result = entries.find(({ kind, place }) => kind === "result" && place === "1")
      expect(result?.entry).toEqual({ kind: "failed", why: expect.stringContaining("13") })
    }),
  )

  it.live("is refused in words where the constraint lets nothing pass, and where it throws", () =>
    Effect.gen(function* () {
      const space = { rate: uniform(0, 1) }
      const nothing = sweep(walks, { space, objective: minimise("loss"), where: () => false })
      const nothingPasses = yield* Effect.flip(measured(yield* makeProject, nothing, 1))
      expect(nothingPasses).toMatchObject({ _tag: "RunFailure", kind: "input" })
      expect(nothingPasses.message).toBe(
        "walks-sweep: where: the constraints of the space refused 1000 points in a row",
      )
      const throwing = sweep(walks, {
        space,
        objective: minimise("loss"),
        where: () => {
          throw new Error("no such thing")
        },
      })
      const threw = yield* Effect.flip(measured(yield* makeProject, throwing, 1))
      expect(threw.message).toBe("walks-sweep: where: it threw: no such thing")
    }),
  )

  it.live("asked to stop, begins no trial more, keeps what it has, and goes on from there", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const stop = makeStopSignal()
      const prepared = yield* prepareSweep(halving)
      const options = { root: project.root, cores: 4, workers: 1 }
      let measuredTrials = 0
      const onEvent = ({ type }: SweepEvent) => type === "trial-measured" && ++measuredTrials === 5 && stop.request()
      const first = yield* measureSweep(prepared, journal, { ...options, stop, onEvent }).pipe(
        Effect.provide(runtimeLayer(project.cacheFolder), { local: true }),
      )
      expect([first.isOver, first.jobs.length, calls.splice(0).length]).toEqual([false, 5, 5])
      const undisturbed = yield* measured(yield* makeProject, halving, 1)
      const { calls: rest, ...resumed } = yield* measured(project, halving, 1)
      expect(rest + 5).toBe(undisturbed.calls)
      expect({ ...resumed, calls: rest + 5 }).toEqual(undisturbed)
    }),
  )
})
