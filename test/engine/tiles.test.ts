/** Large pictures in tiles: the VAE's numbers against diffusers' own tiling, and what tiles are for. */
import { resolve } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { openVae } from "../../src/engine/base/base-model.ts"
import { encodePlanes } from "../../src/engine/encode/encode-image.ts"
import { inTiles, type Planes } from "../../src/engine/encode/tiles.ts"
import { decodePlanes } from "../../src/engine/sample/decode-latents.ts"
import { Sessions } from "../../src/engine/session/sessions.ts"
import { readSafetensorsHeader, readTensor } from "../../src/formats/safetensors.ts"
import { relativeError } from "../graph/closeness.ts"

const folder = resolve(import.meta.dirname, "../golden/models")
const base = Object.fromEntries(
  ["vae/config.json", "vae/diffusion_pytorch_model.safetensors"].map((name) => [
    name,
    resolve(folder, "sd1-two-levels", name),
  ]),
)

const golden = Effect.fnUntraced(function* (name: string) {
  const header = yield* readSafetensorsHeader(resolve(folder, "tiling.safetensors"))
  const data = (yield* readTensor(header, name)) as Float32Array
  return { data, shape: header.tensors.get(name)!.shape as unknown as Planes["shape"] }
})

const assertClose = (actual: Planes, expected: Planes) => {
  assert.deepStrictEqual([...actual.shape], [...expected.shape])
  assert.isBelow(relativeError(Float64Array.from(actual.data), Float64Array.from(expected.data)), 1e-5)
}

describe("tiles", () => {
  it.effect("a picture encoded in tiles has the moments that diffusers gives it", () =>
    Effect.gen(function* () {
      const vae = yield* openVae(base)
      const moments = yield* inTiles(yield* golden("image"), { tileIn: 8, tileOut: 4 }, (tile) =>
        encodePlanes(vae, tile),
      )
      assertClose(moments, yield* golden("moments"))
    }).pipe(Effect.provide(Sessions.layer(1))),
  )

  it.effect("latents decoded in tiles give the picture that diffusers paints", () =>
    Effect.gen(function* () {
      const vae = yield* openVae(base)
      const tiling = { tileIn: 4, tileOut: 8 }
      const decoded = yield* inTiles(yield* golden("latents"), tiling, (tile) => decodePlanes(vae, tile))
      assertClose(decoded, yield* golden("decoded"))
    }).pipe(Effect.provide(Sessions.layer(1))),
  )

  it.effect("what changes nothing in a tile changes nothing in the whole", () =>
    Effect.gen(function* () {
      const data = Float32Array.from({ length: 2 * 19 * 23 }, (_, index) => Math.sin(index))
      const source: Planes = { data, shape: [2, 19, 23] }
      const whole = yield* inTiles(source, { tileIn: 8, tileOut: 8 }, (tile) => Effect.succeed(tile))
      assert.isBelow(relativeError(Float64Array.from(whole.data), Float64Array.from(data)), 1e-6)
    }).pipe(Effect.provide(Sessions.layer(1))),
  )

  it.effect("no tile is larger than a tile", () =>
    Effect.gen(function* () {
      const sides = new Set<number>()
      const source: Planes = { data: new Float32Array(20 * 33), shape: [1, 20, 33] }
      yield* inTiles(source, { tileIn: 8, tileOut: 8 }, (tile) => {
        sides.add(tile.shape[1]).add(tile.shape[2])
        return Effect.succeed(tile)
      })
      assert.strictEqual(Math.max(...sides), 8)
    }).pipe(Effect.provide(Sessions.layer(1))),
  )

  it.effect("tiles of one size follow each other, the largest last, and only its session is kept", () =>
    Effect.gen(function* () {
      const sessions = yield* Sessions
      const [sizes, apart]: [string[], string[]] = [[], []]
      const watched = Sessions.of({
        ...sessions,
        apart: (work) => {
          const before = sizes.length
          return Effect.tap(sessions.apart(work), () => Effect.sync(() => void apart.push(...sizes.slice(before))))
        },
      })
      const source: Planes = { data: new Float32Array(20 * 33), shape: [1, 20, 33] }
      const run = (tile: Planes) => {
        sizes.push(`${tile.shape}`)
        return Effect.succeed(tile)
      }
      yield* Effect.provideService(inTiles(source, { tileIn: 8, tileOut: 8 }, run), Sessions, watched)
      const inTurn = sizes.filter((size, at) => size !== sizes[at - 1])
      assert.deepStrictEqual(inTurn, [...new Set(sizes)])
      assert.strictEqual(inTurn.at(-1), "1,8,8")
      assert.deepStrictEqual([...new Set(apart)], inTurn.slice(0, -1))
    }).pipe(Effect.provide(Sessions.layer(1))),
  )
})
