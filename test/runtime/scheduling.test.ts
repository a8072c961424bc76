/** What runs beside what: independent stages within the core budget, items of a stage, shared services, one computation per key. */
import { describe, expect, it } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, Layer, Schema } from "effect"
import { itemStage } from "../../src/runtime/define/item-stage.ts"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { source } from "../../src/runtime/define/source.ts"
import { stage } from "../../src/runtime/define/stage.ts"
import { Items } from "../../src/runtime/model/items.ts"
import { planPipeline } from "../../src/runtime/plan/plan.ts"
import { runtimeLayer } from "../../src/runtime/run/runtime-layer.ts"
import { Cache } from "../../src/runtime/storage/cache.ts"
import { latchedPipeline, makeLatched } from "./latches.ts"
import { makeProject, run } from "./project.ts"

describe("the scheduler", () => {
  it.live("runs independent stages at the same time", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const { begun, release, stage } = makeLatched()
      const running = yield* Effect.forkChild(
        run(
          project,
          latchedPipeline(() => [stage("a"), stage("b")]),
          { cores: 2 },
        ),
      )
      yield* begun("a")
      yield* begun("b")
      yield* release("b")
      yield* release("a")
      yield* Fiber.join(running)
    }),
  )

  it.live("keeps to the core budget, with the weight of each stage", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const { begun, hasBegun, release, stage } = makeLatched()
      const three = latchedPipeline(() => [stage("heavy", [], 2), stage("light"), stage("lighter")])
      const running = yield* Effect.forkChild(run(project, three, { cores: 2 }))
      yield* Effect.raceFirst(begun("heavy"), begun("light"))
      const heavyFirst = hasBegun("heavy")
      expect([hasBegun("light"), hasBegun("lighter")]).toEqual(
        heavyFirst ? [false, false] : [true, hasBegun("lighter")],
      )
      if (heavyFirst) yield* release("heavy")
      yield* begun("light")
      yield* begun("lighter")
      expect(hasBegun("heavy")).toBe(heavyFirst)
      yield* release("light")
      yield* release("lighter")
      yield* begun("heavy")
      yield* release("heavy")
      yield* Fiber.join(running)
    }),
  )

  it.live("runs a stage that asks for more cores than there are", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const { release, stage } = makeLatched()
      yield* release("greedy")
      const report = yield* run(
        project,
        latchedPipeline(() => [stage("greedy", [], 64)]),
        { cores: 1 },
      )
      expect(report.results).toEqual({ "latched-64": "greedy" })
    }),
  )

  it.live("runs the items of a stage side by side, and no more of them than there are cores", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const pair = Deferred.makeUnsafe<void>()
      let running = 0
      let most = 0
      const numbers = source({
        name: "numbers",
        code: import.meta.url,
        params: Schema.Struct({}),
        output: Items(Schema.Int),
        read: () => Effect.succeed(Array.from({ length: 7 }, (_, index) => ({ key: `n${index}`, value: index }))),
      })
      const double = itemStage({
        name: "double",
        code: import.meta.url,
        params: Schema.Struct({}),
        item: Schema.Int,
        output: Schema.Int,
        run: ({ item }) =>
          Effect.gen(function* () {
            running++
            most = Math.max(most, running)
            if (running === 2) yield* Deferred.succeed(pair, undefined)
            yield* Deferred.await(pair)
            yield* Effect.yieldNow
            running--
            return item * 2
          }),
      })
      const report = yield* run(
        project,
        pipeline("doubles", () => double(numbers())),
        { cores: 2 },
      )
      expect(most).toBe(2)
      expect(report.results["double"]).toEqual(
        [0, 2, 4, 6, 8, 10, 12].map((value, index) => ({ key: `n${index}`, value })),
      )
    }),
  )

  it.live("computes a key once when two stages have the same", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const same = stage({
        name: "same",
        code: import.meta.url,
        params: Schema.Struct({ value: Schema.Int, note: Schema.String }),
        wires: {},
        output: Schema.Int,
        keyed: ({ value }) => ({ value }),
        run: ({ params }) =>
          Effect.sync(() => {
            project.calls.push("same")
            return params.value
          }),
      })
      const twice = pipeline("twice", () => [same({ value: 1, note: "a" }), same({ value: 1, note: "b" })])
      const report = yield* run(project, twice, { cores: 2 })
      expect(project.calls).toEqual(["same"])
      expect(report.results).toEqual({ same: 1, "same-2": 1 })
      expect(report.stages.map(({ state }) => state).sort()).toEqual(["ran", "restored"])
    }),
  )
})

class Press extends Context.Service<Press, { readonly print: (text: string) => Effect.Effect<string> }>()(
  "test/Press",
) {}

const printing = (log: string[]) => {
  const layer = Layer.effect(
    Press,
    Effect.acquireRelease(
      Effect.sync(() => {
        log.push("open")
        return { print: (text: string) => Effect.succeed(`printed ${text}`) }
      }),
      () => Effect.sync(() => void log.push("close")),
    ),
  )
  const print = stage({
    name: "print",
    code: import.meta.url,
    params: Schema.Struct({ text: Schema.String }),
    wires: {},
    output: Schema.String,
    services: layer,
    run: ({ params }) =>
      Effect.gen(function* () {
        const { print } = yield* Press
        log.push(`print ${params.text}`)
        return yield* print(params.text)
      }),
  })
  return pipeline("printing", { params: Schema.Struct({ last: Schema.String }), defaults: { last: "b" } }, (p) => [
    print({ text: "a" }),
    print({ text: p.last }),
  ])
}

describe("a stage's services", () => {
  it.live("are opened once for all stages that run, and closed with the run", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const log: string[] = []
      yield* run(project, printing(log))
      expect([log[0], log.at(-1)]).toEqual(["open", "close"])
      expect(log.slice(1, -1).sort()).toEqual(["print a", "print b"])
    }),
  )

  it.live("are not opened when everything is restored", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      yield* run(project, printing([]))
      const log: string[] = []
      yield* run(project, printing(log))
      expect(log).toEqual([])
      yield* run(project, printing(log), { set: { last: "c" } })
      expect(log).toEqual(["open", "print c", "close"])
    }),
  )
})

describe("planning", () => {
  it.live("looks up a whole level of the graph at once", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const add = stage({
        name: "add",
        code: import.meta.url,
        params: Schema.Struct({ n: Schema.Int }),
        wires: { to: Schema.Int },
        output: Schema.Int,
        run: ({ params, ...inputs }) => Effect.succeed(inputs.to + params.n),
      })
      const zero = source({
        name: "zero",
        code: import.meta.url,
        params: Schema.Struct({}),
        output: Schema.Int,
        read: () => Effect.succeed(0),
      })
      const wide = pipeline("wide", () => {
        const from = zero()
        return Array.from({ length: 100 }, (_, n) => add({ to: add({ to: from }, { n }) }, { n }))
      })
      yield* run(project, wide)
      const graph = yield* wide.instantiate()
      const lookups: number[] = []
      const planned = yield* Effect.gen(function* () {
        const cache = yield* Cache
        const lookupMany: typeof cache.lookupMany = (keys) => {
          lookups.push(keys.length)
          return cache.lookupMany(keys)
        }
        return yield* Effect.provideService(planPipeline(graph, { root: "." }), Cache, { ...cache, lookupMany })
      }).pipe(Effect.provide(runtimeLayer(project.cacheFolder)))
      expect(lookups).toEqual([100, 100])
      expect(planned.stages.filter(({ state }) => state === "restored").length).toBe(200)
    }),
  )
})
