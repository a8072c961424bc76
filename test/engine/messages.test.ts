/** What travels between parent and host, counted in bytes: jobs name what lies in the content store and do not carry it. */
import type { ChildProcess, ForkOptions } from "node:child_process"
import { serialize } from "node:v8"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { beforeEach, vi } from "vitest"
import { Engine } from "../../src/engine/engine.ts"
import type { TrainSample } from "../../src/engine/jobs/train-job.ts"
import { encodeA1111Embedding } from "../../src/formats/embedding-file.ts"
import { trainedStart } from "../../src/settings/trained-start.ts"
import { encodeLoraFile } from "../rig/lora-bytes.ts"
import { type JobInHand, storedFile, storedSample } from "../rig/stored-job.ts"
import { loraModulesOf, trainHere } from "../rig/trained.ts"
import { makeTinyBase } from "./tiny-base.ts"
import { tinyJob } from "./tiny-job.ts"

const sent = vi.hoisted((): number[] => [])
vi.mock("node:child_process", async (original) => {
  const real = await original<typeof import("node:child_process")>()
  const fork = (path: string, options: ForkOptions): ChildProcess => {
    const child = real.fork(path, options)
    const send = child.send.bind(child) as (...words: unknown[]) => boolean
    child.send = (message: unknown, ...rest: unknown[]) => {
      sent.push(serialize(message).length)
      return send(message, ...rest)
    }
    return child
  }
  return { ...real, fork }
})

const base = makeTinyBase()
/** Enlarged by repeating its numbers: three times as wide and high. */
const larger = (sample: TrainSample): TrainSample => {
  const repeated = (values: Float32Array) =>
    Float32Array.from({ length: 9 * values.length }, (_, at) => values[at % 256]!)
  return {
    ...sample,
    mean: repeated(sample.mean),
    logVariance: repeated(sample.logVariance),
    latentShape: [4, 24, 24],
  }
}
const numbersIn = ({ samples }: JobInHand): number =>
  samples.reduce((sum, { mean, logVariance, condition }) => {
    return sum + 4 * (mean.length + logVariance.length + condition!.states.length)
  }, 0)

const inEngine = (name: string, work: () => Effect.Effect<void, unknown, Engine>) =>
  it.live(name, () => work().pipe(Effect.provide(Engine.layer, { local: true })), 120_000)

beforeEach(() => {
  sent.length = 0
})

describe("a message to a host", () => {
  inEngine("that asks for a training is no larger for larger pictures", () =>
    Effect.gen(function* () {
      const small = tinyJob(base, 1)
      const large = { ...small, samples: small.samples.map(larger) }
      yield* trainHere(small)
      yield* trainHere(large)
      assert.lengthOf(sent, 2)
      assert.isBelow(Math.abs(sent[1]! - sent[0]!), 32)
      assert.isBelow(sent[1]!, numbersIn(large) / 10)
    }),
  )

  inEngine("that goes on with a training does not hold the snapshot", () =>
    Effect.gen(function* () {
      const job = tinyJob(base, 2, { networkDim: 32 })
      const { snapshot } = yield* trainHere({ ...job, untilStep: 1 })
      yield* trainHere({ ...job, resume: snapshot, fromStep: 1 })
      assert.isAbove(snapshot.length, 100_000)
      assert.isBelow(sent[1]! - sent[0]!, 512)
    }),
  )

  inEngine("that asks for a picture or a validation holds neither LoRA nor embedding nor pictures", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const job = tinyJob(base, 1, { networkDim: 32 })
      const { snapshot } = yield* trainHere(job)
      const lora = encodeLoraFile(yield* loraModulesOf(snapshot, 1), {})
      const rows = encodeA1111Embedding([{ data: new Float32Array(16).fill(0.1), shape: [1, 16] }])
      const plain = {
        ...{ base, prompt: "a dog", encoding: job.encoding, lora: null, sampler: "DDIM" as const },
        ...{ steps: 1, guidanceScale: 1, seed: 1, height: 16, width: 16 },
      }
      yield* engine.sample(plain)
      const trained = {
        lora: { file: storedFile(lora), strength: 1 },
        embedding: { keyword: "sks", file: storedFile(rows) },
      }
      yield* engine.sample({ ...plain, ...trained })
      assert.isAbove(lora.length, 30_000)
      assert.isBelow(sent[2]! - sent[1]!, 512)
      const { encoding, settings, samples } = job
      yield* engine.validate({
        ...{
          base,
          encoding,
          trained: trainedStart(settings),
          samples: samples.map(storedSample),
          timesteps: [500],
          seed: 0,
        },
        ...{ adapter: trained.lora.file, embedding: null },
      })
      assert.isBelow(sent[3]!, numbersIn(job) / 2)
    }),
  )
})
