/** A tiny random model folder under test/golden/models, with what PyTorch computed for it. */
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { Effect } from "effect"
import { readSafetensorsHeader, readTensor, type SafetensorsHeader } from "../../../src/formats/safetensors.ts"
import { decodeClipTextConfig } from "../../../src/models/clip-text-config.ts"
import { headerOf, locateWeights, type ModelWeights, weightsFrom } from "../../../src/models/model-weights.ts"
import { decodeUnetConfig } from "../../../src/models/unet-config.ts"
import { decodeVaeConfig } from "../../../src/models/vae-config.ts"
import type { Values } from "./run-graph.ts"

export const goldenFolder = resolve(import.meta.dirname, "../../golden/models")

export const goldenNames = [
  "sd1-two-levels",
  "sd1-three-levels",
  "sd2-heads-per-level",
  "sdxl-text-time",
  "rare-switches",
  "plain-middle",
] as const

export interface OpenFile {
  readonly header: SafetensorsHeader
  readonly weights: ModelWeights
  readonly locate: ReturnType<typeof locateWeights>
}

const openFile = async (path: string): Promise<OpenFile> => {
  const header = await Effect.runPromise(readSafetensorsHeader(path))
  return { header, weights: weightsFrom(headerOf(header)), locate: locateWeights({ "": header }) }
}

const readAll = async (path: string): Promise<ReadonlyMap<string, Values>> => {
  const header = await Effect.runPromise(readSafetensorsHeader(path))
  const values = new Map<string, Values>()
  for (const [name, { shape }] of header.tensors) {
    const data = await Effect.runPromise(readTensor(header, name))
    values.set(name, { shape, data: data as Float32Array | BigInt64Array })
  }
  return values
}

export const openGoldenModel = async (name: string) => {
  const folder = join(goldenFolder, name)
  const config = (part: string): unknown => JSON.parse(readFileSync(join(folder, part, "config.json"), "utf8"))
  const golden = await readAll(join(folder, "golden.safetensors"))
  return {
    unetConfig: Effect.runSync(decodeUnetConfig(config("unet"))),
    vaeConfig: Effect.runSync(decodeVaeConfig(config("vae"))),
    textConfig: Effect.runSync(decodeClipTextConfig(config("text_encoder"))),
    unet: await openFile(join(folder, "unet/diffusion_pytorch_model.safetensors")),
    vae: await openFile(join(folder, "vae/diffusion_pytorch_model.safetensors")),
    text: await openFile(join(folder, "text_encoder/model.safetensors")),
    golden: (key: string): Values => {
      const values = golden.get(key)
      if (!values) throw new Error(`no golden tensor ${key}`)
      return values
    },
    hasGolden: (key: string): boolean => golden.has(key),
  }
}

export type GoldenModel = Awaited<ReturnType<typeof openGoldenModel>>
