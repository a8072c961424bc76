/**
 * Traces of random models, judged by PyTorch. Needs Python with the packages of test/reference, so it runs only when
 * LOOM_REFERENCE_PYTHON names one:
 *
 *     LOOM_REFERENCE_PYTHON=…/bin/python npx vitest run --config test/vitest.config.ts test/engine/replay.test.ts
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Engine } from "../../src/engine/engine.ts"
import type { BaseModelFiles, TrainJob } from "../../src/engine/train-job.ts"
import { TrainSettings } from "../../src/engine/train-settings.ts"
import { decodeSafetensors, encodeSafetensors, type TensorToStore } from "../../src/formats/safetensors.ts"
import { randomPixels } from "./tiny-job.ts"

const python = process.env["LOOM_REFERENCE_PYTHON"]
/** Smaller pictures leave networks of four levels with norms over a handful of numbers, too few for float32. */
const side = 32
const work = mkdtempSync(join(tmpdir(), "loom-replay-"))

const call = (script: string, ...words: string[]) => {
  const file = fileURLToPath(new URL(`../reference/${script}`, import.meta.url))
  return spawnSync(python!, [file, ...words], { encoding: "utf8" })
}

const filesIn = (folder: string): BaseModelFiles =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), path]),
  )

/** Four updates on a random model of this shape; `settings` come on top. */
const traceOf = Effect.fnUntraced(function* (
  folder: string,
  settings: Partial<(typeof TrainSettings)["~type.make.in"]>,
) {
  const engine = yield* Engine
  const base = filesIn(folder)
  const all = TrainSettings.make({
    networkDim: 4,
    networkScale: 0.7,
    unetLearningRate: 1e-3,
    steps: 4,
    warmupSteps: 3,
    seed: 5,
    ...settings,
  })
  const samples = yield* Effect.forEach(["a red cat", "photo of a house on the moon", "star"], (text, index) =>
    Effect.gen(function* () {
      const image = yield* engine.encodeImage({ base, pixels: randomPixels(index, side), height: side, width: side })
      const caption = yield* engine.encodeText({ base, text, clipSkip: all.clipSkip })
      return {
        key: text,
        caption: text,
        mean: image.mean,
        logVariance: image.logVariance,
        latentShape: image.shape,
        tokenIds: caption.tokenIds,
        states: caption.states,
        statesShape: caption.shape,
      }
    }),
  )
  const job: TrainJob = { base, settings: all, samples, fromStep: 0, untilStep: 4, snapshotAtSteps: [] }
  return yield* engine.traceTraining(job, 4)
})

/** The same trace with one adapter matrix a thousandth off after the second update. */
const spoiled = (bytes: Uint8Array): Uint8Array => {
  const { header, values, float32 } = decodeSafetensors(bytes)
  const victim = [...header.tensors.keys()].find((key) => /^adapter\.1\/.*lora_up\.weight$/.test(key))!
  const tensors = new Map<string, TensorToStore>()
  for (const [key, { dtype, shape }] of header.tensors) tensors.set(key, { dtype, shape, data: values(key) })
  const data = float32(victim).map((value) => value * 1.001)
  tensors.set(victim, { dtype: "F32", shape: header.tensors.get(victim)!.shape, data })
  return encodeSafetensors(tensors, header.metadata)
}

describe.runIf(python !== undefined)(
  "replay",
  () => {
    it.live.each([
      ["a", { gradientAccumulationSteps: 2 }],
      ["b", { gradientAccumulationSteps: 3, minSnrGamma: 5, noiseOffset: 0.1, clipSkip: 2 }],
      ["d", { maxGradNorm: 0.02, clipSkip: 2 }],
      ["e", { denoising: { start: 0.2, end: 0.7 }, networkDim: 3 }],
    ] as const)("accepts the trace of a random model of shape %s, and rejects it when spoiled", ([shape, settings]) =>
      Effect.gen(function* () {
        const folder = join(work, shape)
        const made = call("make_random_model.py", folder, "--shape", shape)
        assert.strictEqual(made.status, 0, made.stderr)
        const bytes = yield* traceOf(folder, settings)
        const file = join(work, `${shape}.safetensors`)

        writeFileSync(file, bytes)
        const honest = call("replay.py", folder, file)
        assert.strictEqual(honest.status, 0, honest.stdout)

        writeFileSync(file, spoiled(bytes))
        assert.strictEqual(call("replay.py", folder, file).status, 1)
      }).pipe(Effect.provide(Engine.layer, { local: true })),
    )
  },
  300_000,
)
