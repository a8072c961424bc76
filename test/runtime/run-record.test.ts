/** What the record of a run says afterwards, whichever way the run ended, and what a stage may record in it. */
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import Database from "better-sqlite3"
import { Deferred, Effect, Exit, Fiber, Option, Schema } from "effect"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { stage } from "../../src/runtime/define/stage.ts"
import type { StageEffect } from "../../src/runtime/model/node.ts"
import { StageContext } from "../../src/runtime/model/stage-context.ts"
import { StageFailure, StageStopped } from "../../src/runtime/model/stage-failure.ts"
import { runtimeLayer } from "../../src/runtime/run/runtime-layer.ts"
import { Store } from "../../src/runtime/storage/store.ts"
import { makeProject, type Project, run } from "./project.ts"

/** A pipeline of one stage that does this. */
const doing = (work: Effect.Effect<number, StageFailure | StageStopped, StageContext>) => {
  const only = stage({
    name: "only",
    code: import.meta.url,
    params: Schema.Struct({}),
    wires: {},
    output: Schema.Int,
    run: () => work as StageEffect as Effect.Effect<number, StageFailure | StageStopped, StageContext>,
  })
  return pipeline("recorded", () => only())
}

const inStore = <A, E>(project: Project, work: Effect.Effect<A, E, Store>) =>
  Effect.provide(work, runtimeLayer(project.cacheFolder), { local: true })

const recordedEnd = (project: Project) =>
  inStore(
    project,
    Effect.gen(function* () {
      const [last] = yield* (yield* Store).listRuns()
      return { state: last?.state, hasEnd: typeof last?.finishedAtMs === "number" }
    }),
  )

/** From now on the database refuses to write to a table, as on a disk that is full for what is large. */
const refuseRows = (project: Project, table: string): void => {
  const database = new Database(join(project.cacheFolder, "loom.sqlite"))
  database.exec(`CREATE TRIGGER full BEFORE INSERT ON ${table} BEGIN SELECT RAISE(FAIL, 'no room'); END`)
  database.close()
}

const failure = new StageFailure({ what: "Work", where: "here", why: "it went wrong", hint: "Mend it", kind: "work" })
const stop = new StageStopped({ done: 1, of: 2, unit: "steps", hint: "Go on" })

describe("the record of a run", () => {
  it.live.each([
    ["finished", "gives a result", () => Effect.succeed(1)],
    ["failed", "fails", () => Effect.fail(failure)],
    ["failed", "throws", () => Effect.die(new Error("a mistake"))],
    ["stopped", "stops", () => Effect.fail(stop)],
    [
      "failed",
      "has a result that the cache cannot take",
      (project: Project) =>
        Effect.as(
          Effect.sync(() => refuseRows(project, "result")),
          1,
        ),
    ],
    [
      "failed",
      "has an end that cannot be recorded",
      (project: Project) =>
        Effect.as(
          Effect.sync(() => refuseRows(project, "run_stage")),
          1,
        ),
    ],
  ] as const)("says %s where a stage %s", ([state, , work]) =>
    Effect.gen(function* () {
      const project = yield* makeProject
      yield* Effect.exit(run(project, doing(work(project))))
      expect(yield* recordedEnd(project)).toEqual({ state, hasEnd: true })
    }),
  )

  it.live("says interrupted, with its end, while the process goes on", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const reached = Deferred.makeUnsafe<void>()
      const graph = doing(Effect.andThen(Deferred.succeed(reached, undefined), Effect.never))
      const running = yield* Effect.forkChild(run(project, graph))
      yield* Deferred.await(reached)
      yield* Fiber.interrupt(running)
      expect(yield* recordedEnd(project)).toEqual({ state: "interrupted", hasEnd: true })
    }),
  )

  it.live("is found by its number, however many came after it", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const { found, absent } = yield* inStore(
        project,
        Effect.gen(function* () {
          const store = yield* Store
          const first = yield* store.beginRun({ pipeline: "first", parameters: {} })
          for (let count = 0; count < 1001; count++) yield* store.beginRun({ pipeline: "later", parameters: {} })
          return { found: yield* store.findRun(first), absent: yield* store.findRun(5000) }
        }),
      )
      expect(Option.getOrThrow(found)).toMatchObject({ id: 1, pipeline: "first" })
      expect(Option.isNone(absent)).toBe(true)
    }),
  )
})

describe("metrics", () => {
  const recorded = (rows: readonly Readonly<Record<string, number>>[]) =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const record = Effect.gen(function* () {
        const context = yield* StageContext
        for (const row of rows) yield* context.record("loss", row)
        return 1
      })
      const ended = yield* Effect.exit(run(project, doing(record)))
      expect(Exit.isSuccess(ended)).toBe(true)
      return yield* inStore(
        project,
        Effect.flatMap(Store, (store) => store.metrics(1 as never, "only", "loss")),
      )
    })

  it.live("that are no numbers are read as they were recorded", () =>
    Effect.gen(function* () {
      const values = { loss: Number.NaN, high: Number.POSITIVE_INFINITY, low: Number.NEGATIVE_INFINITY, one: 1 }
      expect(yield* recorded([values])).toEqual([{ step: 0, values }])
    }),
  )

  it.live("whose step is no whole number are numbered as they come", () =>
    Effect.gen(function* () {
      const rows = [{ step: 7 }, { step: Number.NaN }, { step: 0.5 }]
      expect((yield* recorded(rows)).map(({ step }) => step)).toEqual([7, 8, 9])
    }),
  )
})
