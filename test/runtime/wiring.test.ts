/** What wiring does beyond joining stages: equal calls are one stage, wires are found upstream, stages look around in their graph. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { composite } from "../../src/runtime/define/composite.ts"
import { type PipelineResults, pipeline } from "../../src/runtime/define/pipeline.ts"
import { source } from "../../src/runtime/define/source.ts"
import { stage } from "../../src/runtime/define/stage.ts"
import type { Work } from "../../src/runtime/define/work.ts"
import { Items } from "../../src/runtime/model/items.ts"
import { SourceContext } from "../../src/runtime/model/stage-context.ts"
import { StageFailure } from "../../src/runtime/model/stage-failure.ts"
import { named } from "../../src/runtime/model/word.ts"
import type { RunFailure } from "../../src/runtime/run/run-outcome.ts"
import { type InputError, programError, type WorkError } from "../../src/tools/program-errors.ts"
import { error, problemsTold } from "../rig/told.ts"
import { makeProject, plan, run } from "./project.ts"

const code = import.meta.url
const Flour = named("flour", Schema.Struct({ grams: Schema.Int }))
const Dough = named("dough", Schema.Struct({ grams: Schema.Int }))
const Bread = named("bread", Schema.Struct({ loaves: Schema.Int }))

const mill = source({
  name: "mill",
  code,
  params: Schema.Struct({
    grams: Schema.Int,
    fine: Schema.Boolean.pipe(Schema.withConstructorDefault(Effect.succeed(false))),
  }),
  output: Flour,
  read: ({ params }) => Effect.succeed({ grams: params.grams }),
})

const knead = stage({
  name: "knead",
  code,
  wires: { flour: Flour },
  output: Dough,
  run: ({ flour }) => ({ grams: flour.grams * 2 }),
})

const Baking = Schema.Struct({ minutes: Schema.Int })

const bake = stage({
  name: "bake",
  code,
  params: Baking,
  wires: { dough: Dough },
  upstream: { flour: Flour },
  output: Bread,
  run: ({ dough, flour, params }) => ({ loaves: (dough.grams + flour.grams + params.minutes) % 100 }),
})

const labelsOf = (build: () => PipelineResults) =>
  Effect.map(pipeline("labels", build).instantiate(), ({ stages }) => stages.map(({ label }) => label))

describe("equal calls", () => {
  it.effect("are one stage, whether defaults are written out or not", () =>
    Effect.gen(function* () {
      const labels = yield* labelsOf(() => [
        knead(mill({ grams: 1 })),
        knead({ flour: mill({ grams: 1, fine: false }) }),
        knead(mill({ grams: 2 })),
      ])
      expect(labels).toEqual(["mill", "knead", "mill-2", "knead-2"])
    }),
  )

  it.effect("of two definitions with one name are two", () =>
    Effect.gen(function* () {
      const other = stage({ name: "knead", code, wires: { flour: Flour }, output: Dough, run: ({ flour }) => flour })
      const flour = () => mill({ grams: 1 })
      expect(yield* labelsOf(() => [knead(flour()), other(flour())])).toEqual(["mill", "knead", "knead-2"])
    }),
  )

  it.effect("that pass other wires on are two", () =>
    Effect.gen(function* () {
      const wrap = stage({
        name: "wrap",
        code,
        wires: {},
        passes: { flour: Flour },
        output: Dough,
        run: () => ({ grams: 1 }),
      })
      const graph = yield* pipeline("passing", () => [
        bake(wrap(mill({ grams: 1 })), { minutes: 1 }),
        bake(wrap(mill({ grams: 2 })), { minutes: 1 }),
      ]).instantiate()
      expect(graph.stages.map(({ label }) => label)).toEqual(["mill", "wrap", "bake", "mill-2", "wrap-2", "bake-2"])
      expect(graph.stages.map(({ inputs }) => inputs)[5]).toEqual({ dough: "wrap-2", flour: "mill-2" })
    }),
  )
})

describe("a wire that is found upstream", () => {
  it.effect("is the nearest that carries such values, unless another is given", () =>
    Effect.gen(function* () {
      const { stages } = yield* pipeline("found", () => {
        const dough = knead(mill({ grams: 1 }))
        return [bake(dough, { minutes: 1 }), bake({ dough, flour: mill({ grams: 5 }) }, { minutes: 1 })]
      }).instantiate()
      expect(stages.filter(({ node }) => node.name === "bake").map(({ inputs }) => inputs)).toEqual([
        { dough: "knead", flour: "mill" },
        { dough: "knead", flour: "mill-2" },
      ])
    }),
  )

  it.effect("has to be there, and to be one", () =>
    Effect.gen(function* () {
      const mix = stage({ name: "mix", code, wires: { a: Flour, b: Flour }, output: Dough, run: ({ a }) => a })
      const found = stage({ name: "find", code, wires: {}, output: Dough, run: () => ({ grams: 1 }) })
      const { problems } = yield* pipeline("lost", () => [
        bake(found(), { minutes: 1 }),
        bake(mix({ a: mill({ grams: 1 }), b: mill({ grams: 2 }) }), { minutes: 1 }),
      ]).instantiate()
      const { told, wording } = problemsTold(problems)
      expect(told).toEqual([error("bake", "flour"), error("bake-2", "flour")])
      expect(wording).toMatchSnapshot()
    }),
  )
})

/** A mill that is asked for its flour, and says what it was asked. */
const askedMill = (asked: (readonly number[])[]) =>
  source({
    name: "asked-mill",
    code,
    output: Flour,
    wired: (here) =>
      here
        .downstream("bake")
        .map((reader) => ({ label: reader.label, minutes: reader.paramsAs(Baking)?.minutes ?? 0 })),
    read: (_, { wired: wanted }) =>
      Effect.gen(function* () {
        asked.push(wanted.map(({ minutes }) => minutes))
        const { problem } = yield* SourceContext
        for (const { label, minutes } of wanted) {
          if (minutes <= 60) continue
          yield* problem({ label, field: "minutes", why: `${minutes} burns`, hint: "Take less", severity: "error" })
        }
        return { grams: 1 }
      }),
  })

describe("a source", () => {
  it.live("learns what the stages behind it want, and that is no part of what it gives", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const asked: (readonly number[])[] = []
      const asking = askedMill(asked)
      const breads = (...minutes: readonly number[]) =>
        pipeline("breads", () => {
          const dough = knead(asking())
          return minutes.map((each) => bake(dough, { minutes: each }))
        })
      yield* run(project, breads(10))
      const { stages } = yield* plan(project, breads(10, 20))
      expect(asked).toEqual([[10], [10, 20]])
      expect(stages.map(({ label, state }) => `${label} ${state}`)).toEqual([
        "asked-mill source",
        "knead restored",
        "bake restored",
        "bake-2 will-run",
      ])
    }),
  )

  it.live("can tell a problem at the stage that has to change", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const asking = askedMill([])
      const burnt = pipeline("burnt", () => [bake(knead(asking()), { minutes: 90 })])
      const { problems } = yield* plan(project, burnt)
      expect(problems.map(({ label, field, why }) => `${label}.${field}: ${why}`)).toEqual(["bake.minutes: 90 burns"])
    }),
  )

  it.live("sees nothing of parameters that are wrong", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const asked: (readonly number[])[] = []
      const asking = askedMill(asked)
      yield* plan(
        project,
        pipeline("wrong", () => bake(knead(asking()), { minutes: "long" as never })),
      )
      expect(asked).toEqual([[0]])
    }),
  )
})

describe("values that do not fit", () => {
  it.live("are told once for a whole list, where no word tells the wires apart", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const numbers = source({
        name: "numbers",
        code,
        output: Items(Schema.Int),
        read: () => Effect.succeed([1, 2, 3].map((value) => ({ key: `n${value}`, value }))),
      })
      const join = stage({
        name: "join",
        code,
        wires: { words: Items(Schema.String) },
        output: Schema.String,
        inspect: () => [],
        run: ({ words }) => words.map(({ value }) => value).join(" "),
      })
      const { problems } = yield* plan(
        project,
        pipeline("unfit", () => join(numbers() as never)),
      )
      const { told, wording } = problemsTold(problems)
      expect(told).toEqual([error("join", "words.0.value")])
      expect(wording).toMatchSnapshot()
    }),
  )
})

describe("a stage that looks around", () => {
  const looking = (name: string, look: Parameters<typeof stage>[0]["wired"]) =>
    stage({
      name,
      code,
      wires: { bread: Bread },
      output: Bread,
      ...(look && { wired: look }),
      run: ({ bread }) => bread,
    })

  it.effect("sees its neighbours both ways, by name, and all of a name", () =>
    Effect.gen(function* () {
      const seen: Record<string, unknown> = {}
      const taste = looking("taste", (here) => {
        seen["reads"] = Object.entries(here.reads).map(([name, { label }]) => `${name} ${label}`)
        seen["upstream"] = here.upstream("mill").map(({ label }) => label)
        seen["downstream"] = here.downstream("eat").map(({ label }) => label)
        seen["readers"] = here.readers.map(({ label }) => label)
        seen["all"] = here.all("bake").map((one) => one.paramsAs(Baking)?.minutes)
        seen["other schema"] = here.upstream("bake")[0]?.paramsAs(Schema.Struct({ minutes: Schema.String }))
        return []
      })
      const eat = looking("eat", undefined)
      yield* pipeline("around", () => {
        const dough = knead(mill({ grams: 1 }))
        return [eat(taste(bake(dough, { minutes: 1 }))), bake(dough, { minutes: 2 })]
      }).instantiate()
      expect(seen).toEqual({
        reads: ["bread bake"],
        upstream: ["mill"],
        downstream: ["eat"],
        readers: ["eat"],
        all: [1, 2],
        "other schema": undefined,
      })
    }),
  )

  it.effect("gives back problems, told at its label; a throw is one", () =>
    Effect.gen(function* () {
      const dry = looking("dry", () => [{ field: "bread", why: "it is dry", hint: "Add water", severity: "warning" }])
      const faulty = looking("faulty", () => {
        throw new Error("oops")
      })
      const { problems } = yield* pipeline("told", () => {
        const bread = bake(knead(mill({ grams: 1 })), { minutes: 1 })
        return [dry(bread), faulty(bread)]
      }).instantiate()
      expect(problems.map(({ label, field, why, severity }) => `${severity} ${label}.${field}: ${why}`)).toEqual([
        "warning dry.bread: it is dry",
        "error faulty.wired: its wired threw: oops",
      ])
    }),
  )
})

describe("a composite", () => {
  const bakery = composite({
    name: "bake",
    wires: { flour: Flour },
    output: Bread,
    build: ({ flour }, params: { readonly minutes: number }) => bake(knead(flour), params),
  })

  it.effect("speaks in its own name, whichever of its stages finds the mistake", () =>
    Effect.gen(function* () {
      const picky = stage({
        name: "sieve",
        code,
        params: Schema.Struct({ holes: Schema.Int }),
        wires: { flour: Flour },
        output: Flour,
        check: ({ holes }) => [{ field: "holes", why: `${holes} is too few`, hint: "Take more", severity: "error" }],
        run: ({ flour }) => flour,
      })
      const sieved = composite({
        name: "bake",
        wires: { flour: Flour },
        output: Bread,
        build: ({ flour }, { holes }: { readonly holes: number }) =>
          bake(knead(picky(flour, { holes })), { minutes: 1 }),
      })
      const { stages, problems } = yield* pipeline("named", () => {
        const flour = mill({ grams: 1 })
        return [bakery(flour, { minutes: 3 }), sieved(flour, { holes: 1 })]
      }).instantiate()
      expect(stages.map(({ label }) => label)).toEqual(["mill", "knead", "bake", "sieve", "knead-2", "bake-2"])
      expect(problems.map(({ label, field }) => `${label}.${field}`)).toEqual(["bake-2.holes"])
    }),
  )

  /** A composite whose first stage, of another name, does what a test says. */
  const mixed = (mix: (work: Work) => unknown) =>
    pipeline("mixed", () => {
      const mixer = stage({
        name: "mix",
        code,
        wires: { flour: Flour },
        output: Dough,
        run: (_, work) => mix(work) as { grams: number },
      })
      const loaf = composite({
        name: "bake",
        wires: { flour: Flour },
        output: Bread,
        build: ({ flour }) => bake(mixer(flour), { minutes: 1 }),
      })
      const flour = mill({ grams: 1 })
      return { plain: bake(knead(flour), { minutes: 1 }), loaf: loaf(flour) }
    })

  it.live("warns in its own name while it runs, and its stages keep their labels", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const told: string[] = []
      const warning = mixed(({ label, warn, log }) => {
        warn("it is lumpy")
        log(`this is ${label}`)
        return { grams: 1 }
      })
      yield* run(project, warning, {
        onEvent: (event) => {
          if (event.type === "warning") told.push(`${event.label} warns: ${event.message}`)
          if (event.type === "logged") told.push(`${event.label}: ${event.message}`)
        },
      })
      expect(told).toEqual(["bake-2 warns: it is lumpy", "mix: this is mix"])
    }),
  )

  it.live.each([
    [
      "a failure",
      () => {
        throw new StageFailure({ what: "", where: "bowl", why: "it is gone", hint: "Buy one", kind: "input" })
      },
      "bake-2: bowl: it is gone",
    ],
    [
      "a mistake in its code",
      () => {
        throw new TypeError("x is not a function")
      },
      "bake-2: The stage broke off: x is not a function",
    ],
    ["a result that does not fit", () => ({ grams: "many" }), /^bake-2: grams: The result does not fit/],
  ] as const)("tells %s of a stage inside in its own name", ([, mix, says]) =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const failed = yield* Effect.flip(run(project, mixed(mix)))
      const { troubles } = programError(failed as RunFailure) as InputError | WorkError
      const sentences = troubles.map(({ where, why }) => `${where}: ${why}`)
      expect(sentences).toEqual([typeof says === "string" ? says : expect.stringMatching(says)])
      expect(failed).toMatchObject({ failures: [{ label: "mix", speaker: "bake-2" }] })
    }),
  )
})
