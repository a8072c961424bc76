/** The worker pool, and the life of its host processes: shared, replaced when they die, gone when they must be. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { constants } from "node:os"
import { setImmediate } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { Engine } from "../../src/engine/engine.ts"
import { EngineThreads } from "../../src/engine/host/worker-pool.ts"
import { ignoredSignals } from "../../src/engine/jobs/ignored-signals.ts"
import { encodingOf } from "../rig/encoding-of.ts"
import { storedJob } from "../rig/stored-job.ts"
import { trainHere } from "../rig/trained.ts"
import { eventually, hostsOf, isRunning, processesAreVisible } from "./host-processes.ts"
import { makeTinyBase } from "./tiny-base.ts"
import { randomPixels, recordingHooks, side, tinyJob } from "./tiny-job.ts"

const base = makeTinyBase()
const hosts = () => hostsOf(process.pid)
/** The first host, as soon as the kernel knows its program. */
const newborn = async (): Promise<number> => {
  for (;;) {
    const [pid] = hosts()
    if (pid !== undefined) return pid
    await setImmediate()
  }
}
const allGone = Effect.promise(() => eventually(() => hosts().length === 0))

describe.runIf(processesAreVisible)("the worker pool", () => {
  it.live("no process is started before the first job", () =>
    Effect.gen(function* () {
      yield* Engine
      assert.isEmpty(hosts())
    }).pipe(Effect.provide(Engine.layer)),
  )

  it.live("twelve pictures at once share the processes there are cores for, and all end with the layer", () =>
    Effect.gen(function* () {
      const used = new Set<number>()
      const encodeAll = Effect.gen(function* () {
        const engine = yield* Engine
        yield* Effect.forEach(
          Array.from({ length: 12 }, (_, index) => randomPixels(index)),
          (pixels) =>
            Effect.tap(engine.encodeImage({ base, pixels, height: side, width: side }), () =>
              Effect.sync(() => {
                for (const pid of hosts()) used.add(pid)
              }),
            ),
          { concurrency: "unbounded" },
        )
      })
      yield* Effect.provide(encodeAll, Engine.layer, { local: true })
      assert.isAtLeast(used.size, 1)
      assert.isAtMost(used.size, Math.max(1, Math.floor(navigator.hardwareConcurrency / 2)))
      assert.isTrue(yield* allGone)
    }),
  )

  it.live("a host that is killed in the middle of training becomes a failure in words, and the next job works", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const job = tinyJob(base, 1_000_000)
      const failure = yield* Effect.flip(
        engine.train(storedJob(job), {
          onStep: ({ step }) => Effect.sync(() => step === 3 && process.kill(hosts()[0]!, "SIGKILL")),
          onSnapshot: () => Effect.void,
          shouldStop: () => false,
        }),
      )
      assert.strictEqual(failure.kind, "work")
      assert.include(failure.what, "process ended")
      assert.include(failure.why, "SIGKILL")
      const { step } = yield* trainHere({ ...job, untilStep: 1 })
      assert.strictEqual(step, 1)
    }).pipe(Effect.provide(Engine.layer, { local: true })),
  )

  it.live("a host that died while idle is replaced without a word", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const encode = engine.encodeText({ base, text: "a dog", encoding: encodingOf(base, 1) })
      const before = yield* encode
      const [pid] = hosts()
      process.kill(pid!, "SIGKILL")
      assert.isTrue(yield* Effect.promise(() => eventually(() => !hosts().includes(pid!))))
      assert.deepStrictEqual(yield* encode, before)
    }).pipe(Effect.provide(Engine.layer, { local: true })),
  )

  it.live("a training keeps no idle process beside it, whose sessions would hold memory", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const encode = (text: string) => engine.encodeText({ base, text, encoding: encodingOf(base, 1) })
      yield* Effect.forEach(["a dog", "a cat"], encode, { concurrency: "unbounded" })
      const before = hosts().length
      let during: number | undefined
      yield* engine.train(storedJob(tinyJob(base, 2)), {
        onStep: () =>
          Effect.sync(() => {
            during = hosts().length
          }),
        onSnapshot: () => Effect.void,
        shouldStop: () => false,
      })
      assert.strictEqual(before, Math.min(2, navigator.hardwareConcurrency))
      assert.strictEqual(during, 1)
    }).pipe(Effect.provide(Engine.layer, { local: true }), Effect.provideService(EngineThreads, 1)),
  )

  it.live("an interrupted job leaves no process behind", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const job = tinyJob(base, 1_000_000)
      const { records, hooks } = recordingHooks()
      const training = yield* Effect.forkChild(engine.train(storedJob(job), hooks))
      assert.isTrue(yield* Effect.promise(() => eventually(() => records.length > 0)))
      yield* Fiber.interrupt(training)
      assert.isTrue(yield* allGone)
    }).pipe(Effect.provide(Engine.layer, { local: true })),
  )

  it.live("the end of the layer ends a job that is still running", () =>
    Effect.gen(function* () {
      const { records, hooks } = recordingHooks()
      const abandon = Effect.gen(function* () {
        const engine = yield* Engine
        yield* Effect.forkDetach(Effect.exit(engine.train(storedJob(tinyJob(base, 1_000_000)), hooks)))
        assert.isTrue(yield* Effect.promise(() => eventually(() => records.length > 0)))
      })
      yield* Effect.provide(abandon, Engine.layer, { local: true })
      assert.isTrue(yield* allGone)
    }),
  )

  it.live.each(ignoredSignals.filter((signal) => signal in constants.signals))(
    "%s, sent to the whole program, does not end a host",
    (signal) =>
      Effect.gen(function* () {
        const engine = yield* Engine
        const result = yield* engine.train(storedJob(tinyJob(base, 8)), {
          onStep: ({ step }) => Effect.sync(() => step === 2 && process.kill(hosts()[0]!, signal)),
          onSnapshot: () => Effect.void,
          shouldStop: () => false,
        })
        assert.strictEqual(result.step, 8)
      }).pipe(Effect.provide(Engine.layer, { local: true })),
  )

  it.live("a host that is ended at its birth has begun nothing, and the job gets another", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const training = yield* Effect.forkChild(engine.train(storedJob(tinyJob(base, 2)), recordingHooks().hooks))
      const killed = yield* Effect.promise(() => newborn())
      process.kill(killed, "SIGTERM")
      const { step } = yield* Fiber.join(training)
      assert.strictEqual(step, 2)
    }).pipe(Effect.provide(Engine.layer, { local: true })),
  )

  it.live.each([
    ["SIGKILL", true],
    ["SIGSEGV", false],
    ["SIGQUIT", false],
  ] as const)("a host that %s ends is told with memory in mind: %s", ([signal, blamesMemory]) =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const failure = yield* Effect.flip(
        engine.train(storedJob(tinyJob(base, 1_000_000)), {
          onStep: ({ step }) => Effect.sync(() => step === 1 && process.kill(hosts()[0]!, signal)),
          onSnapshot: () => Effect.void,
          shouldStop: () => false,
        }),
      )
      assert.include(failure.why, signal)
      assert.strictEqual(failure.hint.includes("memory"), blamesMemory)
    }).pipe(Effect.provide(Engine.layer, { local: true })),
  )

  it("a parent that is killed takes its host along", async () => {
    const program = fileURLToPath(new URL("./long-training.ts", import.meta.url))
    const parent = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] })
    await once(parent.stdout, "data")
    const orphans = hostsOf(parent.pid!)
    assert.lengthOf(orphans, 1)
    parent.kill("SIGKILL")
    assert.isTrue(await eventually(() => !isRunning(orphans[0]!)))
  })
})
