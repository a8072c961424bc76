/**
 * Pictures and captions as the encoders leave them in the content store: two safetensors files of a sample.
 *
 * Latents: `mean` and `log_variance`, F32 [channels, height, width]. Condition: `states`, F32 [tokens, width], and where the family
 * has one `pooled`, F32 [width]. Equal numbers give equal bytes.
 */
import { Effect } from "effect"
import { mapCondition, presentParts, type TextCondition } from "../settings/text-condition.ts"
import type { BadFile } from "./bad-file.ts"
import { readSafetensorsHeader, readTensorAsFloat32 } from "./safetensors.ts"
import { encodeSafetensors, type TensorToStore } from "./write-safetensors.ts"

interface Numbers {
  readonly data: Float32Array
  readonly shape: readonly number[]
}

export interface Latents {
  readonly mean: Float32Array
  readonly logVariance: Float32Array
}

const asF32 = ({ data, shape }: Numbers): TensorToStore => ({ dtype: "F32", shape, data })

/** `shape`: [channels, height, width]. */
export const encodeLatents = ({ mean, logVariance }: Latents, shape: readonly number[]): Uint8Array<ArrayBuffer> =>
  encodeSafetensors(
    new Map([
      ["mean", asF32({ data: mean, shape })],
      ["log_variance", asF32({ data: logVariance, shape })],
    ]),
  )

export const encodeCondition = (condition: TextCondition<Numbers>): Uint8Array<ArrayBuffer> =>
  encodeSafetensors(new Map(Object.entries(presentParts(mapCondition(condition, asF32)))))

export const readLatents = (file: string): Effect.Effect<Latents, BadFile> =>
  Effect.gen(function* () {
    const header = yield* readSafetensorsHeader(file)
    const mean = yield* readTensorAsFloat32(header, "mean")
    return { mean, logVariance: yield* readTensorAsFloat32(header, "log_variance") }
  })

export const readCondition = (file: string): Effect.Effect<TextCondition<Float32Array>, BadFile> =>
  Effect.gen(function* () {
    const header = yield* readSafetensorsHeader(file)
    const states = yield* readTensorAsFloat32(header, "states")
    return { states, pooled: header.tensors.has("pooled") ? yield* readTensorAsFloat32(header, "pooled") : null }
  })
