/**
 * What a painting's UNet is told besides latents and time: text states, and in SDXL pooled vectors and the picture's sizes.
 *
 * With classifier-free guidance the negative prompt comes first, so that both share a run of batch two.
 */
import { Effect } from "effect"
import type { UnetConfig } from "../../models/unet-config.ts"
import { timeIdFeatures } from "../base/time-ids.ts"
import { encodeText, type TrainedText } from "../encode/encode-text.ts"
import type { EncodedText, SampleJob } from "../jobs/host-protocol.ts"
import type { ArrayInPlace } from "../session/session.ts"

/** What the UNet is told of the prompts: one after the other, the one that guidance leads away from first. */
export interface Conditions {
  readonly states: ArrayInPlace
  /** SDXL's pooled vectors; null in other families. */
  readonly pooled: ArrayInPlace | null
}

const stacked = (parts: readonly Float32Array[], shape: readonly number[]): ArrayInPlace => {
  const size = parts[0]!.length
  const data = new Float32Array(parts.length * size)
  for (const [index, part] of parts.entries()) data.set(part, index * size)
  return { data, shape: [parts.length, ...shape] }
}

/** SDXL was trained with zeros where there is no text, so an empty negative prompt is that; diffusers and A1111 do the same. */
const zerosLike = (encoded: EncodedText): EncodedText => ({
  ...encoded,
  states: new Float32Array(encoded.states.length),
  pooled: encoded.pooled && new Float32Array(encoded.pooled.length),
})

export const encodePrompts = Effect.fnUntraced(function* (
  { base, prompt, negativePrompt = "", clipSkip, guidanceScale }: SampleJob,
  trained: TrainedText,
) {
  const encode = (text: string) => encodeText({ base, text, clipSkip }, trained)
  const positive = yield* encode(prompt)
  const isZeroed = negativePrompt === "" && positive.pooled !== null
  const withoutIt = isZeroed ? Effect.succeed(zerosLike(positive)) : encode(negativePrompt)
  const texts = guidanceScale === 1 ? [positive] : [yield* withoutIt, positive]
  const pooled = texts.flatMap((text) => text.pooled ?? [])
  return {
    states: stacked(
      texts.map(({ states }) => states),
      positive.shape,
    ),
    pooled: pooled.length === 0 ? null : stacked(pooled, [pooled[0]!.length]),
  } satisfies Conditions
})

/** The pictures are painted whole: as large as they were, nothing cut off. */
export const sizeFeatures = (config: UnetConfig, { height, width }: SampleJob, batch: number): ArrayInPlace => {
  const features = timeIdFeatures(config, [height, width, 0, 0, height, width])
  return stacked(
    Array.from({ length: batch }, () => features),
    [features.length],
  )
}
