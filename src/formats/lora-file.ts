/**
 * LoRA files as kohya's trainer writes them, which every program reads.
 *
 * Per adapted module three tensors: `<key>.lora_down.weight` [dim, in], `<key>.lora_up.weight` [out, dim] (for a
 * convolution [dim, in, kh, kw] and [out, dim, 1, 1]) and the scalar `<key>.alpha`; the module's output changes by
 * alpha / dim · up(down(x)). Encoding is a pure function: equal modules and metadata give equal bytes.
 */
import { BadFile } from "./bad-file.ts"
import { loraHashes } from "./lora-hashes.ts"
import { decodeSafetensors, encodeSafetensors, type SafetensorsInMemory, type TensorToStore } from "./safetensors.ts"

export interface LoraModule {
  /** Prefix and module path with underscores, such as "lora_unet_down_blocks_0_attentions_0_proj_in". */
  readonly key: string
  readonly down: Float32Array
  readonly up: Float32Array
  readonly downShape: readonly number[]
  readonly upShape: readonly number[]
  /** The scale is alpha / dim. */
  readonly alpha: number
}

export interface LoraFile {
  readonly modules: readonly LoraModule[]
  readonly metadata: Readonly<Record<string, string>>
}

/** The file's bytes. The `sshs_…` hashes are worked out here and join the metadata. */
export const encodeLoraFile = (
  modules: readonly LoraModule[],
  metadata: Readonly<Record<string, string>>,
  dtype: "F32" | "F16" = "F32",
): Uint8Array<ArrayBuffer> => {
  const tensors = new Map<string, TensorToStore>()
  for (const { key, down, up, downShape, upShape, alpha } of modules) {
    tensors.set(`${key}.lora_down.weight`, { dtype, shape: downShape, data: down })
    tensors.set(`${key}.lora_up.weight`, { dtype, shape: upShape, data: up })
    // Alpha is a setting, not a weight: it stays float32, since rounding it would change the scale.
    tensors.set(`${key}.alpha`, { dtype: "F32", shape: [], data: Float32Array.of(alpha) })
  }
  return encodeSafetensors(tensors, { ...metadata, ...loraHashes(tensors, metadata) })
}

const suffixes = { down: ".lora_down.weight", up: ".lora_up.weight", alpha: ".alpha" } as const

const elsewhere = "Loom reads plain kohya LoRA files (lora_down, lora_up, alpha); convert the file to that form"

/** Module keys in the order of their first tensor's name; a tensor of any other kind is refused. */
const moduleKeys = (file: string, names: Iterable<string>): readonly string[] => {
  const keys = new Set<string>()
  for (const name of [...names].sort()) {
    const suffix = Object.values(suffixes).find((end) => name.endsWith(end))
    if (!suffix)
      throw new BadFile({ file, reason: `holds "${name}", which is no part of a kohya LoRA`, hint: elsewhere })
    keys.add(name.slice(0, -suffix.length))
  }
  return [...keys]
}

const moduleOf = ({ header, float32 }: SafetensorsInMemory, key: string): LoraModule => {
  const [downName, upName, alphaName] = [key + suffixes.down, key + suffixes.up, key + suffixes.alpha]
  const down = header.tensors.get(downName)
  const up = header.tensors.get(upName)
  const refuse = (reason: string): never => {
    throw new BadFile({ file: header.file, reason, hint: "Save or download the LoRA again" })
  }
  if (!down || !up) return refuse(`has only one half of the adapter "${key}"`)
  const dim = down.shape[0]
  if (dim === undefined || down.shape.length < 2 || up.shape.length !== down.shape.length || up.shape[1] !== dim) {
    return refuse(`has two halves of "${key}" that do not fit: [${down.shape.join(", ")}] and [${up.shape.join(", ")}]`)
  }
  const alpha = header.tensors.has(alphaName) ? float32(alphaName)[0] : dim
  if (alpha === undefined || !Number.isFinite(alpha)) return refuse(`has no number as alpha of "${key}"`)
  return { key, down: float32(downName), up: float32(upName), downShape: down.shape, upShape: up.shape, alpha }
}

/** Opens a kohya LoRA of any float type; a module without alpha has scale 1. Throws `BadFile`. */
export const decodeLoraFile = (bytes: Uint8Array, file = "the LoRA"): LoraFile => {
  const opened = decodeSafetensors(bytes, file)
  const modules = moduleKeys(file, opened.header.tensors.keys()).map((key) => moduleOf(opened, key))
  return { modules, metadata: opened.header.metadata }
}
