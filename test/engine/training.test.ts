/** Training through the service, in real host processes, on a tiny base. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Engine } from "../../src/engine/engine.ts"
import { decodeSafetensors } from "../../src/formats/safetensors.ts"
import { memoryModes } from "../../src/settings/memory-mode.ts"
import { storedJob } from "../rig/stored-job.ts"
import { trainHere } from "../rig/trained.ts"
import { makeTinyBase } from "./tiny-base.ts"
import { recordingHooks, type SomeSettings, tinyJob } from "./tiny-job.ts"

const base = makeTinyBase()

layer(Engine.layer, { excludeTestServices: true })("training", (it) => {
  it.effect("the same job twice gives the same bytes and the same records", () =>
    Effect.gen(function* () {
      const job = tinyJob(base, 6)
      const [first, second] = [recordingHooks(), recordingHooks()]
      const one = yield* trainHere(job, first)
      const two = yield* trainHere(job, second)
      assert.deepStrictEqual(one.snapshot, two.snapshot)
      assert.deepStrictEqual(
        first.records.map(({ loss, gradNorm, timesteps }) => ({ loss, gradNorm, timesteps })),
        second.records.map(({ loss, gradNorm, timesteps }) => ({ loss, gradNorm, timesteps })),
      )
      assert.isFalse(one.stopped)
      assert.strictEqual(one.step, 6)
    }),
  )

  it.effect("every memory mode gives the same bytes", () =>
    Effect.gen(function* () {
      const settings = {
        textModel: { learningRate: 1e-3 },
        customEmbedding: { keyword: "sks", length: 2, learningRate: 1e-2 },
      }
      for (const job of [tinyJob(base, 3), tinyJob(base, 3, settings)]) {
        const [fast, ...others] = yield* Effect.forEach(memoryModes, (memory) => {
          const recording = recordingHooks()
          return Effect.map(trainHere({ ...job, memory }, recording), ({ snapshot }) => {
            assert.deepStrictEqual(
              recording.plans.map(({ mode }) => mode),
              [memory],
            )
            return snapshot
          })
        })
        for (const other of others) assert.deepStrictEqual(other, fast)
      }
    }),
  )

  it.effect("a run resumed from a snapshot, in another process, ends in the same bytes", () =>
    Effect.gen(function* () {
      const job = tinyJob(base, 6)
      const recording = recordingHooks()
      const whole = yield* trainHere({ ...job, snapshotAtSteps: [3] }, recording)
      const elsewhere = Effect.gen(function* () {
        return yield* trainHere({ ...job, resume: recording.snapshots.get(3)!, fromStep: 3 })
      }).pipe(Effect.provide(Engine.layer, { local: true }))
      assert.deepStrictEqual((yield* elsewhere).snapshot, whole.snapshot)
    }),
  )

  it.effect("a stop request ends the run after the step it is in, with that step's snapshot", () =>
    Effect.gen(function* () {
      const job = tinyJob(base, 2000)
      const recording = recordingHooks(2)
      const result = yield* trainHere(job, recording)
      assert.isTrue(result.stopped)
      assert.isBelow(result.step, 2000)
      assert.strictEqual(recording.records.at(-1)!.step, result.step)
      const step = decodeSafetensors(result.snapshot).values("step")
      assert.strictEqual(Number(step[0]), result.step)
    }),
  )

  it.effect("forty steps lower the loss", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const job = tinyJob(base, 40, { unetLearningRate: 1e-2, denoising: { start: 0.5, end: 0.5 } })
      const { records, hooks } = recordingHooks()
      yield* engine.train(storedJob(job), hooks)
      const mean = (from: number, to: number) =>
        records.slice(from, to).reduce((sum, { loss }) => sum + loss, 0) / (to - from)
      assert.isBelow(mean(30, 40), 0.9 * mean(0, 10))
    }),
  )

  it.effect("a step record tells timesteps in the denoising range, the warm-up rate and the memory", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const settings = { unetLearningRate: 1e-3, warmupSteps: 4, denoising: { start: 0.8, end: 1 } }
      const { records, hooks } = recordingHooks()
      yield* engine.train(storedJob(tinyJob(base, 3, settings)), hooks)
      assert.deepStrictEqual(
        records.map(({ step }) => step),
        [1, 2, 3],
      )
      records.forEach(({ learningRate, timesteps, gradNorm, lossSmoothed, residentBytes }, update) => {
        assert.closeTo(learningRate, (1e-3 * (update + 1)) / 4, 1e-12)
        assert.lengthOf(timesteps, 2)
        for (const timestep of timesteps) assert.isTrue(timestep >= 0 && timestep <= 200)
        assert.isAbove(gradNorm, 0)
        assert.isAbove(lossSmoothed, 0)
        assert.isAbove(residentBytes, 1e7)
      })
      assert.closeTo(records[0]!.lossSmoothed, records[0]!.loss, 1e-9)
    }),
  )

  it.effect("a picture that makes the loss not a number is named with its step", () =>
    Effect.gen(function* () {
      const job = tinyJob(base, 3)
      const samples = job.samples.map((sample, index) =>
        index === 1 ? { ...sample, mean: sample.mean.map(() => Number.NaN) } : sample,
      )
      const failure = yield* Effect.flip(trainHere({ ...job, samples }))
      assert.strictEqual(failure.kind, "work")
      assert.match(failure.what, /^step [12], picture picture-1\.png$/)
    }),
  )

  it.effect("a snapshot that cannot be written ends the training, and is named by its step", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const job = { ...storedJob(tinyJob(base, 3)), snapshotFolder: "/nowhere" }
      const { records, hooks } = recordingHooks()
      const failure = yield* Effect.flip(engine.train({ ...job, snapshotAtSteps: [2] }, hooks))
      assert.strictEqual(failure.what, "the snapshot after step 2")
      assert.strictEqual(failure.kind, "work")
      assert.lengthOf(records, 2)
    }),
  )

  it.effect("a snapshot of another rank is refused in words", () =>
    Effect.gen(function* () {
      const { snapshot } = yield* trainHere(tinyJob(base, 1))
      const other = tinyJob(base, 2, { networkDim: 3 })
      const failure = yield* Effect.flip(trainHere({ ...other, resume: snapshot, fromStep: 1 }))
      assert.strictEqual(failure.kind, "input")
      assert.include(failure.why, "does not fit")
    }),
  )

  it.effect("a rate of zero is refused before anything runs", () =>
    Effect.gen(function* () {
      const job = tinyJob(base, 1, { unetLearningRate: 0 })
      const failure = yield* Effect.flip(trainHere(job))
      assert.strictEqual(failure.what, "unetLearningRate")
    }),
  )

  /** Pictures with a single place at the UNet's smallest level, where self-attention has one key. */
  const ofOneKey = (settings: SomeSettings) => {
    const job = tinyJob(base, 2, settings)
    const cut = (values: Float32Array) => values.subarray(0, 4 * 2 * 2)
    const samples = job.samples.map((sample) => {
      return { ...sample, mean: cut(sample.mean), logVariance: cut(sample.logVariance), latentShape: [4, 2, 2] }
    })
    return { ...job, samples }
  }

  it.effect("pictures as small as the model's own step train; a query of a single key rightly stays where it is", () =>
    Effect.gen(function* () {
      const { snapshot } = yield* trainHere(ofOneKey({}))
      const up = decodeSafetensors(snapshot)
      const moved = (path: string) =>
        up.float32(`adapter/lora_unet_${path}.lora_up.weight`).some((value) => value !== 0)
      const attention = "mid_block_attentions_0_transformer_blocks_0_attn1"
      assert.deepStrictEqual(
        ["to_q", "to_k", "to_v", "to_out_0"].map((part) => moved(`${attention}_${part}`)),
        [false, false, true, true],
      )
    }),
  )

  it.effect("the other adapters must move there too", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(trainHere(ofOneKey({ unetLearningRate: 1e-60 })))
      assert.include(failure.why, "have not moved at all: lora_unet_down_blocks_0_attentions_0_proj_in")
    }),
  )

  it.effect("a rate too small to move anything fails and names the adapters", () =>
    Effect.gen(function* () {
      const job = tinyJob(base, 2, { unetLearningRate: 1e-60 })
      const failure = yield* Effect.flip(trainHere(job))
      assert.include(failure.why, "have not moved at all: lora_unet_down_blocks_0_attentions_0_proj_in")
    }),
  )
})
