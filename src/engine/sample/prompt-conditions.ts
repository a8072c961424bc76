/**
 * What a painting's UNet is told besides latents and time: the conditions of the prompts, and perhaps the picture's sizes.
 *
 * With classifier-free guidance the negative prompt comes first, so that both share a run of batch two.
 */
import { Effect } from "effect"
import type { UnetConfig } from "../../models/unet-config.ts"
import { familyRecord } from "../../settings/family.ts"
import { mapCondition, type TextCondition } from "../../settings/text-condition.ts"
import { timeIdFeatures } from "../base/time-ids.ts"
import { encodeText, type TrainedText } from "../encode/encode-text.ts"
import type { EngineFailure } from "../jobs/engine-failure.ts"
import type { EncodedText, SampleJob } from "../jobs/host-protocol.ts"
import type { ArrayInPlace } from "../session/session.ts"
import type { Sessions } from "../session/sessions.ts"

const stacked = (parts: readonly Float32Array[], shape: readonly number[]): ArrayInPlace => {
  const size = parts[0]!.length
  const data = new Float32Array(parts.length * size)
  for (const [index, part] of parts.entries()) data.set(part, index * size)
  return { data, shape: [parts.length, ...shape] }
}

/** A family that was trained with zeros where there is no text takes an empty negative prompt for that; diffusers and A1111 do the same. */
const zerosLike = (condition: EncodedText["condition"]): EncodedText["condition"] =>
  mapCondition(condition, ({ data, shape }) => ({ data: new Float32Array(data.length), shape }))

/** The prompts' conditions, one after the other, the one that guidance leads away from first. */
export const encodePrompts = Effect.fnUntraced(function* (
  { base, prompt, negativePrompt = "", encoding, guidanceScale }: SampleJob,
  trained: TrainedText,
): Effect.fn.Return<TextCondition<ArrayInPlace>, EngineFailure, Sessions> {
  const encode = (text: string) =>
    Effect.map(encodeText({ base, text, encoding }, trained), ({ condition }) => condition)
  const positive = yield* encode(prompt)
  const isZeroed = negativePrompt === "" && familyRecord(encoding.family).emptyNegativePrompt === "zeros"
  const withoutIt = isZeroed ? Effect.succeed(zerosLike(positive)) : encode(negativePrompt)
  const texts = guidanceScale === 1 ? [positive] : [yield* withoutIt, positive]
  return mapCondition(positive, ({ shape }, part) =>
    stacked(
      texts.map((text) => text[part]!.data),
      shape,
    ),
  )
})

/** The pictures are painted whole: as large as they were, nothing cut off. */
export const sizeFeatures = (config: UnetConfig, { height, width }: SampleJob, batch: number): ArrayInPlace => {
  const features = timeIdFeatures(config, [height, width, 0, 0, height, width])
  return stacked(
    Array.from({ length: batch }, () => features),
    [features.length],
  )
}
