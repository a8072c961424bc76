/** What goes wrong and how it is told: problems before the run, failures in it, stopping, and interruption. */
import { describe, expect, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Schema } from "effect"
import { itemStage } from "../../src/runtime/define/item-stage.ts"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { source } from "../../src/runtime/define/source.ts"
import { stage } from "../../src/runtime/define/stage.ts"
import type { RunEvent } from "../../src/runtime/model/events.ts"
import { Items } from "../../src/runtime/model/items.ts"
import { SourceContext, StageContext } from "../../src/runtime/model/stage-context.ts"
import { StageFailure, StageStopped } from "../../src/runtime/model/stage-failure.ts"
import { makeStopSignal } from "../../src/runtime/model/stop-signal.ts"
import { RunFailure, RunStopped } from "../../src/runtime/run/run-outcome.ts"
import { broken, latchedPipeline, makeLatched } from "./latches.ts"
import { makeProject, type Project, plan, run } from "./project.ts"

const code = import.meta.url
const bare = { code, params: Schema.Struct({}) }

const failureOf = <A, E>(exit: Exit.Exit<A, E>): E | undefined =>
  Exit.isFailure(exit) ? (Cause.squash(exit.cause) as E) : undefined

/** A number, negated, with everything a stage can find wrong before it runs. */
const picky = (
  project: Project,
  given: { readonly number: number; readonly readable?: boolean; readonly limit?: number },
) => {
  const number = source({
    ...bare,
    name: "number",
    output: Schema.Int,
    read: () =>
      Effect.gen(function* () {
        const { problem } = yield* SourceContext
        if (given.readable ?? true) return given.number
        yield* problem({ field: "a.txt", why: "is empty", hint: "Write something.", severity: "error" })
        return yield* new StageFailure({
          what: "The number cannot be read",
          where: "b.txt",
          why: "it is not there",
          hint: "Make it.",
          kind: "input",
        })
      }),
  })
  const negate = stage({
    name: "negate",
    code,
    params: Schema.Struct({ limit: Schema.Int.check(Schema.isGreaterThan(0)) }),
    wires: { number: Schema.Int },
    output: Schema.Int,
    check: ({ limit }) =>
      limit > 1000 ? [{ field: "limit", why: "is above 1000", hint: "Lower it.", severity: "error" }] : [],
    inspect: ({ params, ...inputs }) => {
      if (inputs.number > params.limit) {
        return [{ field: "number", why: `${inputs.number} is above the limit`, hint: "Lower it.", severity: "error" }]
      }
      return inputs.number < 0
        ? [{ field: "number", why: "is negative", hint: "It will turn positive.", severity: "warning" }]
        : []
    },
    run: (inputs) =>
      Effect.sync(() => {
        project.calls.push("negate")
        return -inputs.number
      }),
  })
  return pipeline("picky", () => negate({ number: number() }, { limit: given.limit ?? 10 }))
}

describe("before the first second of work", () => {
  const cases = [
    {
      title: "a parameter that does not fit its schema",
      given: { number: 1, limit: 0 },
      says: ["negate limit: expected a value greater than 0"],
    },
    {
      title: "a parameter that its stage refuses",
      given: { number: 1, limit: 2000 },
      says: ["negate limit: is above 1000"],
    },
    { title: "an input that its stage refuses", given: { number: 11 }, says: ["negate number: 11 is above the limit"] },
    {
      title: "everything at once: a source that cannot be read and a parameter that does not fit",
      given: { number: 1, readable: false, limit: 0 },
      says: [
        "negate limit: expected a value greater than 0",
        "number a.txt: is empty",
        "number b.txt: The number cannot be read: it is not there",
      ],
    },
  ]
  for (const { title, given, says } of cases) {
    it.live(`a run is refused for ${title}`, () =>
      Effect.gen(function* () {
        const project = yield* makeProject
        const failure = yield* Effect.flip(run(project, picky(project, given)))
        const problems = failure instanceof RunFailure ? failure.problems : []
        expect(problems.map(({ label, field, why }) => `${label} ${field}: ${why}`)).toEqual(says)
        expect(failure).toMatchObject({ _tag: "RunFailure", kind: "input" })
        expect(project.calls).toEqual([])
        const planned = yield* plan(project, picky(project, given))
        expect(planned.problems).toEqual(problems)
      }),
    )
  }

  it.live("a warning is told, also when the result is restored, and stops nothing", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const warnings: string[] = []
      const onEvent = (event: RunEvent) =>
        void (event.type === "warning" && warnings.push(`${event.label}: ${event.message}`))
      yield* run(project, picky(project, { number: -3 }), { onEvent })
      yield* run(project, picky(project, { number: -3 }), { onEvent })
      expect(project.calls).toEqual(["negate"])
      expect(warnings).toEqual(["negate: is negative", "negate: is negative"])
    }),
  )

  it.live("a warning about items that a source gives is told once", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const words = source({
        ...bare,
        name: "words",
        output: Items(Schema.String),
        read: () => Effect.succeed([{ key: "a", value: "one" }]),
      })
      const echo = itemStage({
        ...bare,
        name: "echo",
        item: Schema.String,
        output: Schema.String,
        inspect: ({ items }) =>
          items.map(({ key }) => ({ field: key, why: "is short", hint: "Write more.", severity: "warning" })),
        run: ({ item }) => Effect.succeed(item),
      })
      const warned: string[] = []
      const onEvent = (event: RunEvent) =>
        void (event.type === "warning" && warned.push(`${event.label} ${event.field}`))
      yield* run(
        project,
        pipeline("short", () => echo(words())),
        { onEvent },
      )
      expect(warned).toEqual(["echo a"])
    }),
  )

  it.live("inputs that were made by the run are inspected before the stage that reads them", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const one = stage({ ...bare, name: "one", wires: {}, output: Schema.Int, run: () => Effect.succeed(1) })
      const inspecting = stage({
        ...bare,
        name: "inspecting",
        wires: { number: Schema.Int },
        output: Schema.Int,
        inspect: () => [{ field: "number", why: "is one", hint: "Take two.", severity: "error" }],
        run: () => Effect.sync(() => project.calls.push("inspecting")),
      })
      const failure = yield* Effect.flip(
        run(
          project,
          pipeline("late", () => inspecting({ number: one() })),
        ),
      )
      expect(failure).toMatchObject({ _tag: "RunFailure", kind: "input", failures: [{ label: "inspecting" }] })
      expect(project.calls).toEqual([])
    }),
  )
})

describe("a mistake in a stage's own checks", () => {
  it.live("is a problem like any other", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const careless = stage({
        ...bare,
        name: "careless",
        wires: {},
        output: Schema.Int,
        check: () => {
          throw new Error("no such field")
        },
        run: () => Effect.succeed(1),
      })
      const dated = stage({
        ...bare,
        name: "dated",
        wires: {},
        output: Schema.Int,
        keyed: () => ({ at: new Date(0) }),
        run: () => Effect.succeed(1),
      })
      const failure = yield* Effect.flip(
        run(
          project,
          pipeline("careless", () => [careless(), dated()]),
        ),
      )
      const whys = failure instanceof RunFailure ? failure.problems.map(({ why }) => why) : []
      expect(whys).toEqual(["its check threw: no such field", "its check threw: at is a Date, which JSON cannot say"])
    }),
  )
})

describe("a failing stage", () => {
  it.live("cancels what depends on it, lets running stages finish, and starts nothing new", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const { begun, release, stage } = makeLatched()
      const graph = latchedPipeline(() => {
        const bad = stage("bad")
        const good = stage("good")
        return [stage("after-bad", [bad]), stage("after-good", [good])]
      })
      const cancelled: string[] = []
      const onEvent = (event: RunEvent) =>
        void (event.type === "stage-cancelled" && cancelled.push(`${event.label}: ${event.because}`))
      const running = yield* Effect.forkChild(Effect.exit(run(project, graph, { cores: 4, onEvent })))
      yield* begun("bad")
      yield* begun("good")
      yield* release("bad", broken("it was bad"))
      yield* release("good")
      const failure = failureOf(yield* Fiber.join(running))
      expect(failure).toMatchObject({ _tag: "RunFailure", kind: "work" })
      const states =
        failure instanceof RunFailure ? failure.report?.stages.map(({ label, state }) => `${label} ${state}`) : []
      expect(states).toContain("latched-1 failed")
      expect(states).toContain("latched-1-2 ran")
      expect(cancelled).toContain("collect-3: upstream")
      expect(cancelled).toContain("latched-1-3: upstream")
    }),
  )

  it.live("stops only what depends on it when the run is told to keep going", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const { release, stage } = makeLatched()
      yield* release("bad", broken("it was bad"))
      yield* release("good")
      yield* release("after-good")
      const graph = latchedPipeline(() => [stage("after-bad", [stage("bad")]), stage("after-good", [stage("good")])])
      const failure = yield* Effect.flip(run(project, graph, { cores: 1, onFailure: "keep-going" }))
      const states = failure instanceof RunFailure ? failure.report?.stages.map(({ state }) => state) : []
      expect(states?.filter((state) => state === "failed").length).toBe(1)
      expect(states?.filter((state) => state === "cancelled").length).toBe(2)
      expect(states?.filter((state) => state === "ran").length).toBe(5)
    }),
  )

  it.live("is never served: the next run tries again", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      let isReady = false
      const moody = stage({
        ...bare,
        name: "moody",
        wires: {},
        output: Schema.String,
        run: () => Effect.suspend(() => (isReady ? Effect.succeed("done") : Effect.fail(broken("not yet")))),
      })
      const graph = pipeline("moody", () => moody())
      yield* Effect.flip(run(project, graph))
      isReady = true
      expect((yield* run(project, graph)).results).toEqual({ moody: "done" })
    }),
  )

  it.live("that throws becomes a failure in words and keeps what was thrown", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const thrown = new Error("undefined is not a function")
      const throwing = stage({
        ...bare,
        name: "throwing",
        wires: {},
        output: Schema.String,
        run: () =>
          Effect.sync(() => {
            throw thrown
          }),
      })
      const failure = yield* Effect.flip(
        run(
          project,
          pipeline("throwing", () => throwing()),
        ),
      )
      expect(failure).toMatchObject({
        kind: "work",
        failures: [{ label: "throwing", failure: { what: "The stage broke off", why: thrown.message, cause: thrown } }],
      })
    }),
  )

  it.live("whose services cannot be built fails like one that throws", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const served = stage({
        ...bare,
        name: "served",
        wires: {},
        output: Schema.String,
        services: Layer.effectDiscard(Effect.die(new Error("no device"))),
        run: () => Effect.succeed("never"),
      })
      const failure = yield* Effect.flip(
        run(
          project,
          pipeline("served", () => served()),
        ),
      )
      expect(failure).toMatchObject({ failures: [{ label: "served", failure: { kind: "work", why: "no device" } }] })
    }),
  )

  it.live("that returns what its schema forbids says which field", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const wrong = stage({
        ...bare,
        name: "wrong",
        wires: {},
        output: Schema.Struct({ rate: Schema.Finite }),
        run: () => Effect.succeed({ rate: Number.NaN }),
      })
      const failure = yield* Effect.flip(
        run(
          project,
          pipeline("wrong", () => wrong()),
        ),
      )
      expect(failure).toMatchObject({
        failures: [{ failure: { where: "wrong: rate", why: "expected a finite number" } }],
      })
    }),
  )

  it.live("keeps the results of the items that did not fail", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      let isRepaired = false
      const numbers = source({
        ...bare,
        name: "numbers",
        output: Items(Schema.Int),
        read: () => Effect.succeed([0, 1, 2, 3].map((value) => ({ key: `n${value}`, value }))),
      })
      const invert = itemStage({
        ...bare,
        name: "invert",
        item: Schema.Int,
        output: Schema.Finite,
        run: ({ item, key }) =>
          Effect.suspend(() => {
            project.calls.push(key)
            return item === 0 && !isRepaired
              ? Effect.fail(broken("division by zero"))
              : Effect.succeed(isRepaired ? 0 : 1 / item)
          }),
      })
      const graph = pipeline("inverse", () => invert(numbers()))
      const failure = yield* Effect.flip(run(project, graph, { cores: 1, onFailure: "keep-going" }))
      expect(failure).toMatchObject({
        failures: [{ label: "invert", item: "n0", failure: { why: "division by zero" } }],
      })
      expect(project.takeCalls()).toEqual(["n0", "n1", "n2", "n3"])
      isRepaired = true
      yield* run(project, graph)
      expect(project.takeCalls()).toEqual(["n0"])
    }),
  )

  it.live.each([
    { kind: "input", title: "tells every item that the user has to mend, not the first alone", told: ["n0", "n2"] },
    { kind: "work", title: "ends the other items when the work itself goes wrong", told: ["n0"] },
  ] as const)("$title", ({ kind, told }) =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const numbers = source({
        ...bare,
        name: "numbers",
        output: Items(Schema.Int),
        read: () => Effect.succeed([0, 1, 0, 3].map((value, at) => ({ key: `n${at}`, value }))),
      })
      const invert = itemStage({
        ...bare,
        name: "invert",
        item: Schema.Int,
        output: Schema.Finite,
        run: ({ item, key }) => {
          project.calls.push(key)
          const failure = new StageFailure({ what: "It cannot be", where: key, why: "it is 0", hint: "Use 1.", kind })
          return item === 0 ? Effect.fail(failure) : Effect.succeed(1 / item)
        },
      })
      const graph = pipeline("inverse", () => invert(numbers()))
      const failure = yield* Effect.flip(run(project, graph, { cores: 1 }))
      expect(failure instanceof RunFailure ? failure.failures.map(({ item }) => item) : []).toEqual(told)
      expect(project.takeCalls()).toEqual(kind === "input" ? ["n0", "n1", "n2", "n3"] : ["n0"])
    }),
  )

  it.live("refuses a list in which two items have the same key", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const twice = source({
        ...bare,
        name: "twice",
        output: Items(Schema.Int),
        read: () =>
          Effect.succeed([
            { key: "a", value: 1 },
            { key: "a", value: 2 },
          ]),
      })
      const copy = itemStage({
        ...bare,
        name: "copy",
        item: Schema.Int,
        output: Schema.Int,
        run: ({ item }) => Effect.succeed(item),
      })
      const failure = yield* Effect.flip(
        run(
          project,
          pipeline("twice", () => copy(twice())),
        ),
      )
      expect(failure).toMatchObject({
        kind: "input",
        problems: [{ label: "copy", why: "two of its items have the same key" }],
      })
    }),
  )
})

/** Counts to ten, one step per turn of `pace`; on request it stops after the step and says how far it came. */
const counting = (pace: (step: number) => Effect.Effect<void>) =>
  stage({
    ...bare,
    name: "counting",
    wires: {},
    output: Schema.Int,
    run: () =>
      Effect.gen(function* () {
        const { stopRequested } = yield* StageContext
        for (let step = 1; step <= 10; step++) {
          yield* pace(step)
          if (stopRequested()) return yield* new StageStopped({ done: step, of: 10, unit: "steps", hint: "Run again." })
        }
        return 10
      }),
  })

describe("a run that is asked to stop", () => {
  it.live("lets the running stage finish its step, and starts nothing after it", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const stop = makeStopSignal()
      const count = counting((step) => Effect.sync(() => step === 3 && stop.request()).pipe(Effect.asVoid))
      const next = stage({
        ...bare,
        name: "next",
        wires: { n: Schema.Int },
        output: Schema.Int,
        run: (inputs) => Effect.succeed(inputs.n),
      })
      const failure = yield* Effect.flip(
        run(
          project,
          pipeline("stoppable", () => next({ n: count() })),
          { stop },
        ),
      )
      expect(failure).toMatchObject({
        _tag: "RunStopped",
        stopped: [{ label: "counting", done: 3, of: 10, unit: "steps" }],
      })
    }),
  )

  it.live("does not begin what waits for a core", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const stop = makeStopSignal()
      const { begun, hasBegun, release, stage } = makeLatched()
      const graph = latchedPipeline(() => [stage("first"), stage("second")])
      const running = yield* Effect.forkChild(Effect.exit(run(project, graph, { cores: 1, stop })))
      yield* Effect.raceFirst(begun("first"), begun("second"))
      const [taken, waiting] = hasBegun("first") ? (["first", "second"] as const) : (["second", "first"] as const)
      stop.request()
      yield* release(taken)
      const failure = failureOf(yield* Fiber.join(running))
      expect(failure).toBeInstanceOf(RunStopped)
      expect(hasBegun(waiting)).toBe(false)
      yield* release(waiting)
      const report = yield* run(project, graph)
      const label = taken === "first" ? "latched-1" : "latched-1-2"
      expect(report.stages.find((stage) => stage.label === label)?.state).toBe("restored")
    }),
  )

  it.live("finishes as usual when everything was done anyway", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const stop = makeStopSignal()
      const last = stage({
        ...bare,
        name: "last",
        wires: {},
        output: Schema.Int,
        run: () =>
          Effect.sync(() => {
            stop.request()
            return 1
          }),
      })
      const report = yield* run(
        project,
        pipeline("done", () => last()),
        { stop },
      )
      expect(report.results).toEqual({ last: 1 })
    }),
  )
})

describe("an interrupted run", () => {
  it.live("leaves what was finished, and nothing of what was under way", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const reached = Deferred.makeUnsafe<void>()
      let isPatient = false
      const quick = stage({
        ...bare,
        name: "quick",
        wires: {},
        output: Schema.Int,
        run: () =>
          Effect.sync(() => {
            project.calls.push("quick")
            return 1
          }),
      })
      const slow = stage({
        ...bare,
        name: "slow",
        wires: { n: Schema.Int },
        output: Schema.Int,
        run: (inputs) =>
          Effect.gen(function* () {
            project.calls.push("slow")
            yield* Deferred.succeed(reached, undefined)
            return isPatient ? inputs.n + 1 : yield* Effect.never
          }),
      })
      const graph = pipeline("interruptible", () => slow({ n: quick() }))
      const running = yield* Effect.forkChild(run(project, graph))
      yield* Deferred.await(reached)
      yield* Fiber.interrupt(running)
      expect(project.takeCalls()).toEqual(["quick", "slow"])
      isPatient = true
      const report = yield* run(project, graph)
      expect(report.results).toEqual({ slow: 2 })
      expect(project.takeCalls()).toEqual(["slow"])
    }),
  )
})
