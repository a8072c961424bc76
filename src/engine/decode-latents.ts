/** Latents as the UNet knows them through the VAE's decoder: a picture in 8-bit red, green, blue. */
import { Effect } from "effect"
import { input } from "../graph/build.ts"
import { weightsFrom } from "../models/model-weights.ts"
import { vaeDecode } from "../models/vae.ts"
import { type VaeConfig, vaeFactor } from "../models/vae-config.ts"
import type { Component } from "./base-model.ts"
import { Sessions } from "./sessions.ts"

/** Planes in −1 … 1 to bytes red, green, blue, element by element. */
const bytesOf = (planes: Float32Array): Uint8Array => {
  const area = planes.length / 3
  const pixels = new Uint8Array(planes.length)
  for (let at = 0; at < area; at++) {
    for (let channel = 0; channel < 3; channel++) {
      const value = planes[channel * area + at]! / 2 + 0.5
      pixels[3 * at + channel] = Math.round(Math.min(1, Math.max(0, value)) * 255)
    }
  }
  return pixels
}

export const decodeLatents = Effect.fn("decodeLatents")(function* (
  { config, weights }: Component<VaeConfig>,
  latents: Float32Array,
  shape: readonly number[],
) {
  const [, height = 0, width = 0] = shape
  const session = yield* (yield* Sessions).get({
    kind: "the VAE's decoder",
    facts: [...shape],
    weights,
    build: () => {
      const scope = { weights: weightsFrom(weights.header), adapters: new Map() }
      return { outputs: { image: vaeDecode(scope, config, input("latents", [1, ...shape])) } }
    },
  })
  const factor = vaeFactor(config)
  const image = new Float32Array(3 * height * width * factor * factor)
  const unscaled = latents.map((value) => value / config.scaling_factor + (config.shift_factor ?? 0))
  yield* session.prepare(
    { latents: { data: unscaled, shape: [1, ...shape] } },
    { image: { data: image, shape: [1, 3, height * factor, width * factor] } },
  )
  return bytesOf(image)
})
