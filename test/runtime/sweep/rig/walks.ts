/** A pipeline of numbers with a course of steps: its loss falls with the steps and is lowest at a rate of 0.3; a dim of 13 fails. */
import { Schema } from "effect"
import { pipeline } from "../../../../src/runtime/define/pipeline.ts"
import { stage } from "../../../../src/runtime/define/stage.ts"
import { StageFailure } from "../../../../src/runtime/model/stage-failure.ts"

/** What was computed, in order; whoever counts empties it first. */
export const calls: string[] = []

const walk = stage({
  name: "walk",
  code: import.meta.url,
  params: Schema.Struct({ rate: Schema.Finite, dim: Schema.Int, steps: Schema.Int, seed: Schema.Int }),
  wires: {},
  output: Schema.Finite,
  course: {
    of: ({ rate, dim, steps, seed }) => ({
      start: [rate, dim, seed],
      steps: Array.from({ length: steps }, () => 0),
      unit: "steps",
    }),
    until: (params, steps) => (steps < params.steps ? { ...params, steps } : params),
  },
  run: ({ params: { rate, dim, steps, seed } }) => {
    calls.push(`${rate} ${dim} ${steps} ${seed}`)
    if (dim === 13)
      throw new StageFailure({ what: "No luck", where: "walk", why: "13", hint: "Take another", kind: "work" })
    return (rate - 0.3) ** 2 + 1 / dim + 1 / steps + seed / 1000
  },
})

const size = stage({
  name: "size",
  code: import.meta.url,
  params: Schema.Struct({ dim: Schema.Int }),
  wires: {},
  output: Schema.Int,
  run: ({ params: { dim } }) => -dim,
})

const params = Schema.Struct({ rate: Schema.Finite, dim: Schema.Int, steps: Schema.Int, seed: Schema.Int })
const defaults = { rate: 0.5, dim: 4, steps: 27, seed: 0 }

/** Results: the loss, and how small the dim is. */
export const walks = pipeline("walks", { params, defaults }, (given) => ({
  loss: walk(given),
  smallness: size({ dim: given.dim }),
}))
