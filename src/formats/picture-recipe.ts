/**
 * What a picture was painted from: the facts that A1111 and ComfyUI write into theirs. Plain data.
 */
import type { SamplerName } from "../settings/sampler-name.ts"
import type { TextEncoding } from "../settings/text-encoding.ts"

export interface PictureRecipe {
  readonly prompt: string
  /** Empty: none. */
  readonly negativePrompt: string
  readonly steps: number
  readonly sampler: SamplerName
  readonly guidanceScale: number
  readonly seed: number
  /** Pixels. */
  readonly width: number
  readonly height: number
  /** Programs number CLIP skip and read an empty negative prompt by the family. */
  readonly encoding: TextEncoding
  readonly model: { readonly name: string; readonly sha256?: string }
  readonly lora?: {
    /** File name without `.safetensors`. */
    readonly name: string
    readonly strength: number
    /** `sshs_model_hash` of the file. */
    readonly modelHash?: string
  }
  /** A custom embedding that the prompts may mention; the programs know it by its file's name, the keyword. */
  readonly embedding?: { readonly keyword: string } | null
  /** Program and version, for example "loom 0.1.0". */
  readonly madeBy?: string
}
