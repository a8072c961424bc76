/** Latents as the UNet knows them through the VAE's decoder: a picture in 8-bit red, green, blue. */
import { Effect } from "effect"
import { input } from "../../graph/build.ts"
import { weightsFrom } from "../../models/model-weights.ts"
import { vaeDecode } from "../../models/vae.ts"
import { type VaeConfig, vaeFactor } from "../../models/vae-config.ts"
import type { Component } from "../base/base-model.ts"
import { inTiles, type Planes, tilePixels, wholePicturePixels } from "../encode/tiles.ts"
import { Sessions } from "../session/sessions.ts"

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

/** The VAE's own latents to planes in about −1 … 1, in one go. */
export const decodePlanes = Effect.fn("decodePlanes")(function* (
  { config, weights }: Component<VaeConfig>,
  { data, shape }: Planes,
) {
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
  const [, height, width] = shape
  const image = new Float32Array(3 * height * width * factor * factor)
  yield* session.prepare(
    { latents: { data, shape: [1, ...shape] } },
    { image: { data: image, shape: [1, 3, height * factor, width * factor] } },
  )
  return { data: image, shape: [3, height * factor, width * factor] } as Planes
})

export const decodeLatents = Effect.fn("decodeLatents")(function* (
  vae: Component<VaeConfig>,
  latents: Float32Array,
  shape: Planes["shape"],
) {
  const { scaling_factor, shift_factor } = vae.config
  const own: Planes = { data: latents.map((value) => value / scaling_factor + (shift_factor ?? 0)), shape }
  const factor = vaeFactor(vae.config)
  const isLarge = shape[1] * shape[2] * factor ** 2 > wholePicturePixels
  const tiling = { tileIn: tilePixels / factor, tileOut: tilePixels }
  const { data } = yield* isLarge ? inTiles(own, tiling, (tile) => decodePlanes(vae, tile)) : decodePlanes(vae, own)
  return bytesOf(data)
})
