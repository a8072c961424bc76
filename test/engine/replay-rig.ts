/**
 * Traces of random models and the PyTorch program that judges them. Used where LOOM_REFERENCE_PYTHON names a Python with
 * the packages of test/reference:
 *
 *     LOOM_REFERENCE_PYTHON=…/bin/python npx vitest run --config test/vitest.config.ts test/engine/replay
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { BaseModelFiles } from "../../src/engine/jobs/train-job.ts"
import { decodeSafetensors } from "../../src/formats/safetensors.ts"
import { encodeSafetensors, type TensorToStore } from "../../src/formats/write-safetensors.ts"
import type { TextEncoding } from "../../src/settings/text-encoding.ts"
import { TrainSettings } from "../../src/settings/train-settings.ts"
import { encodedSample } from "../rig/encoded-sample.ts"
import { encodingOf } from "../rig/encoding-of.ts"
import { filesIn } from "../rig/files-in.ts"
import type { JobInHand } from "../rig/stored-job.ts"
import { traceHere } from "../rig/trained.ts"
import { randomPixels, type SomeSettings } from "./tiny-job.ts"

export const python = process.env["LOOM_REFERENCE_PYTHON"]
/** Smaller pictures leave networks of four levels with norms over a handful of numbers, too few for float32. */
const side = 32
const work = mkdtempSync(join(tmpdir(), "loom-replay-"))

const call = (script: string, ...words: string[]) => {
  const file = fileURLToPath(new URL(`../reference/${script}`, import.meta.url))
  return spawnSync(python!, [file, ...words], { encoding: "utf8" })
}

const made = new Map<string, string>()

/** The folder of a random model of one of the shapes of make_random_model.py. */
export const randomModel = (shape: string): string => {
  const folder = made.get(shape) ?? join(work, shape)
  if (made.has(shape)) return folder
  const { status, stderr } = call("make_random_model.py", folder, "--shape", shape)
  assert.strictEqual(status, 0, stderr)
  made.set(shape, folder)
  return folder
}

const plainCaptions = ["a red cat", "photo of a house on the moon", "star"]

/** Random pictures with these captions, encoded. */
export const encodedSamples = (base: BaseModelFiles, captions: readonly string[], encoding: TextEncoding) =>
  Effect.forEach(captions, (caption, index) => {
    const timeIds = [side + 13 + index, side + 7, 3, index, side, side]
    return encodedSample(base, { caption, pixels: randomPixels(index, side), side, encoding, timeIds })
  })

/** Four updates on this model; `settings` come on top of small ones. */
export const traceOf = Effect.fnUntraced(function* (
  folder: string,
  { clipSkip = 1, ...settings }: SomeSettings,
  captions: readonly string[] = plainCaptions,
) {
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
  const encoding = encodingOf(base, clipSkip)
  const samples = yield* encodedSamples(base, captions, encoding)
  const job: JobInHand = { base, encoding, settings: all, samples, fromStep: 0, untilStep: 4, snapshotAtSteps: [] }
  return yield* traceHere(job, 4)
})

/** What replay.py, or another of the scripts that judge, says about a file. */
export const judge = (folder: string, bytes: Uint8Array, script = "replay.py") => {
  const file = join(work, "trace.safetensors")
  writeFileSync(file, bytes)
  const { status, stdout, stderr } = call(script, folder, file)
  return { isAccepted: status === 0, isRejected: status === 1, words: `${stdout}\n${stderr}` }
}

export interface Retelling {
  /** What a tensor becomes; `undefined` leaves it as it is. */
  readonly tensor?: (key: string, values: Float32Array, shape: readonly number[]) => Float32Array | undefined
  readonly settings?: Readonly<Record<string, unknown>>
}

/** The same trace with some numbers told otherwise. */
export const retold = (bytes: Uint8Array, { tensor, settings = {} }: Retelling): Uint8Array => {
  const { header, values, float32 } = decodeSafetensors(bytes)
  const tensors = new Map<string, TensorToStore>()
  for (const [key, { dtype, shape }] of header.tensors) {
    const other = dtype === "F32" ? tensor?.(key, float32(key), shape) : undefined
    tensors.set(key, { dtype, shape, data: other ?? values(key) })
  }
  const told = { ...JSON.parse(header.metadata["settings"]!), ...settings }
  return encodeSafetensors(tensors, { ...header.metadata, settings: JSON.stringify(told) })
}
