/** What trials have in common, counted before anything runs. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { pipeline } from "../../../src/runtime/define/pipeline.ts"
import { stage } from "../../../src/runtime/define/stage.ts"
import { stageTree } from "../../../src/runtime/sweep/stage-tree.ts"

const prepare = stage({
  name: "prepare",
  code: import.meta.url,
  params: Schema.Struct({ size: Schema.Int }),
  wires: {},
  output: Schema.Finite,
  run: ({ params }) => params.size,
})

/** Walks at one pace, and from `turn` on at another. */
const walk = stage({
  name: "walk",
  code: import.meta.url,
  params: Schema.Struct({ steps: Schema.Int, turn: Schema.Int, start: Schema.Int }),
  wires: { prepared: Schema.Finite },
  output: Schema.Finite,
  course: {
    of: ({ steps, turn, start }) => ({
      start,
      steps: Array.from({ length: steps }, (_, step) => (step < turn ? 1 : 2)),
      unit: "steps",
    }),
    until: (params, steps) => (steps < params.steps ? { ...params, steps } : params),
  },
  run: ({ params }) => params.steps,
})

const params = Schema.Struct({ steps: Schema.Int, turn: Schema.Int, start: Schema.Int, size: Schema.Int })
const walks = pipeline("walks", { params, defaults: { steps: 100, turn: 100, start: 0, size: 1 } }, (given) =>
  walk(prepare({ size: given.size }), { steps: given.steps, turn: given.turn, start: given.start }),
)

const grown = Effect.fnUntraced(function* (trials: readonly Readonly<Record<string, number>>[]) {
  const graphs = yield* Effect.forEach(trials, (set) => walks.instantiate(set))
  const tree = stageTree()
  const added = graphs.map((graph) => tree.add(graph))
  return { added, waypoints: graphs.map((graph) => tree.waypoints(graph).get("walk")) }
})

describe("a tree of trials", () => {
  it.effect("counts steps that two trials share once, and asks for snapshots where they part and end", () =>
    Effect.gen(function* () {
      const { added, waypoints } = yield* grown([{ turn: 60 }, { turn: 80 }, { turn: 60, steps: 70 }])
      expect(added).toEqual([100, 40, 0])
      expect(waypoints).toEqual([
        [60, 70, 100],
        [60, 100],
        [60, 70],
      ])
    }),
  )

  it.effect("shares nothing between trials whose beginnings or earlier stages differ", () =>
    Effect.gen(function* () {
      const { added } = yield* grown([{}, { start: 1 }, { size: 2 }, {}])
      expect(added).toEqual([100, 100, 100, 0])
    }),
  )

  it.effect("does not depend on the order in which trials come, in all", () =>
    Effect.gen(function* () {
      const trials = [{ turn: 10 }, { turn: 90 }, { turn: 50, steps: 60 }, { turn: 50 }, { start: 3 }]
      const sum = ({ added }: { readonly added: readonly number[] }) => added.reduce((all, one) => all + one, 0)
      expect(sum(yield* grown(trials))).toBe(sum(yield* grown(trials.toReversed())))
    }),
  )

  it.effect("does not count steps that are known already", () =>
    Effect.gen(function* () {
      const tree = stageTree()
      const [one, other] = [yield* walks.instantiate({ turn: 60 }), yield* walks.instantiate({ turn: 80 })]
      tree.know(one, "walk", 55)
      tree.know(one, "elsewhere", 99)
      expect([tree.add(one), tree.add(other)]).toEqual([45, 40])
    }),
  )

  it.effect("says which stretches two trials have in common", () =>
    Effect.gen(function* () {
      const tree = stageTree()
      const [one, other] = [yield* walks.instantiate({ turn: 60 }), yield* walks.instantiate({ turn: 80 })]
      tree.add(one)
      tree.add(other)
      const [first, second] = [one, other].map((graph) => tree.segments(graph).get("walk")!)
      expect(first!.map(({ from, to }) => [from, to])).toEqual([
        [0, 60],
        [60, 100],
      ])
      expect(second!.map(({ id }) => first!.some((segment) => segment.id === id))).toEqual([true, false])
    }),
  )
})
