/** Pipelines wired for a sweep: courses that end earlier, and results that say whose trial they are. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { stage } from "../../src/runtime/define/stage.ts"

const walk = stage({
  name: "walk",
  code: import.meta.url,
  params: Schema.Struct({ steps: Schema.Int, whose: Schema.NullOr(Schema.String) }),
  wires: {},
  output: Schema.Finite,
  course: {
    of: ({ steps }) => ({ start: null, steps: Array.from({ length: steps }, (_, step) => step), unit: "steps" }),
    until: (params, steps) => (steps < params.steps ? { ...params, steps } : params),
  },
  asTrial: (params, { sweep, trial }) => ({ ...params, whose: `${sweep} ${trial}` }),
  run: ({ params }) => params.steps,
})

const stay = stage({
  name: "stay",
  code: import.meta.url,
  params: Schema.Struct({ steps: Schema.Int }),
  wires: {},
  output: Schema.Finite,
  run: ({ params }) => params.steps,
})

const both = pipeline("both", () => [walk({ steps: 30, whose: null }), stay({ steps: 30 })])
const paramsOf = (shaping: Parameters<typeof both.instantiate>[1]) =>
  Effect.map(both.instantiate({}, shaping), ({ stages }) => stages.map(({ encodedParams }) => encodedParams))

describe("a pipeline that is shaped", () => {
  it.effect("ends the courses of its stages earlier, and leaves the other stages alone", () =>
    Effect.gen(function* () {
      expect(yield* paramsOf({ untilStep: 10 })).toEqual([{ steps: 10, whose: null }, { steps: 30 }])
    }),
  )

  it.effect("leaves a course alone that ends before", () =>
    Effect.gen(function* () {
      expect(yield* paramsOf({ untilStep: 40 })).toEqual([{ steps: 30, whose: null }, { steps: 30 }])
    }),
  )

  it.effect("says whose trial it is, where a stage asks for that", () =>
    Effect.gen(function* () {
      const trial = { sweep: "rates", trial: 7 }
      expect(yield* paramsOf({ trial })).toEqual([{ steps: 30, whose: "rates 7" }, { steps: 30 }])
    }),
  )

  it.effect("is as it was written when it is wired again without", () =>
    Effect.gen(function* () {
      yield* paramsOf({ untilStep: 10, trial: { sweep: "rates", trial: 7 } })
      expect(yield* paramsOf({})).toEqual([{ steps: 30, whose: null }, { steps: 30 }])
    }),
  )
})
