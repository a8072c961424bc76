/**
 * LoRA files as kohya's trainer writes them, which every program reads.
 *
 * Per adapted module three tensors: `<key>.lora_down.weight` [dim, in], `<key>.lora_up.weight` [out, dim] (for a
 * convolution [dim, in, kh, kw] and [out, dim, 1, 1]) and the scalar `<key>.alpha`; the module's output changes by
 * alpha / dim · up(down(x)). Files are read and written matrix by matrix: equal modules and metadata give equal bytes.
 */
import { Effect } from "effect"
import { BadFile } from "./bad-file.ts"
import { loraHashes, modelHashOfFile } from "./lora-hashes.ts"
import { readSafetensorsHeader, readTensorAsFloat32 } from "./safetensors.ts"
import type { SafetensorsHeader } from "./safetensors-header.ts"
import type { TensorValues } from "./stored-dtype.ts"
import { type SafetensorsPieces, safetensorsPieces, type TensorToCome } from "./write-safetensors.ts"

interface LoraModuleFacts {
  /** Prefix and module path with underscores, such as "lora_unet_down_blocks_0_attentions_0_proj_in". */
  readonly key: string
  readonly downShape: readonly number[]
  readonly upShape: readonly number[]
  /** The scale is alpha / dim. */
  readonly alpha: number
}

export interface LoraModule extends LoraModuleFacts {
  readonly down: Float32Array
  readonly up: Float32Array
}

/** A module whose matrices are fetched when they are needed. */
export interface LoraModuleToCome extends LoraModuleFacts {
  readonly down: Effect.Effect<Float32Array, BadFile>
  readonly up: Effect.Effect<Float32Array, BadFile>
}

export interface LoraFile {
  readonly modules: readonly LoraModuleToCome[]
  readonly metadata: Readonly<Record<string, string>>
}

const badFile = (file: string, reason: string, hint: string): BadFile => new BadFile({ file, reason, hint })

/** A LoRA file to be written. The `sshs_…` hashes are worked out here and join the metadata, so every matrix is fetched once now. */
export const loraPieces = Effect.fnUntraced(function* (
  modules: readonly LoraModuleToCome[],
  metadata: Readonly<Record<string, string>>,
  dtype: "F32" | "F16" = "F32",
): Effect.fn.Return<{ readonly pieces: SafetensorsPieces; readonly modelHash: string }, BadFile> {
  const tensors = new Map<string, TensorToCome>()
  for (const { key, down, up, downShape, upShape, alpha } of modules) {
    tensors.set(`${key}.lora_down.weight`, { dtype, shape: downShape, data: down })
    tensors.set(`${key}.lora_up.weight`, { dtype, shape: upShape, data: up })
    // Alpha is a setting, not a weight: it stays float32, since rounding it would change the scale.
    const scalar: Effect.Effect<TensorValues> = Effect.succeed(Float32Array.of(alpha))
    tensors.set(`${key}.alpha`, { dtype: "F32", shape: [], data: scalar })
  }
  const hashes = yield* loraHashes(tensors, metadata)
  return { pieces: safetensorsPieces(tensors, { ...metadata, ...hashes }), modelHash: hashes.sshs_model_hash }
})

const suffixes = { down: ".lora_down.weight", up: ".lora_up.weight", alpha: ".alpha" } as const

const elsewhere = "Loom reads plain kohya LoRA files (lora_down, lora_up, alpha); convert the file to that form"

/** Module keys in the order of their first tensor's name; a tensor of any other kind is refused. */
const moduleKeys = ({ file, tensors }: SafetensorsHeader): Effect.Effect<readonly string[], BadFile> =>
  Effect.gen(function* () {
    const keys = new Set<string>()
    for (const name of [...tensors.keys()].sort()) {
      const suffix = Object.values(suffixes).find((end) => name.endsWith(end))
      if (!suffix) return yield* badFile(file, `holds "${name}", which is no part of a kohya LoRA`, elsewhere)
      keys.add(name.slice(0, -suffix.length))
    }
    return [...keys]
  })

/** Reads a tensor of the file that a header belongs to. */
export type ReadTensor = (name: string) => Effect.Effect<Float32Array, BadFile>

const moduleOf = Effect.fnUntraced(function* (
  { file, tensors }: SafetensorsHeader,
  read: ReadTensor,
  key: string,
): Effect.fn.Return<LoraModuleToCome, BadFile> {
  const [downName, upName, alphaName] = [key + suffixes.down, key + suffixes.up, key + suffixes.alpha]
  const down = tensors.get(downName)
  const up = tensors.get(upName)
  const refuse = (reason: string): BadFile => badFile(file, reason, "Save or download the LoRA again")
  if (!down || !up) return yield* refuse(`has only one half of the adapter "${key}"`)
  const dim = down.shape[0]
  if (dim === undefined || down.shape.length < 2 || up.shape.length !== down.shape.length || up.shape[1] !== dim) {
    const shapes = `[${down.shape.join(", ")}] and [${up.shape.join(", ")}]`
    return yield* refuse(`has two halves of "${key}" that do not fit: ${shapes}`)
  }
  const alpha = tensors.has(alphaName) ? (yield* read(alphaName))[0] : dim
  if (alpha === undefined || !Number.isFinite(alpha)) return yield* refuse(`has no number as alpha of "${key}"`)
  return { key, down: read(downName), up: read(upName), downShape: down.shape, upShape: up.shape, alpha }
})

/** The modules of a kohya LoRA of any float type; a module without alpha has scale 1. */
export const loraModulesIn = (
  header: SafetensorsHeader,
  read: ReadTensor,
): Effect.Effect<readonly LoraModuleToCome[], BadFile> =>
  Effect.flatMap(moduleKeys(header), (keys) => Effect.forEach(keys, (key) => moduleOf(header, read, key)))

const openHeader = (header: SafetensorsHeader) =>
  Effect.map(
    loraModulesIn(header, (name) => readTensorAsFloat32(header, name)),
    (modules): LoraFile => ({ modules, metadata: header.metadata }),
  )

/** Opens a kohya LoRA; its matrices are read when they are asked for. */
export const openLoraFile = (file: string): Effect.Effect<LoraFile, BadFile> =>
  Effect.flatMap(readSafetensorsHeader(file), openHeader)

/** A module with its matrices. */
export const loraModule = ({ down, up, ...facts }: LoraModuleToCome): Effect.Effect<LoraModule, BadFile> =>
  Effect.map(Effect.all({ down, up }), (matrices) => ({ ...facts, ...matrices }))

/** Whether a file on disk is whole: it opens as a LoRA, and its numbers have the hash that its metadata tells. */
export const isWholeLoraFile = Effect.fnUntraced(function* (file: string): Effect.fn.Return<boolean, BadFile> {
  const header = yield* readSafetensorsHeader(file)
  const { metadata } = yield* openHeader(header)
  return metadata["sshs_model_hash"] === (yield* modelHashOfFile(file, header.dataStartBytes))
})
