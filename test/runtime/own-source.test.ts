/** Sources as plain functions: values, promises and Effects are all readings, and the second argument is all they need to know. */
import { writeFileSync } from "node:fs"
import { readdir } from "node:fs/promises"
import { join, resolve } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Schema } from "effect"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import type { Reading } from "../../src/runtime/define/reading.ts"
import { source } from "../../src/runtime/define/source.ts"
import { stage } from "../../src/runtime/define/stage.ts"
import { Blob } from "../../src/runtime/model/blob.ts"
import { Items } from "../../src/runtime/model/items.ts"
import { StageFailure } from "../../src/runtime/model/stage-failure.ts"
import { makeProject, plan, run } from "./project.ts"

const code = import.meta.url

/** One source, whose function the test gives. */
const reading = (read: (reading: Reading) => unknown) =>
  pipeline("reading", () =>
    source({ name: "read", code, output: Schema.String, read: (_, means) => read(means) as string })(),
  )

/** The text files beside the pipeline file. */
const letters = source({
  name: "letters",
  code,
  params: Schema.Struct({ folder: Schema.String }),
  output: Items(Blob),
  read: async ({ params }, { path, fileBlob }) => {
    const names = (await readdir(path(params.folder))).filter((name) => name.endsWith(".txt"))
    return Promise.all(names.map(async (key) => ({ key, value: await fileBlob(join(params.folder, key)) })))
  },
})

const count = stage({
  name: "count",
  code,
  wires: { letters: Items(Blob) },
  output: Schema.Int,
  run: ({ letters }) => letters.reduce((sum, { value }) => sum + value.sizeBytes, 0),
})

const told = Effect.fnUntraced(function* (read: (reading: Reading) => unknown) {
  const { problems } = yield* plan(yield* makeProject, reading(read))
  return problems.map(({ field, why, hint, severity }) => `${severity} ${field}: ${why}. ${hint}`)
})

describe("a source's function", () => {
  it.live("may give a value, a promise or an Effect", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      for (const read of [() => "read", async () => "read", () => Effect.succeed("read")])
        expect((yield* run(project, reading(read))).results).toEqual({ read: "read" })
    }),
  )

  it.live("finds files by the pipeline file's own paths, and what it reads of them enters the keys behind it", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      writeFileSync(join(project.root, "one.txt"), "Dear")
      const counted = pipeline("counted", () => count(letters({ folder: "." })))
      expect((yield* run(project, counted)).results).toEqual({ count: 4 })
      expect((yield* plan(project, counted)).stages.map(({ state }) => state)).toEqual(["source", "restored"])
      writeFileSync(join(project.root, "one.txt"), "Dearest")
      expect((yield* run(project, counted)).results).toEqual({ count: 7 })
    }),
  )

  it.live("is given the folder of the pipeline file", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const { results } = yield* run(
        project,
        reading(({ root, path }) => `${root} ${path("a/b")} ${path("/c")}`),
      )
      expect(results).toEqual({ read: `${project.root} ${join(project.root, "a/b")} ${resolve(project.root, "/c")}` })
    }),
  )

  it.live("tells warnings and problems in order", () =>
    Effect.gen(function* () {
      const sentences = yield* told(async ({ warn, problem }) => {
        warn("it is late", "Hurry")
        await Promise.resolve()
        problem({ field: "list", why: "it is empty", hint: "Fill it", severity: "error" })
        warn("it is dark")
        return "read"
      })
      expect(sentences).toEqual([
        "warning : it is late. Hurry",
        "error list: it is empty. Fill it",
        "warning : it is dark. ",
      ])
    }),
  )

  it.live("may throw what it could fail with; anything else is a mistake in its code", () =>
    Effect.gen(function* () {
      const failure = new StageFailure({ what: "no list", where: "list", why: "sold", hint: "Buy", kind: "input" })
      const rejecting = async () => {
        throw failure
      }
      const throwing = () => {
        throw failure
      }
      for (const read of [rejecting, throwing]) expect(yield* told(read)).toEqual(["error list: no list: sold. Buy"])
      const broken = async () => {
        throw new TypeError("x is not a function")
      }
      expect(yield* told(broken)).toEqual([
        "error read: reading it threw: x is not a function. This is a mistake in the source's code.",
      ])
    }),
  )

  it.live("fails in words on a file that is not there", () =>
    Effect.gen(function* () {
      const [sentence] = yield* told(async ({ fileBlob }) => (await fileBlob("gone.txt")).sha256)
      expect(sentence).toMatch(/^error .*gone\.txt: .*it does not exist/)
    }),
  )

  it.live("is given what its hook found of the stages behind it", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const asked = source({
        name: "asked",
        code,
        output: Schema.Struct({}),
        wired: ({ readers }) => readers.map(({ name }) => name),
        read: async (_, { wired, problem }) => {
          problem({ field: "", why: `read by ${wired.join()}`, hint: "", severity: "warning" })
          return {}
        },
      })
      const reader = stage({
        name: "reader",
        code,
        wires: { asked: Schema.Struct({}) },
        output: Schema.Int,
        run: () => 1,
      })
      const { problems } = yield* plan(
        project,
        pipeline("asking", () => reader(asked())),
      )
      expect(problems).toMatchObject([{ why: "read by reader" }])
    }),
  )

  it.live("has a signal that is aborted when the run ends at once", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const begun = yield* Deferred.make<AbortSignal>()
      const waiting = reading(({ signal }) => {
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
