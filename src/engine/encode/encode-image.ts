/** A picture through the VAE's encoder: mean and log-variance of its latents, which every use samples from. */
import { Effect } from "effect"
import { concat, input } from "../../graph/build.ts"
import { weightsFrom } from "../../models/model-weights.ts"
import { vaeEncode } from "../../models/vae.ts"
import { type VaeConfig, vaeFactor } from "../../models/vae-config.ts"
import { type Component, openVae } from "../base/base-model.ts"
import { inputFailure } from "../jobs/engine-failure.ts"
import type { EncodedImage, EncodeImageJob } from "../jobs/host-protocol.ts"
import { Sessions } from "../session/sessions.ts"
import { inTiles, type Planes, tilePixels, wholePicturePixels } from "./tiles.ts"

/** Means and then log-variances as planes [2 · latent_channels, height / factor, width / factor], in one go. */
export const encodePlanes = Effect.fn("encodePlanes")(function* (
  { config, weights }: Component<VaeConfig>,
  { data, shape }: Planes,
) {
  const session = yield* (yield* Sessions).get({
    kind: "the VAE's encoder",
    facts: [...shape],
    weights,
    build: () => {
      const scope = { weights: weightsFrom(weights.header), adapters: new Map() }
      const { mean, logVariance } = vaeEncode(scope, config, input("image", [1, ...shape]))
      return { outputs: { moments: concat([mean, logVariance], 1) } }
    },
  })
  const factor = vaeFactor(config)
  const encoded = [2 * config.latent_channels, shape[1] / factor, shape[2] / factor] as const
  const moments = new Float32Array(encoded[0] * encoded[1] * encoded[2])
  yield* session.prepare(
    { image: { data, shape: [1, ...shape] } },
    { moments: { data: moments, shape: [1, ...encoded] } },
  )
  return { data: moments, shape: encoded } as Planes
})

export const encodeImage = Effect.fn("encodeImage")(function* ({ base, pixels, height, width }: EncodeImageJob) {
  const vae = yield* openVae(base)
  const factor = vaeFactor(vae.config)
  if (height % factor !== 0 || width % factor !== 0) {
    return yield* inputFailure(
      `a picture of ${width} × ${height} pixels`,
      `this VAE needs sides that are multiples of ${factor}`,
      `Crop to multiples of ${factor}`,
    )
  }
  const picture: Planes = { data: pixels, shape: [3, height, width] }
  const tiling = { tileIn: tilePixels, tileOut: tilePixels / factor }
  const { data, shape } = yield* height * width > wholePicturePixels
    ? inTiles(picture, tiling, (tile) => encodePlanes(vae, tile))
    : encodePlanes(vae, picture)
  const [mean, logVariance] = [data.slice(0, data.length / 2), data.slice(data.length / 2)]
  return { mean, logVariance, shape: [shape[0] / 2, shape[1], shape[2]] } satisfies EncodedImage
})
