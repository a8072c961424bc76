/** The validation loss: the same at each call, moved by what was trained alone, and PyTorch's (see replay-rig.ts). */
import { assert, describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { openTextNetworks } from "../../src/engine/base/text-networks.ts"
import { Engine } from "../../src/engine/engine.ts"
import type { StoredValidateJob } from "../../src/engine/jobs/host-protocol.ts"
import { validationNoise } from "../../src/engine/train/validate.ts"
import { encodeA1111Embedding } from "../../src/formats/embedding-file.ts"
import { encodeSafetensors, type TensorToStore } from "../../src/formats/write-safetensors.ts"
import { TrainSettings } from "../../src/settings/train-settings.ts"
import { trainedStart } from "../../src/settings/trained-start.ts"
import { encodingOf } from "../rig/encoding-of.ts"
import { filesIn } from "../rig/files-in.ts"
import { encodeLoraFile } from "../rig/lora-bytes.ts"
import { type JobInHand, storedFile, storedSample } from "../rig/stored-job.ts"
import { embeddingOf, loraModulesOf, trainHere } from "../rig/trained.ts"
import { encodedSamples, judge, python, randomModel } from "./replay-rig.ts"
import { makeTinyBase } from "./tiny-base.ts"
import { type SomeSettings, tinyJob } from "./tiny-job.ts"

const timesteps = [937, 562, 187, 62]
const embedding = { keyword: "sks", length: 2, learningRate: 1e-2, initWord: "dog" }

/** A few updates, and the files that a pipeline would keep of them. */
const trained = Effect.fnUntraced(function* (job: JobInHand) {
  const { snapshot } = yield* trainHere(job)
  const modules = yield* loraModulesOf(snapshot, job.settings.networkScale)
  const rows = yield* embeddingOf(snapshot)
  return {
    modules,
    rows,
    adapter: modules.length === 0 ? null : storedFile(encodeLoraFile(modules, {})),
    embedding: rows.length === 0 ? null : storedFile(encodeA1111Embedding(rows)),
  }
})

const jobOf = (
  { base, encoding, settings, samples }: JobInHand,
  more: Partial<StoredValidateJob> = {},
): StoredValidateJob => ({
  ...{
    base,
    encoding,
    trained: trainedStart(settings),
    samples: samples.map(storedSample),
    timesteps,
    seed: 0,
    adapter: null,
    embedding: null,
  },
  ...more,
})

const base = makeTinyBase()
const inEngine = (name: string, work: () => Effect.Effect<void, unknown, Engine>) =>
  it.live(name, () => work().pipe(Effect.provide(Engine.layer, { local: true })), 120_000)

describe("the validation loss", () => {
  inEngine("is the same at each call, and another with another seed", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const job = jobOf(tinyJob(base, 3))
      const first = yield* engine.validate(job)
      assert.deepStrictEqual(
        first.losses.map(({ length }) => length),
        [4, 4, 4],
      )
      assert.deepStrictEqual(yield* engine.validate(job), first)
      assert.notDeepEqual(yield* engine.validate({ ...job, seed: 1 }), first)
    }),
  )

  it("has noise of its own for each picture and each of its timesteps, the same at each call", () => {
    const [sample, other] = tinyJob(base, 3).samples
    const drawn = [sample!, other!].flatMap((one) => [0, 1].map((place) => [...validationNoise(0, one, place)]))
    expect(new Set(drawn.map(String)).size).toBe(4)
    expect([...validationNoise(0, sample!, 1)]).toEqual(drawn[1])
  })

  inEngine("of a picture does not depend on the other pictures, nor on what only drives the training", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const training = tinyJob(base, 3)
      const { losses } = yield* engine.validate(jobOf(training))
      const alone = yield* engine.validate(jobOf({ ...training, samples: training.samples.slice(1, 2) }))
      assert.deepStrictEqual(alone.losses[0], losses[1])
      const driven = {
        noiseOffset: 0.3,
        minSnrGamma: 5,
        captionDropout: 0.9,
        steps: 9,
        denoising: { start: 0, end: 0.1 },
      }
      assert.deepStrictEqual((yield* engine.validate(jobOf(tinyJob(base, 3, driven)))).losses, losses)
    }),
  )

  inEngine("is moved by the LoRA, the text encoder and the embedding, each by itself", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const each: readonly SomeSettings[] = [
        {},
        { textModel: { learningRate: 1e-2 }, unetLearningRate: 0 },
        { customEmbedding: embedding, networkDim: 0 },
      ]
      for (const settings of each) {
        const job = tinyJob(base, 3, settings)
        const before = yield* engine.validate(jobOf(job))
        const { adapter, embedding } = yield* trained(job)
        const after = yield* engine.validate(jobOf(job, { adapter, embedding }))
        assert.notDeepEqual(after, before)
      }
    }),
  )

  inEngine("of captions that do not mention the embedding is not moved by it", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const job = tinyJob(base, 3, { customEmbedding: embedding, networkDim: 0 })
      const others = { ...job, samples: job.samples.map((sample) => ({ ...sample, caption: "a cat" })) }
      const { embedding: file } = yield* trained(job)
      assert.deepStrictEqual(
        yield* engine.validate(jobOf(others, { embedding: file })),
        yield* engine.validate(jobOf(others)),
      )
    }),
  )
})

const cases: readonly (readonly [string, string, SomeSettings])[] = [
  ["a LoRA", "a", {}],
  ["a LoRA under CLIP skip 2, for v-prediction", "b", { clipSkip: 2 }],
  ["text encoder and embedding", "a", { textModel: { learningRate: 1e-3 }, customEmbedding: embedding }],
  ["an embedding alone", "b", { networkDim: 0, customEmbedding: embedding }],
  ["SDXL, all of it", "sdxl", { clipSkip: 2, textModel: { learningRate: 1e-3 }, customEmbedding: embedding }],
]

const captions = ["a red cat", "photo of <sks> on the moon"]

/** A measurement after three updates, written down for check_validation.py. */
const measured = Effect.fnUntraced(function* (folder: string, { clipSkip = 1, ...some }: SomeSettings) {
  const engine = yield* Engine
  const files = filesIn(folder)
  const settings = TrainSettings.make({
    ...{
      networkDim: 4,
      networkScale: 0.7,
      unetLearningRate: 1e-2,
      steps: 3,
      seed: 5,
      gradientAccumulationSteps: 2,
      warmupSteps: 0,
    },
    ...some,
  })
  const encoding = encodingOf(files, clipSkip)
  const samples = yield* encodedSamples(files, captions, encoding)
  const job: JobInHand = { base: files, encoding, settings, samples, fromStep: 0, untilStep: 3, snapshotAtSteps: [] }
  const { modules, rows, ...saved } = yield* trained(job)
  const { losses } = yield* engine.validate(jobOf(job, saved))
  const networks = yield* openTextNetworks(files, encoding)
  const idsOf = (caption: string, { encoder, tokenizer }: (typeof networks)[number]) =>
    tokenizer.encode(caption, rows.length === 0 ? undefined : { ...embedding, firstId: encoder.config.vocab_size }).ids
  const tensors = new Map<string, TensorToStore>()
  const put = (key: string, data: Float32Array, shape: readonly number[]) =>
    tensors.set(key, { dtype: "F32", shape, data })
  const putIds = (key: string, ids: readonly number[]) =>
    tensors.set(key, { dtype: "I64", shape: [ids.length], data: BigInt64Array.from(ids, BigInt) })
  for (const { key, down, up, downShape, upShape } of modules) {
    put(`adapter/${key}.lora_down.weight`, down, downShape)
    put(`adapter/${key}.lora_up.weight`, up, upShape)
  }
  for (const [place, { data, shape }] of rows.entries()) put(`embedding/${networks[place]!.embedding}`, data, shape)
  samples.forEach((sample, picture) => {
    put(`picture.${picture}.mean`, sample.mean, sample.latentShape)
    networks.forEach((network, place) => {
      putIds(`picture.${picture}.tokens.${place}`, idsOf(sample.caption, network))
    })
    putIds(`picture.${picture}.time_ids`, sample.timeIds)
    timesteps.forEach((timestep, place) => {
      const at = `picture.${picture}.${place}`
      putIds(`${at}.timestep`, [timestep])
      put(`${at}.noise`, validationNoise(0, sample, place), sample.latentShape)
      put(`${at}.loss`, Float32Array.of(losses[picture]![place]!), [1])
    })
  })
  const told = { clip_skip: clipSkip, scale: settings.networkScale }
  return { tensors, metadata: { settings: JSON.stringify(told) } }
})

const script = "check_validation.py"

describe.runIf(python !== undefined)(
  "the validation loss in PyTorch",
  () => {
    it.live.each(cases)("is the same for %s", ([, shape, settings]) =>
      Effect.gen(function* () {
        const folder = randomModel(shape)
        const { tensors, metadata } = yield* measured(folder, settings)
        const honest = judge(folder, encodeSafetensors(tensors, metadata), script)
        assert.isTrue(honest.isAccepted, honest.words)
        // A thousandth in one loss, and one row of the noise, are told.
        const loss = tensors.get("picture.1.2.loss")!
        const off = new Map(tensors).set("picture.1.2.loss", {
          ...loss,
          data: (loss.data as Float32Array).map((one) => one * 1.001),
        })
        assert.include(judge(folder, encodeSafetensors(off, metadata), script).words, "the worst of them picture.1.2")
        const noise = new Map(tensors).set("picture.0.0.noise", tensors.get("picture.0.1.noise")!)
        assert.isTrue(judge(folder, encodeSafetensors(noise, metadata), script).isRejected)
      }).pipe(Effect.provide(Engine.layer, { local: true })),
    )
  },
  300_000,
)
