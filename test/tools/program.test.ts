/** `run` and `plan` as a program calls them: as promises and as Effects, over a pipeline that counts to a number and writes it down. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Fiber, Schema, Stream } from "effect"
import { Blob, pipeline, plan, type RunEvent, run, StageContext, StageFailure, StageStopped, stage } from "lora-loom"
import * as loom from "lora-loom/effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

const count = stage({
  name: "count",
  code: import.meta.url,
  params: Schema.Struct({ to: Schema.Int }),
  wires: {},
  output: Schema.Struct({ file: Blob }),
  check: ({ to }) => (to < 0 ? [{ field: "to", why: "is negative", hint: "Count up", severity: "error" }] : []),
  artifacts: ({ output }) => [{ path: "count.txt", blob: output.file, label: "count" }],
  run: Effect.fnUntraced(function* ({ params: { to } }) {
    const { blobs, progress, stopRequested } = yield* StageContext
    if (to === 13) {
      return yield* new StageFailure({ what: "counting", where: "13", why: "bad luck", hint: "Count on", kind: "work" })
    }
    for (let done = 1; done <= to; done++) {
      yield* Effect.sleep("2 millis")
      yield* progress({ done, of: to, unit: "numbers" })
      if (stopRequested()) return yield* new StageStopped({ done, of: to, unit: "numbers", hint: "Run again." })
    }
    return { file: yield* blobs.put(new TextEncoder().encode(String(to))) }
  }),
})

const counting = pipeline("counting", { params: Schema.Struct({ to: Schema.Int }), defaults: { to: 3 } }, ({ to }) =>
  count({ to }),
)
const endless = { set: { to: 100_000 } }

let folder: string
let places: { readonly root: string; readonly cache: string; readonly output: string }
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "loom-program-"))
  places = { root: folder, cache: join(folder, "cache"), output: join(folder, "output") }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const inCache = <A, E>(work: Effect.Effect<A, E, loom.Loom>) =>
  Effect.runPromise(Effect.provide(work, loom.layer({ cache: places.cache })))

/** Calls once, at the first number that is counted. */
const atFirstNumber = (act: () => void) => (event: RunEvent) => {
  if (event.type === "stage-progress" && event.done === 1) act()
}

describe("a promise", () => {
  it("gives the report of a run, whose finished file is there", async () => {
    const report = await run(counting, places)
    expect(report.stages.map(({ label, state }) => [label, state])).toEqual([["count", "ran"]])
    expect(readFileSync(report.artifacts[0]!.file, "utf8")).toBe("3")
  })

  it("tells every event in order, and the end before it is settled", async () => {
    const seen: string[] = []
    await run(counting, { ...places, set: { to: 4 }, onEvent: ({ type }) => seen.push(type) })
    expect(seen[0]).toBe("run-started")
    expect(seen.filter((type) => type === "stage-progress")).toHaveLength(4)
    expect(seen.at(-1)).toBe("run-finished")
  })

  it("gives a plan, and nothing has run", async () => {
    const { stages } = await plan(counting, { ...places, set: { to: 5 } })
    expect(stages.map(({ label, state }) => [label, state])).toEqual([["count", "will-run"]])
  })

  it("takes a text as the command line does", async () => {
    expect((await plan(counting, { ...places, set: { to: "6" } })).params).toEqual({ to: 6 })
  })

  it.each([
    ["a value of another type", { set: { to: "three" } }, "pipeline counting: to"],
    ["a parameter that is not there", { set: { too: 3 } }, "pipeline counting"],
    ["what a stage cannot take", { set: { to: -1 } }, "count.to"],
    ["no number of cores", { cores: 0 }, "cores"],
    ["values in a Map", { set: new Map([["to", 3]]) as never }, "set"],
  ])("is rejected as an input error by %s", async (_, options, where) => {
    const error = await run(counting, { ...places, ...options }).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(loom.InputError)
    expect(error.troubles.map((trouble: loom.Trouble) => trouble.where)).toEqual([where])
    expect(error.message).toContain(where)
  })

  it("is rejected as an input error by something that is no pipeline", async () => {
    await expect(run({ name: "x" } as never, places)).rejects.toMatchObject({ _tag: "InputError" })
  })

  it("is rejected as a work error when a stage fails, with how far it came", async () => {
    const error = await run(counting, { ...places, set: { to: 13 } }).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(loom.WorkError)
    expect(error.message).toBe("count: 13: counting: bad luck. Count on")
    expect(error.report.stages.map(({ state }: { state: string }) => state)).toEqual(["failed"])
  })

  it("is rejected as a work error when the cache cannot be opened", async () => {
    const file = join(folder, "a-file")
    writeFileSync(file, "")
    await expect(run(counting, { ...places, cache: join(file, "cache") })).rejects.toBeInstanceOf(loom.WorkError)
  })

  it("is rejected with the signal's reason as soon as that aborts", async () => {
    const controller = new AbortController()
    const onEvent = atFirstNumber(() => controller.abort(new Error("enough")))
    const running = run(counting, { ...places, ...endless, signal: controller.signal, onEvent })
    await expect(running).rejects.toThrow("enough")
  })

  it("is not begun with a signal that has aborted", async () => {
    const seen: RunEvent[] = []
    const onEvent = (event: RunEvent) => seen.push(event)
    const running = run(counting, { ...places, ...endless, signal: AbortSignal.abort(), onEvent })
    await expect(running).rejects.toMatchObject({ name: "AbortError" })
    expect(seen).toEqual([])
  })

  it("lets the step finish when it is asked to stop, and says where it stands", async () => {
    const controller = new AbortController()
    const onEvent = atFirstNumber(() => controller.abort())
    const error = await run(counting, { ...places, ...endless, stop: controller.signal, onEvent }).catch((e) => e)
    expect(error).toBeInstanceOf(loom.Stopped)
    expect(error.stopped[0]).toMatchObject({ label: "count", of: 100_000, unit: "numbers" })
  })

  it("is rejected with what its listener throws, and the run ends", async () => {
    const onEvent = atFirstNumber(() => {
      throw new TypeError("no such window")
    })
    await expect(run(counting, { ...places, ...endless, onEvent })).rejects.toThrow("no such window")
  })
})

describe("an Effect", () => {
  it("runs and plans over one cache", async () => {
    const both = Effect.gen(function* () {
      const report = yield* loom.run(counting, { ...places, set: { to: 7 } })
      const { stages } = yield* loom.plan(counting, { set: { to: 7 } })
      return [report.stages[0]?.state, stages[0]?.state]
    })
    expect(await inCache(both)).toEqual(["ran", "restored"])
  })

  it("gives the events of a run as a stream that ends with it", async () => {
    const types = loom.events(counting, { ...places, set: { to: 8 } }).pipe(
      Stream.map(({ type }) => type),
      Stream.runCollect,
    )
    const seen = await inCache(types)
    expect(seen.filter((type) => type === "stage-progress")).toHaveLength(8)
    expect(seen.at(-1)).toBe("run-finished")
  })

  it("fails the stream as the run fails, after the last event", async () => {
    const seen: string[] = []
    const failing = loom.events(counting, { ...places, set: { to: 13 } }).pipe(
      Stream.runForEach(({ type }) => Effect.sync(() => seen.push(type))),
      Effect.flip,
    )
    expect(await inCache(failing)).toMatchObject({ _tag: "WorkError" })
    expect(seen.at(-1)).toBe("run-finished")
  })

  it("keeps the events of two runs at once apart", async () => {
    const numbers = (to: number) =>
      loom.events(counting, { root: folder, output: join(folder, `output-${to}`), set: { to } }).pipe(
        Stream.filter((event) => event.type === "stage-progress"),
        Stream.map((event) => event.of),
        Stream.runCollect,
      )
    const [nine, ten] = await inCache(Effect.all([numbers(9), numbers(10)], { concurrency: 2 }))
    expect([new Set(nine), new Set(ten)]).toEqual([new Set([9]), new Set([10])])
  })

  it("ends at once when its fibre is interrupted", async () => {
    const program = Effect.gen(function* () {
      const counts: number[] = []
      const onEvent = (event: RunEvent) => event.type === "stage-progress" && counts.push(event.done)
      const fiber = yield* Effect.forkChild(
        loom.run(counting, { ...places, ...endless, onEvent: (e) => void onEvent(e) }),
      )
      while (counts.length === 0) yield* Effect.sleep("5 millis")
      yield* Fiber.interrupt(fiber)
      const atEnd = counts.length
      yield* Effect.sleep("30 millis")
      return counts.length - atEnd
    })
    expect(await inCache(program)).toBe(0)
  })
})
