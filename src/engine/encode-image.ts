/** A picture through the VAE's encoder: mean and log-variance of its latents, which every use samples from. */
import { Effect } from "effect"
import { input } from "../graph/build.ts"
import { weightsFrom } from "../models/model-weights.ts"
import { vaeEncode } from "../models/vae.ts"
import { vaeFactor } from "../models/vae-config.ts"
import { openVae } from "./base-model.ts"
import { inputFailure } from "./engine-failure.ts"
import type { EncodedImage, EncodeImageJob } from "./host-protocol.ts"
import { Sessions } from "./sessions.ts"

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
  const session = yield* (yield* Sessions).get({
    kind: "the VAE's encoder",
    facts: [height, width],
    weights: vae.weights,
    build: () => {
      const scope = { weights: weightsFrom(vae.weights.header), adapters: new Map() }
      const { mean, logVariance } = vaeEncode(scope, vae.config, input("image", [1, 3, height, width]))
      return { outputs: { mean, log_variance: logVariance } }
    },
  })
  const shape = [vae.config.latent_channels, height / factor, width / factor]
  const size = shape.reduce((product, side) => product * side, 1)
  const mean = new Float32Array(size)
  const logVariance = new Float32Array(size)
  yield* session.prepare(
    { image: { data: pixels, shape: [1, 3, height, width] } },
    { mean: { data: mean, shape: [1, ...shape] }, log_variance: { data: logVariance, shape: [1, ...shape] } },
  )
  return { mean, logVariance, shape } satisfies EncodedImage
})
