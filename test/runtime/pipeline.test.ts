/** Pipelines and their parameters: what `--set` may say, which labels stages get, what is left out. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { stage } from "../../src/runtime/define/stage.ts"

const number = stage({
  name: "number",
  code: import.meta.url,
  params: Schema.Struct({
    value: Schema.Finite,
    note: Schema.String.pipe(Schema.withConstructorDefault(Effect.succeed("none"))),
  }),
  wires: {},
  output: Schema.Finite,
  run: ({ params }) => Effect.succeed(params.value),
})

const sum = stage({
  name: "sum",
  code: import.meta.url,
  params: Schema.Struct({}),
  wires: { a: Schema.Finite, b: Schema.Finite },
  output: Schema.Finite,
  run: (inputs) => Effect.succeed(inputs.a + inputs.b),
})

const rates = pipeline(
  "rates",
  {
    params: Schema.Struct({
      rate: Schema.Finite.check(Schema.isGreaterThan(0)),
      steps: Schema.Int,
      name: Schema.String,
      isLoud: Schema.Boolean,
      sizes: Schema.Array(Schema.Int),
      limit: Schema.NullOr(Schema.Finite),
    }),
    defaults: { rate: 0.1, steps: 10, name: "dog", isLoud: false, sizes: [1], limit: null },
  },
  (p) => number({ value: p.rate }),
)

describe("an override", () => {
  it.effect("is read by the schema of its parameter", () =>
    Effect.gen(function* () {
      const set = { rate: "1e-4", steps: "20", name: "12", isLoud: "true", sizes: "[1,2]", limit: "3" }
      const { params } = yield* rates.instantiate(set)
      expect(params).toEqual({ rate: 1e-4, steps: 20, name: "12", isLoud: true, sizes: [1, 2], limit: 3 })
    }),
  )

  const refused = [
    { set: { stpes: "20" }, why: "the name is not in its parameter schema", hint: 'Did you mean "steps"?' },
    { set: { colour: "red" }, why: "the name is not in its parameter schema", hint: "It has rate, steps, name" },
    { set: { steps: "2.5" }, why: "steps: expected an integer", hint: "Change the value given with --set" },
    { set: { steps: "many" }, why: "steps: expected number", hint: "Change the value given with --set" },
    { set: { rate: "-1" }, why: "rate: expected a value greater than 0", hint: "Change the value given with --set" },
    { set: { rate: "0", steps: "x" }, why: "rate: expected a value greater than 0; steps: expected number", hint: "" },
  ]
  for (const { set, why, hint } of refused) {
    it.effect(`${JSON.stringify(set)} is refused in words`, () =>
      Effect.gen(function* () {
        const failure = yield* Effect.flip(rates.instantiate(set))
        expect(failure).toMatchObject({ _tag: "StageFailure", kind: "input", why })
        expect(failure.hint).toContain(hint)
      }),
    )
  }
})

describe("a pipeline", () => {
  it.effect("labels its stages by name, numbered from the second on, each after what it reads", () =>
    Effect.gen(function* () {
      const { stages, results } = yield* pipeline("sums", () => {
        const [a, b, c] = [number({ value: 1 }), number({ value: 2 }), number({ value: 3 })]
        return { total: sum({ a: sum({ a, b }), b: c }), first: a }
      }).instantiate()
      expect(stages.map(({ label }) => label)).toEqual(["number", "number-2", "number-3", "sum", "sum-2"])
      expect(stages.at(-1)?.inputs).toEqual({ a: "sum", b: "number-3" })
      expect(results).toEqual({ total: "sum-2", first: "number" })
    }),
  )

  it.effect("fills in the defaults of stage parameters", () =>
    Effect.gen(function* () {
      const { stages } = yield* pipeline("one", () => number({ value: 1 })).instantiate()
      expect(stages[0]?.encodedParams).toEqual({ value: 1, note: "none" })
    }),
  )

  it.effect("warns of a stage that no result depends on", () =>
    Effect.gen(function* () {
      const { stages, problems } = yield* pipeline("idle", () => {
        number({ value: 1 })
        return number({ value: 2 })
      }).instantiate()
      expect(stages.length).toBe(1)
      expect(problems).toMatchObject([{ label: "number", severity: "warning" }])
    }),
  )

  it.effect("whose build function throws fails with what was thrown", () =>
    Effect.gen(function* () {
      const thrown = new Error("no photos")
      const failure = yield* Effect.flip(
        pipeline("throws", () => {
          throw thrown
        }).instantiate(),
      )
      expect(failure).toMatchObject({ kind: "input", why: "no photos", cause: thrown })
    }),
  )

  it.effect("shows its defaults as JSON, and says in words when they do not fit", () =>
    Effect.gen(function* () {
      expect(rates.defaults).toMatchObject({ rate: 0.1, limit: null })
      const unfit = pipeline("unfit", { params: Schema.Struct({ n: Schema.Int }), defaults: { n: 0.5 } }, () => [])
      const failure = yield* Effect.flip(unfit.instantiate())
      expect(failure).toMatchObject({
        why: "n: expected an integer",
        hint: "Correct the defaults in the pipeline file.",
      })
    }),
  )
})
