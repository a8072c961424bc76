/** Stages as plain functions: values, promises and Effects are all results, and `work` is all they need to know of the runtime. */
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Schema } from "effect"
import { itemStage } from "../../src/runtime/define/item-stage.ts"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { source } from "../../src/runtime/define/source.ts"
import { stage } from "../../src/runtime/define/stage.ts"
import type { Work } from "../../src/runtime/define/work.ts"
import { Blob } from "../../src/runtime/model/blob.ts"
import type { RunEvent } from "../../src/runtime/model/events.ts"
import { Items } from "../../src/runtime/model/items.ts"
import { StageFailure, StageStopped } from "../../src/runtime/model/stage-failure.ts"
import { makeProject, run } from "./project.ts"

const code = import.meta.url

const words = source({
  name: "words",
  code,
  output: Items(Schema.String),
  read: () => Effect.succeed(["one", "two"].map((value) => ({ key: value, value }))),
})

/** One stage without wires, whose function the test gives. */
const doing = (work: (work: Work) => unknown) =>
  pipeline("doing", () =>
    stage({ name: "do", code, wires: {}, output: Schema.String, run: (_, means) => work(means) as string })(),
  )

describe("a stage's function", () => {
  it.live("may give a value, a promise or an Effect", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      for (const [name, result] of [
        ["value", () => "done"],
        ["promise", async () => "done"],
        ["effect", () => Effect.succeed("done")],
      ] as const) {
        const one = pipeline(name, () => stage({ name, code, wires: {}, output: Schema.String, run: result })())
        expect((yield* run(project, one)).results).toEqual({ [name]: "done" })
      }
    }),
  )

  it.live("may put what comes in pieces, and is given what they throw", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      async function* pieces(end?: Error) {
        yield new TextEncoder().encode("o")
        if (end !== undefined) throw end
        yield new TextEncoder().encode("ne")
      }
      const one = doing(async ({ put, bytes }) => {
        const failed = await put(pieces(new Error("the tape broke"))).catch((thrown: Error) => thrown.message)
        return `${failed}, ${new TextDecoder().decode(await bytes(await put(pieces())))}`
      })
      expect((yield* run(project, one)).results).toEqual({ do: "the tape broke, one" })
    }),
  )

  it.live("may be asynchronous for each item, with blobs by promise", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const keep = itemStage({
        name: "keep",
        code,
        noun: "word",
        item: Schema.String,
        output: Blob,
        run: async ({ item, key }, { put }) => put(new TextEncoder().encode(`${key}:${item.toUpperCase()}`)),
      })
      const count = stage({
        name: "count",
        code,
        wires: { kept: Items(Blob) },
        output: Schema.Array(Schema.String),
        run: async ({ kept }, { bytes }) => {
          const texts = await Promise.all(kept.map(({ value }) => bytes(value)))
          return texts.map((text) => new TextDecoder().decode(text))
        },
      })
      const report = yield* run(
        project,
        pipeline("kept", () => count(keep({ words: words() }))),
      )
      expect(report.results).toEqual({ count: ["one:ONE", "two:TWO"] })
    }),
  )

  it.live("tells progress, warnings and lines in order, under its label", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const told: string[] = []
      const onEvent = (event: RunEvent) => {
        if (event.type === "stage-progress") told.push(`${event.label} ${event.done}/${event.of} ${event.unit}`)
        if (event.type === "warning") told.push(`${event.label} warns: ${event.message}. ${event.hint}`)
        if (event.type === "logged") told.push(`${event.label}: ${event.message}`)
        if (event.type === "stage-finished") told.push("finished")
      }
      const telling = doing(async ({ label, progress, warn, log }) => {
        progress({ done: 1, of: 2, unit: "steps" })
        warn("it is late", "Hurry")
        log(`this is ${label}`)
        return "told"
      })
      yield* run(project, telling, { onEvent })
      expect(told).toEqual(["do 1/2 steps", "do warns: it is late. Hurry", "do: this is do", "finished"])
    }),
  )

  it.live("may throw what it could fail with; anything else is a mistake in its code", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const failure = new StageFailure({ what: "no oven", where: "kitchen", why: "sold", hint: "Buy", kind: "input" })
      const refused = { failures: [{ failure: { what: "no oven", kind: "input" } }] }
      const rejecting = doing(async () => {
        throw failure
      })
      expect(yield* Effect.flip(run(project, rejecting))).toMatchObject(refused)
      const throwing = doing(() => {
        throw failure
      })
      expect(yield* Effect.flip(run(project, throwing))).toMatchObject(refused)
      const broken = doing(async () => {
        throw new TypeError("x is not a function")
      })
      expect(yield* Effect.flip(run(project, broken))).toMatchObject({
        failures: [{ failure: { what: "The stage broke off", why: "x is not a function", kind: "work" } }],
      })
      const stopping = doing(async () => {
        throw new StageStopped({ done: 1, of: 3, unit: "steps", hint: "Run again" })
      })
      expect(yield* Effect.flip(run(project, stopping))).toMatchObject({ _tag: "RunStopped" })
    }),
  )

  it.live("has a signal that is aborted when the run ends at once", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const begun = yield* Deferred.make<AbortSignal>()
      const waiting = doing(({ signal }) => {
        Effect.runSync(Deferred.succeed(begun, signal))
        return new Promise(() => {})
      })
      const running = yield* Effect.forkChild(run(project, waiting))
      const signal = yield* Deferred.await(begun)
      expect(signal.aborted).toBe(false)
      yield* Fiber.interrupt(running)
      expect(signal.aborted).toBe(true)
    }),
  )
})
