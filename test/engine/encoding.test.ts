/** Encoding and painting through the service, on a tiny base. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Engine } from "../../src/engine/engine.ts"
import type { StoredSampleJob } from "../../src/engine/jobs/host-protocol.ts"
import { encodingOf } from "../rig/encoding-of.ts"
import { encodeLoraFile } from "../rig/lora-bytes.ts"
import { storedFile } from "../rig/stored-job.ts"
import { loraModulesOf, trainHere } from "../rig/trained.ts"
import { makeTinyBase } from "./tiny-base.ts"
import { randomPixels, side, tinyJob } from "./tiny-job.ts"

const base = makeTinyBase()
const recipe: StoredSampleJob = {
  base,
  prompt: "a sks dog",
  encoding: encodingOf(base, 1),
  lora: null,
  sampler: "DDIM",
  steps: 3,
  guidanceScale: 4,
  seed: 1,
  height: side,
  width: side,
}

layer(Engine.layer, { excludeTestServices: true })("engine", (it) => {
  it.effect("a picture becomes mean and log-variance at the VAE's factor", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const encoded = yield* engine.encodeImage({ base, pixels: randomPixels(1), height: side, width: side })
      assert.deepStrictEqual([...encoded.shape], [4, side / 2, side / 2])
      assert.isTrue([...encoded.mean, ...encoded.logVariance].every(Number.isFinite))
      assert.isAbove(new Set(encoded.mean).size, 100)
    }),
  )

  it.effect("a picture whose sides the VAE cannot halve is refused in words", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const job = { base, pixels: new Float32Array(3 * 15 * 16), height: 15, width: 16 }
      const failure = yield* Effect.flip(engine.encodeImage(job))
      assert.strictEqual(failure.kind, "input")
      assert.include(failure.what, "16 × 15")
    }),
  )

  it.effect("a caption becomes 77 ids and states, and CLIP skip changes the states only", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const [all, fewer] = yield* Effect.forEach([1, 2], (clipSkip) =>
        engine.encodeText({ base, text: "a sks dog", encoding: encodingOf(base, clipSkip) }),
      )
      assert.deepStrictEqual(
        all!.tokenIds.map((ids) => ids.length),
        [77],
      )
      assert.deepStrictEqual([...all!.condition.states.shape], [77, 16])
      assert.deepStrictEqual(all!.tokenIds, fewer!.tokenIds)
      assert.notDeepEqual(all!.condition, fewer!.condition)
    }),
  )

  it.effect("a CLIP skip beyond the encoder's layers is refused in words", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const failure = yield* Effect.flip(engine.encodeText({ base, text: "a dog", encoding: encodingOf(base, 3) }))
      assert.include(failure.why, "2 layers")
    }),
  )

  it.effect("the same recipe paints the same picture, another seed another one", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const first = yield* engine.sample(recipe)
      const again = yield* engine.sample(recipe)
      const other = yield* engine.sample({ ...recipe, seed: 2 })
      assert.lengthOf(first.pixels, 3 * side * side)
      assert.deepStrictEqual(first.pixels, again.pixels)
      assert.notDeepEqual(first.pixels, other.pixels)
    }),
  )

  it.effect("a LoRA changes the picture, at strength 0 it does not", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const job = tinyJob(base, 12, { unetLearningRate: 3e-2 })
      const { snapshot } = yield* trainHere(job)
      const file = storedFile(encodeLoraFile(yield* loraModulesOf(snapshot, 1), {}))
      const plain = yield* engine.sample(recipe)
      const withLora = yield* engine.sample({ ...recipe, lora: { file, strength: 1 } })
      const withoutStrength = yield* engine.sample({ ...recipe, lora: { file, strength: 0 } })
      assert.notDeepEqual(withLora.pixels, plain.pixels)
      assert.deepStrictEqual(withoutStrength.pixels, plain.pixels)
    }),
  )

  it.effect("a LoRA of another network is refused in words", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const one = Float32Array.of(1)
      const module = { key: "lora_unet_elsewhere", down: one, up: one, downShape: [1, 1], upShape: [1, 1], alpha: 1 }
      const file = storedFile(encodeLoraFile([module], {}))
      const failure = yield* Effect.flip(engine.sample({ ...recipe, lora: { file, strength: 1 } }))
      assert.strictEqual(failure.kind, "input")
      assert.include(failure.why, "lora_unet_elsewhere")
    }),
  )
})
