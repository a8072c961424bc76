/** A whole training run against PyTorch in double precision (test/reference/make_training_goldens.py). */
import { readFileSync } from "node:fs"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Engine } from "../../src/engine/engine.ts"
import { decodeSafetensors } from "../../src/formats/safetensors.ts"
import { goldenJob, goldenSteps } from "./golden-run.ts"
import { makeTinyBase } from "./tiny-base.ts"

const golden = decodeSafetensors(readFileSync(new URL("../golden/engine/training.safetensors", import.meta.url)))
const goldenKeys = [...golden.header.tensors.keys()]

const largest = (values: Float32Array): number => values.reduce((top, value) => Math.max(top, Math.abs(value)), 0)
const difference = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, at) => value - b[at]!)
const squares = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0)

layer(Engine.layer, { excludeTestServices: true })("twenty updates", (it) => {
  it.effect("have PyTorch's losses, gradients and movement", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const job = yield* goldenJob(makeTinyBase())
      const trace = decodeSafetensors(yield* engine.traceTraining(job, goldenSteps))

      golden.float32("losses").forEach((expected, draw) => {
        const [loss] = trace.float32(`step.${Math.floor(draw / 2)}.${draw % 2}.loss`)
        assert.closeTo(loss! / expected, 1, 1e-5, `loss of micro-batch ${draw}`)
      })

      const gradientKeys = goldenKeys.filter((key) => key.startsWith("step."))
      const floor = 1e-6 * Math.max(...gradientKeys.map((key) => largest(golden.float32(key))))
      for (const key of gradientKeys) {
        const expected = golden.float32(key)
        const own = trace.float32(key.replace(".adapter/", ".grad/"))
        const error = largest(difference(own, expected)) / Math.max(largest(expected), floor)
        assert.isAtMost(error, 1e-4, key)
      }

      let offSquared = 0
      let movedSquared = 0
      for (const key of goldenKeys.filter((one) => one.startsWith("adapter/"))) {
        const expected = golden.float32(key)
        offSquared += squares(
          difference(trace.float32(key.replace("adapter/", `adapter.${goldenSteps - 1}/`)), expected),
        )
        movedSquared += squares(difference(trace.float32(key.replace("adapter/", "adapter.init/")), expected))
      }
      assert.isAtMost(Math.sqrt(offSquared / movedSquared), 1e-3)
    }),
  )
})
