/** The graphs of SD 1.5, SD 2.1 and SDXL at full size: which weights they use and which modules take an adapter. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { input } from "../../src/graph/build.ts"
import { clipTextAdapterTargets, unetAdapterTargets } from "../../src/models/adapter-targets.ts"
import { clipText } from "../../src/models/clip-text.ts"
import { decodeClipTextConfig } from "../../src/models/clip-text-config.ts"
import { loraKey } from "../../src/models/lora-keys.ts"
import { unet } from "../../src/models/unet.ts"
import { decodeUnetConfig, type UnetConfig } from "../../src/models/unet-config.ts"
import { vaeDecode, vaeEncode } from "../../src/models/vae.ts"
import { decodeVaeConfig, vaeFactor } from "../../src/models/vae-config.ts"
import { published, RecordedLookups, recordedWeights } from "./rig/published.ts"

const families = [
  { family: "sd15", contextWidth: 768, modules: 192 },
  { family: "sd21", contextWidth: 1024, modules: 192 },
  { family: "sdxl", contextWidth: 2048, modules: 722 },
] as const

const noAdapters = new Map()

const feedsFor = (config: UnetConfig, contextWidth: number) => ({
  sample: input("sample", [1, 4, 64, 64]),
  timeFeatures: input("time", [1, 320]),
  text: {
    states: input("states", [1, 77, contextWidth]),
    pooled: config.addition_embed_type && input("pooled", [1, 1280]),
  },
  ...(config.addition_embed_type && { timeIdFeatures: input("sizes", [1, 6 * 256]) }),
})

describe.each(families)("$family", ({ family, contextWidth, modules }) => {
  const config = Effect.runSync(decodeUnetConfig(published[family].unet))
  const targets = unetAdapterTargets(config)

  it("the UNet uses exactly the weights of the checkpoint", () => {
    const { weights, digest } = recordedWeights()
    const prediction = unet({ weights, adapters: noAdapters }, config, feedsFor(config, contextWidth))
    expect(prediction.shape).toEqual([1, 4, 64, 64])
    expect(digest()).toEqual(published[family].unetWeights)
  })

  it(`${modules} modules take an adapter, those of kohya's rule, with its keys`, () => {
    const own = targets.map(({ path, kind, inFeatures, outFeatures }) => [loraKey(path), kind, inFeatures, outFeatures])
    expect(own).toHaveLength(modules)
    expect([...own].sort()).toEqual([...published[family].adapters].sort())
  })

  it("the targets are listed in the order in which the network uses them", () => {
    const adapters = new RecordedLookups()
    unet({ weights: recordedWeights().weights, adapters }, config, feedsFor(config, contextWidth))
    const listed = new Set(targets.map(({ path }) => path))
    expect(adapters.paths.filter((path) => listed.has(path))).toEqual(targets.map(({ path }) => path))
  })

  it("the text encoder uses exactly the weights of the checkpoint", () => {
    const text = Effect.runSync(decodeClipTextConfig(published[family].text))
    const projected = family === "sdxl"
    const { weights, digest } = recordedWeights((key) => projected || !key.startsWith("text_model."))
    const tokenIds = input("ids", [1, 77], "int64")
    const pooledRows = projected ? { pooledRows: input("ends", [1], "int64") } : {}
    clipText({ weights, adapters: noAdapters }, text, { tokenIds, skip: 1, ...pooledRows })
    expect(digest()).toEqual(published[family].textWeights)
  })
})

it.each([
  ["SD1", published.sd15.text, 12, 72],
  ["SD2", published.sd21.text, 23, 138],
  ["SDXL's first encoder, which is SD1's, at its own CLIP skip", published.sd15.text, 11, 66],
  ["SDXL's second encoder", published.sdxl.text, 32, 192],
])("the text encoder of %s takes an adapter in as many modules as kohya's rule says", (_, json, layersRun, modules) => {
  expect(clipTextAdapterTargets(Effect.runSync(decodeClipTextConfig(json)), layersRun)).toHaveLength(modules)
})

describe("the text encoder at CLIP skip 2", () => {
  it("leaves the last layer out of the graph", () => {
    const text = Effect.runSync(decodeClipTextConfig(published.sd15.text))
    const { weights, asked } = recordedWeights()
    const adapters = new RecordedLookups()
    clipText({ weights, adapters }, text, { tokenIds: input("ids", [1, 77], "int64"), skip: 2 })
    expect([...asked.keys()].some((key) => key.includes("layers.10."))).toBe(true)
    expect([...asked.keys()].some((key) => key.includes("layers.11."))).toBe(false)
    expect(adapters.paths).toHaveLength(11 * 6)
  })
})

describe("the VAE of SD 1.5", () => {
  it("uses exactly the weights of the checkpoint, and stands one latent for 8 × 8", () => {
    const config = Effect.runSync(decodeVaeConfig(published.vae.vae))
    const { weights, digest } = recordedWeights((key) => !/\.(query|key|value|proj_attn)\./.test(key))
    const scope = { weights, adapters: noAdapters }
    const { mean, logVariance } = vaeEncode(scope, config, input("image", [1, 3, 64, 96]))
    expect(vaeFactor(config)).toBe(8)
    expect([mean.shape, logVariance.shape]).toEqual([
      [1, 4, 8, 12],
      [1, 4, 8, 12],
    ])
    expect(vaeDecode(scope, config, input("latents", [1, 4, 8, 12])).shape).toEqual([1, 3, 64, 96])
    expect(digest()).toEqual(published.vae.vaeWeights)
  })
})
