/** Traces of random models, judged by PyTorch where there is one (see replay-rig.ts). */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Engine } from "../../src/engine/engine.ts"
import { decodeSafetensors } from "../../src/formats/safetensors.ts"
import { judge, python, randomModel, retold, traceOf } from "./replay-rig.ts"
import type { SomeSettings } from "./tiny-job.ts"

/** The same trace with one adapter matrix a thousandth off after the second update. */
const spoiled = (bytes: Uint8Array): Uint8Array => {
  const { header } = decodeSafetensors(bytes)
  const victim = [...header.tensors.keys()].find((key) => /^adapter\.1\/.*lora_up\.weight$/.test(key))
  return retold(bytes, {
    tensor: (key, values) => (key === victim ? values.map((value) => value * 1.001) : undefined),
  })
}

const cases: readonly (readonly [string, SomeSettings])[] = [
  ["a", { gradientAccumulationSteps: 2 }],
  ["b", { gradientAccumulationSteps: 3, minSnrGamma: 5, noiseOffset: 0.1, clipSkip: 2 }],
  ["c", { gradientAccumulationSteps: 2 }],
  ["d", { maxGradNorm: 0.02, clipSkip: 2 }],
  ["sd2", { gradientAccumulationSteps: 2, noiseOffset: 0.1 }],
  ["sdxl", { gradientAccumulationSteps: 3, noiseOffset: 0.1, clipSkip: 2 }],
  ["sdxl", { clipSkip: 1, minSnrGamma: 5, captionDropout: 0.5 }],
  ["e", { denoising: { start: 0.2, end: 0.7 }, networkDim: 3 }],
]

describe.runIf(python !== undefined)(
  "replay",
  () => {
    it.live.each(cases)(
      "accepts the trace of a random model of shape %s, and rejects it when spoiled",
      ([shape, settings]) =>
        Effect.gen(function* () {
          const folder = randomModel(shape)
          const bytes = yield* traceOf(folder, settings)
          const honest = judge(folder, bytes)
          assert.isTrue(honest.isAccepted, honest.words)
          assert.isTrue(judge(folder, spoiled(bytes)).isRejected)
        }).pipe(Effect.provide(Engine.layer, { local: true })),
    )
  },
  300_000,
)
