/** A sweep looked through before anything runs: what is wrong with it, and axes that change nothing. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { pipeline } from "../../../src/runtime/define/pipeline.ts"
import { stage } from "../../../src/runtime/define/stage.ts"
import type { RunFailure } from "../../../src/runtime/run/run-outcome.ts"
import { asha } from "../../../src/runtime/search/asha.ts"
import { exhaustive } from "../../../src/runtime/search/exhaustive.ts"
import { oneOf, repeats, uniform } from "../../../src/runtime/sweep/axis.ts"
import { minimise } from "../../../src/runtime/sweep/objective.ts"
import { prepareSweep } from "../../../src/runtime/sweep/prepared-sweep.ts"
import { type Sweep, sweep } from "../../../src/runtime/sweep/sweep.ts"

const number = (name: string) =>
  stage({
    name,
    code: import.meta.url,
    params: Schema.Struct({ value: Schema.Finite }),
    wires: {},
    output: Schema.Finite,
    run: ({ params }) => params.value,
  })
const [lose, paint] = [number("lose"), number("paint")]

const params = Schema.Struct({ rate: Schema.Finite, hue: Schema.Finite, idle: Schema.Finite })
const pictures = pipeline("pictures", { params, defaults: { rate: 1, hue: 1, idle: 1 } }, ({ rate, hue }) => ({
  loss: lose({ value: rate }),
  sheet: paint({ value: hue }),
}))

const objective = minimise("loss")
const told = (one: Sweep) =>
  prepareSweep(one).pipe(
    Effect.map(({ problems }) => problems),
    Effect.catchTag("RunFailure", (failure: RunFailure) => Effect.succeed(failure.problems)),
    Effect.map((problems) => problems.map(({ severity, field, why }) => `${severity}: ${field}: ${why}`)),
  )
const wrong = (written: object) =>
  sweep(pictures, { space: { rate: uniform(0, 1) }, objective, ...written } as Parameters<typeof sweep>[1])

describe("a sweep is refused before anything runs", () => {
  it.effect.each<readonly [string, object, string]>([
    [
      "without an objective",
      { objective: undefined },
      "error: objective: an objective has to be minimise(…) or maximise(…); this is undefined",
    ],
    [
      "for a result that is not there",
      { objective: minimise("losses") },
      'error: objective: the pipeline has no result "losses"',
    ],
    [
      "for half a trial",
      { trials: 1.5 },
      "error: trials: it has to be a whole number from 1 on; this is the number 1.5",
    ],
    ["for rungs that go down", { search: asha({ rungs: [9, 3] }) }, "error: rungs: the rung 3 comes after 9"],
    [
      "for all points of a range",
      { search: exhaustive() },
      "error: rate: a range of real numbers has endlessly many values, and an exhaustive search tries them all",
    ],
    [
      "for an axis that no stage reads",
      { space: { idle: uniform(0, 1) } },
      "error: space.idle: no stage of the pipeline reads it",
    ],
  ])("%s", ([, written, sentence]) =>
    Effect.gen(function* () {
      expect(yield* told(wrong(written))).toEqual([sentence])
    }),
  )
})

describe("a sweep that has been looked through", () => {
  it.effect("warns of an axis that only what is not measured reads", () =>
    Effect.gen(function* () {
      expect(yield* told(wrong({ space: { hue: oneOf(1, 2) } }))).toEqual([
        "warning: space.hue: no stage that the objective depends on reads it, so it cannot make a trial better or worse",
      ])
    }),
  )

  it.effect("measures no more than the objective depends on", () =>
    Effect.gen(function* () {
      const prepared = yield* prepareSweep(wrong({}))
      const graph = yield* prepared.graphAt({ rate: 0.5 })
      expect(graph.stages.map(({ label }) => label)).toEqual(["lose", "paint"])
      expect(prepared.measured(graph).stages.map(({ label, params }) => [label, params])).toEqual([
        ["lose", { value: 0.5 }],
      ])
    }),
  )

  it.effect("gives a repeated parameter each of its seeds", () =>
    Effect.gen(function* () {
      const { repeats: seeds, graphAt } = yield* prepareSweep(wrong({ space: { rate: oneOf(1, 2), hue: repeats(3) } }))
      const graphs = yield* Effect.forEach(seeds, (seed) => graphAt({ rate: 0 }, {}, seed))
      expect(graphs.map(({ params }) => params["hue"])).toEqual([1, 2, 3])
    }),
  )

  it.effect("tries all points of an exhaustive search that its constraint lets pass", () =>
    Effect.gen(function* () {
      const all = sweep(pictures, {
        space: { rate: oneOf(1, 2, 3), hue: oneOf(1, 2) },
        search: exhaustive(),
        where: ({ rate, hue }) => rate !== hue,
        objective,
      })
      expect((yield* prepareSweep(all)).trials).toBe(4)
    }),
  )

  it.effect("is defined alike whatever its length, and otherwise by another seed", () =>
    Effect.gen(function* () {
      const definitionOf = (written: object) => Effect.map(prepareSweep(wrong(written)), ({ definition }) => definition)
      expect(yield* definitionOf({ trials: 3 })).toEqual(yield* definitionOf({ trials: 30 }))
      expect(yield* definitionOf({ seed: 2 })).not.toEqual(yield* definitionOf({}))
    }),
  )
})
