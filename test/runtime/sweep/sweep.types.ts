/**
 * A space that does not fit its pipeline is a type error: each `@ts-expect-error` below is one that `tsc` must find, and everything
 * without one must compile. Never run.
 */
import { Schema } from "effect"
import { pipeline } from "../../../src/runtime/define/pipeline.ts"
import { stage } from "../../../src/runtime/define/stage.ts"
import { integer, logUniform, oneOf, repeats, uniform } from "../../../src/runtime/sweep/axis.ts"
import { maximise, measure, minimise } from "../../../src/runtime/sweep/objective.ts"
import { sweep } from "../../../src/runtime/sweep/sweep.ts"

const lose = stage({
  name: "lose",
  code: import.meta.url,
  wires: {},
  output: Schema.Finite,
  run: () => 1,
})

const params = Schema.Struct({
  rate: Schema.Finite,
  dim: Schema.Int,
  kind: Schema.Literals(["constant", "cosine"]),
  text: Schema.NullOr(Schema.Struct({ rate: Schema.Finite })),
  range: Schema.Struct({ start: Schema.Finite, end: Schema.Finite }),
  seed: Schema.Int,
})
const defaults = { rate: 1, dim: 4, kind: "constant", text: null, range: { start: 0, end: 1 }, seed: 1 } as const
const trained = pipeline("trained", { params, defaults }, () => ({ loss: lose() }))
const objective = minimise("loss")

sweep(trained, {
  space: {
    rate: logUniform(1e-4, 1e-2),
    dim: integer(4, 32, { step: 4 }),
    kind: oneOf("constant", "cosine"),
    text: oneOf(null, { rate: uniform(0, 1) }),
    range: { start: uniform(0, 0.5), end: 1 },
    seed: repeats(3),
  },
  objective: [objective, maximise(measure("half", { result: "loss", value: (loss: number) => loss / 2 }))],
  where: ({ rate, dim }) => rate * dim < 1,
})

// @ts-expect-error: the pipeline has no such parameter
sweep(trained, { space: { rates: uniform(0, 1) }, objective })
// @ts-expect-error: a text is no number
sweep(trained, { space: { rate: oneOf("fast", "slow") }, objective })
// @ts-expect-error: one of the listed values is none of the parameter's
sweep(trained, { space: { kind: oneOf("constant", "cosinus") }, objective })
// @ts-expect-error: a list is no axis
sweep(trained, { space: { dim: [4, 8] }, objective })
// @ts-expect-error: an axis inside an option has to fit too
sweep(trained, { space: { text: oneOf(null, { rate: oneOf("fast") }) }, objective })
// @ts-expect-error: the pipeline has no such result
sweep(trained, { space: {}, objective: minimise("losses") })
// @ts-expect-error: the constraint sees the pipeline's parameters
sweep(trained, { space: {}, objective, where: ({ rates }) => rates > 0 })
// @ts-expect-error: there is no sweep without an objective
sweep(trained, { space: {} })
