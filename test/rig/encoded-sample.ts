/** A picture and its caption through the engine's encoders: a sample to train on. */
import { Effect } from "effect"
import { Engine } from "../../src/engine/engine.ts"
import type { BaseModelFiles, TrainSample } from "../../src/engine/jobs/train-job.ts"
import { mapCondition } from "../../src/settings/text-condition.ts"
import type { TextEncoding } from "../../src/settings/text-encoding.ts"

interface ToEncode {
  readonly caption: string
  /** [3, side, side] */
  readonly pixels: Float32Array
  readonly side: number
  readonly encoding: TextEncoding
  readonly timeIds: readonly number[]
}

/** The caption is the sample's key too. */
export const encodedSample = Effect.fnUntraced(function* (
  base: BaseModelFiles,
  { caption, pixels, side, encoding, timeIds }: ToEncode,
) {
  const engine = yield* Engine
  const image = yield* engine.encodeImage({ base, pixels, height: side, width: side })
  const text = yield* engine.encodeText({ base, text: caption, encoding })
  return {
    key: caption,
    caption,
    mean: image.mean,
    logVariance: image.logVariance,
    latentShape: image.shape,
    tokenIds: text.tokenIds,
    condition: mapCondition(text.condition, ({ data }) => data),
    conditionShape: mapCondition(text.condition, ({ shape }) => shape),
    timeIds,
  } satisfies TrainSample
})
