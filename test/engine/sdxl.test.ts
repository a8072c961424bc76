/** SDXL on a tiny base: texts and pictures against transformers and diffusers (test/reference/make_sdxl_goldens.py), and what goes wrong. */
import { readFileSync } from "node:fs"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Engine } from "../../src/engine/engine.ts"
import type { StoredSampleJob } from "../../src/engine/jobs/host-protocol.ts"
import type { BaseModelFiles } from "../../src/engine/jobs/train-job.ts"
import { encodeA1111Embedding } from "../../src/formats/embedding-file.ts"
import { decodeSafetensors } from "../../src/formats/safetensors.ts"
import { encodingOf } from "../rig/encoding-of.ts"
import { encodeLoraFile } from "../rig/lora-bytes.ts"
import { storedFile, storedJob } from "../rig/stored-job.ts"
import { embeddingOf, loraModulesOf, trainHere } from "../rig/trained.ts"
import { makeTinyBase, makeTinySdxl } from "./tiny-base.ts"
import { endId, recordingHooks, tinySdxlJob } from "./tiny-job.ts"

const base = makeTinySdxl()
const golden = decodeSafetensors(readFileSync(new URL("../golden/engine/sdxl.safetensors", import.meta.url)))
/** As in make_sdxl_goldens.py. */
const prompts = ["a sks dog", "", `text that is longer than all of the others ${"photo ".repeat(90)}`]

const recipe: StoredSampleJob = {
  base,
  prompt: prompts[0]!,
  encoding: encodingOf(base, 2),
  lora: null,
  sampler: "DDIM",
  steps: 3,
  guidanceScale: 4,
  seed: 1,
  height: 16,
  width: 16,
}

const worst = (a: Float32Array, b: Float32Array): number =>
  a.reduce((top, value, at) => Math.max(top, Math.abs(value - b[at]!)), 0)
const idsIn = (name: string) => Array.from(golden.values(name) as BigInt64Array, Number)

/** Trained on both text encoders, with an embedding in both. */
const trainAll = Effect.gen(function* () {
  const customEmbedding = { keyword: "sks", length: 2, learningRate: 0.1, initWord: "photo" }
  const settings = { textModel: { learningRate: 1e-2 }, unetLearningRate: 1e-2, customEmbedding, clipSkip: 2 }
  const { snapshot } = yield* trainHere(tinySdxlJob(base, 6, settings))
  return {
    lora: { file: storedFile(encodeLoraFile(yield* loraModulesOf(snapshot, 1), {})), strength: 1 },
    embedding: { keyword: "sks", file: storedFile(encodeA1111Embedding(yield* embeddingOf(snapshot))) },
  }
})

layer(Engine.layer, { excludeTestServices: true })("SDXL", (it) => {
  it.effect.each([1, 2])("a caption has transformers' ids, states and pooled vector at CLIP skip %d", (clipSkip) =>
    Effect.gen(function* () {
      const engine = yield* Engine
      for (const [n, text] of prompts.entries()) {
        const encoding = encodingOf(base, clipSkip)
        const { tokenIds, condition } = yield* engine.encodeText({ base, text, encoding })
        const { states, pooled } = condition
        assert.deepStrictEqual(
          tokenIds.map((ids) => [...ids]),
          [idsIn(`ids.${n}`), idsIn(`ids_2.${n}`)],
        )
        assert.deepStrictEqual([...states.shape], [77, 16 + 24])
        assert.isBelow(worst(states.data, golden.float32(`states.${clipSkip}.${n}`)), 2e-5)
        assert.deepStrictEqual([...pooled!.shape], [12])
        assert.isBelow(worst(pooled!.data, golden.float32(`pooled.${n}`)), 2e-5)
      }
    }),
  )

  it.effect("what either tokenizer cuts off is told", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      // The second tokenizer pads with "!" and so reads each of them alone; the first one has a token for two.
      const text = `${"!! ".repeat(40)}photo`
      const { truncated, tokenIds } = yield* engine.encodeText({ base, text, encoding: encodingOf(base, 2) })
      assert.include(truncated.join(), "photo")
      assert.isBelow(tokenIds[0]!.indexOf(endId), 50)
      assert.strictEqual(tokenIds[1]!.indexOf(endId), 76)
    }),
  )

  it.effect.each([
    ["plain", {}],
    ["negative", { negativePrompt: "a cat" }],
    ["skip-one", { encoding: encodingOf(base, 1) }],
  ] as const)("a prompt becomes diffusers' picture: %s", ([name, settings]) =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const { pixels } = yield* engine.sample({ ...recipe, ...settings })
      const expected = golden.float32(`picture.${name}`)
      // Half a step of eight bits, and what float32 adds.
      assert.isBelow(
        worst(
          Float32Array.from(pixels, (value) => value / 255),
          expected,
        ),
        0.51 / 255,
      )
    }),
  )

  it.effect("adapters and embedding of both text encoders change the picture, each by itself", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const { lora, embedding } = yield* trainAll
      const keys = [...decodeSafetensors(readFileSync(lora.file.path)).header.tensors.keys()]
      const prefixes = new Set(keys.map((key) => /^lora_(te\d|unet_[a-z]+)/.exec(key)?.[1]))
      assert.deepStrictEqual([...prefixes].sort(), ["te1", "te2", "unet_input", "unet_middle", "unet_output"])
      const plain = yield* engine.sample(recipe)
      const withLora = yield* engine.sample({ ...recipe, lora })
      const withEmbedding = yield* engine.sample({ ...recipe, embedding })
      const withBoth = yield* engine.sample({ ...recipe, lora, embedding })
      const pictures = [plain, withLora, withEmbedding, withBoth].map(({ pixels }) => pixels.join())
      assert.strictEqual(new Set(pictures).size, 4)
    }),
  )

  it.effect("an embedding for one text encoder, and one for two on a base of one, are refused in words", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const rows = (width: number) => ({ data: new Float32Array(width).fill(0.1), shape: [1, width] })
      const word = (tables: readonly number[]) => ({
        keyword: "sks",
        file: storedFile(encodeA1111Embedding(tables.map(rows))),
      })
      const one = yield* Effect.flip(engine.sample({ ...recipe, embedding: word([16]) }))
      assert.include(one.why, "for one text encoder only, the base model has two")
      const otherBase = makeTinyBase()
      const sd1 = { ...recipe, base: otherBase, encoding: encodingOf(otherBase, 1) }
      const two = yield* Effect.flip(engine.sample({ ...sd1, embedding: word([16, 24]) }))
      assert.include(two.why, "for two text encoders, the base model has one")
      const narrow = yield* Effect.flip(engine.sample({ ...recipe, embedding: word([16, 16]) }))
      assert.include(narrow.why, "its rows have 16 numbers, the base model's text encoder takes 24")
    }),
  )

  it.effect("a UNet of SDXL with one text encoder is refused in words, in training and painting", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const half = Object.fromEntries(
        Object.entries(base).filter(([name]) => !name.includes("_2/")),
      ) satisfies BaseModelFiles
      const painting = yield* Effect.flip(engine.sample({ ...recipe, base: half }))
      assert.include(painting.why, "needs two text encoders")
      const job = tinySdxlJob(half, 1, { textModel: { learningRate: 1e-3 } })
      const training = yield* Effect.flip(trainHere(job))
      assert.include(training.why, "needs two text encoders")
    }),
  )

  it.effect("a run stopped in the middle and gone on with gives the same bytes", () =>
    Effect.gen(function* () {
      const settings = { textModel: { learningRate: 1e-3 }, clipSkip: 2, captionDropout: 0.3 }
      const job = tinySdxlJob(base, 4, settings)
      const whole = yield* trainHere(job)
      const first = yield* trainHere({ ...job, untilStep: 2 })
      const rest = { ...job, fromStep: 2, resume: first.snapshot }
      assert.deepStrictEqual((yield* trainHere(rest)).snapshot, whole.snapshot)
    }),
  )

  it.effect("a training tells how many adapters each text encoder has", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const { hooks } = recordingHooks()
      const told: unknown[] = []
      const onStart = ({ textEncoders }: { readonly textEncoders: unknown }) =>
        Effect.sync(() => told.push(textEncoders))
      const job = tinySdxlJob(base, 1, { textModel: { learningRate: 1e-3 }, clipSkip: 2 })
      yield* engine.train(storedJob(job), { ...hooks, onStart })
      // CLIP skip 2 cuts one of the first encoder's two layers off; the second one's pooled vector needs all three.
      assert.deepStrictEqual(told, [
        [
          { modules: 6, run: 1, layers: 2 },
          { modules: 18, run: 3, layers: 3 },
        ],
      ])
    }),
  )
})
