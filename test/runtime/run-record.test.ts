/** What the record of a run says afterwards, whichever way the run ended, and what a stage may record in it. */
import { createHash } from "node:crypto"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import Database from "better-sqlite3"
import { Deferred, Effect, Exit, Fiber, Option, Schema } from "effect"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { source } from "../../src/runtime/define/source.ts"
import { stage } from "../../src/runtime/define/stage.ts"
import { Blob } from "../../src/runtime/model/blob.ts"
import { Items } from "../../src/runtime/model/items.ts"
import type { StageEffect } from "../../src/runtime/model/node.ts"
import { StageContext } from "../../src/runtime/model/stage-context.ts"
import { StageFailure, StageStopped } from "../../src/runtime/model/stage-failure.ts"
import { runtimeLayer } from "../../src/runtime/run/runtime-layer.ts"
import { readStageDetail } from "../../src/runtime/run/stage-detail.ts"
import { type RunId, Store } from "../../src/runtime/storage/store.ts"
import { makeProject, type Project, run } from "./project.ts"

/** One stage that does this. */
const only = (work: Effect.Effect<number, StageFailure | StageStopped, StageContext>) =>
  stage({
    name: "only",
    code: import.meta.url,
    params: Schema.Struct({}),
    wires: {},
    output: Schema.Int,
    run: () => work as StageEffect as Effect.Effect<number, StageFailure | StageStopped, StageContext>,
  })()

/** A pipeline of that alone. */
const doing = (work: Parameters<typeof only>[0]) => pipeline("recorded", () => only(work))

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

describe("the record of a stage", () => {
  const counted = () => {
    const world = source({
      name: "world",
      code: import.meta.url,
      output: Items(Schema.String),
      read: () => Effect.succeed([{ key: "cat", value: "Tom" }]),
    })
    const look = stage({
      name: "look",
      code: import.meta.url,
      params: Schema.Struct({}),
      wires: { world: Items(Schema.String) },
      output: Schema.Struct({ loss: Schema.Number, last: Schema.Number, note: Schema.String }),
      run: () => Effect.succeed({ loss: 0.25, last: Number.NaN, note: "3" }),
    })
    const judge = stage({
      name: "judge",
      code: import.meta.url,
      params: Schema.Struct({}),
      wires: { seen: Schema.Struct({ loss: Schema.Number }) },
      output: Schema.Struct({ file: Blob }),
      artifacts: ({ output }) => [{ path: "judged.txt", blob: output.file, label: "judgement" }],
      run: Effect.fnUntraced(function* () {
        const { blobs } = yield* StageContext
        return { file: yield* blobs.put(new TextEncoder().encode("good")) }
      }),
    })
    return pipeline("counted", () => judge({ seen: look({ world: world() }) }))
  }

  const afterTwoRuns = Effect.gen(function* () {
    const project = yield* makeProject
    yield* run(project, counted())
    yield* run(project, counted())
    return yield* inStore(
      project,
      Effect.gen(function* () {
        const store = yield* Store
        const runs = [1, 2] as unknown as readonly RunId[]
        const stages = yield* Effect.forEach(runs, store.runStages)
        const artifacts = yield* Effect.forEach(runs, store.runArtifacts)
        const makers = yield* Effect.forEach(stages[1]!.slice(1), ({ key }) => store.makerOf(key!))
        return { stages, artifacts, makers: makers.map(Option.getOrThrow) }
      }),
    )
  })

  it.live("holds the numbers at the top of what it returned, whether it ran or was restored", () =>
    Effect.gen(function* () {
      const { stages } = yield* afterTwoRuns
      const numbers = stages.map((records) => readStageDetail(records[1]!.detail).numbers)
      expect(stages.map((records) => records[1]!.state)).toEqual(["ran", "restored"])
      expect(numbers).toEqual([
        { loss: 0.25, last: Number.NaN },
        { loss: 0.25, last: Number.NaN },
      ])
    }),
  )

  it.live("says of a source what it read, part by part", () =>
    Effect.gen(function* () {
      const { stages } = yield* afterTwoRuns
      expect(stages[0]![0]!.label).toBe("world")
      expect(readStageDetail(stages[0]![0]!.detail).read).toMatchObject({ items: { cat: expect.any(String) } })
    }),
  )

  it.live(
    "holds the key, also where that was not known before the stage's turn came; by it the run that made the value is found",
    () =>
      Effect.gen(function* () {
        const { stages, makers } = yield* afterTwoRuns
        const keys = stages.map((records) => records.map(({ key }) => key))
        expect(keys[0]).toEqual([null, expect.any(String), expect.any(String)])
        expect(keys[1]).toEqual(keys[0])
        expect(makers).toEqual([
          { run: 1, label: "look" },
          { run: 1, label: "judge" },
        ])
      }),
  )

  it.live("goes with the finished files and their digests, written or there already", () =>
    Effect.gen(function* () {
      const { artifacts } = yield* afterTwoRuns
      const sha256 = createHash("sha256").update("good").digest("hex")
      const file = { label: "judge", what: "judgement", path: "judged.txt", sha256, sizeBytes: 4 }
      expect(artifacts).toEqual([[file], [file]])
    }),
  )
})

describe("the parameters in the record of a run", () => {
  const warmUp = Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(5)))
  const rated = pipeline(
    "rated",
    {
      params: Schema.Struct({ rate: Schema.Number, schedule: Schema.Struct({ kind: Schema.String, warmUp }) }),
      defaults: { rate: 1, schedule: { kind: "constant", warmUp: 0 } },
    },
    () => only(Effect.succeed(1)),
  )

  it.live(
    "are the resolved ones, with what is filled in, beside the pipeline's defaults, its file and the Loom that ran it",
    () =>
      Effect.gen(function* () {
        const project = yield* makeProject
        const set = { rate: "2", schedule: '{"kind":"cosine"}' }
        yield* run(project, rated, { set, file: "/somewhere/rated.ts", loom: "1.2.3" })
        const [last] = yield* inStore(
          project,
          Effect.flatMap(Store, (store) => store.listRuns()),
        )
        expect(last).toMatchObject({
          parameters: { rate: 2, schedule: { kind: "cosine", warmUp: 5 } },
          defaults: { rate: 1, schedule: { kind: "constant", warmUp: 0 } },
          file: "/somewhere/rated.ts",
          loom: "1.2.3",
        })
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
