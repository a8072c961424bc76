/** Every model forward, in ONNX Runtime in float32, against PyTorch in float64. */
import { beforeAll, describe, expect, it } from "vitest"
import { input } from "../../src/graph/build.ts"
import { clipText } from "../../src/models/clip-text.ts"
import { unet } from "../../src/models/unet.ts"
import { vaeDecode, vaeEncode } from "../../src/models/vae.ts"
import { type GoldenModel, goldenNames, openGoldenModel } from "./rig/golden-model.ts"
import { relativeError, runGraph, type Values } from "./rig/run-graph.ts"
import { goldenFeeds, unetFeeds } from "./rig/train-graph.ts"

const { LOOM_PRINT_ERRORS } = process.env
const tolerance = 1e-5
const noAdapters = new Map()

/** One golden tensor as a feed. */
const fed = (model: GoldenModel, name: string, dtype?: "int64") => input(name, model.golden(name).shape, dtype)

const clipStates = async (model: GoldenModel) => {
  const scope = { weights: model.text.weights, adapters: noAdapters }
  const tokenIds = fed(model, "text.ids", "int64")
  const states = (skip: number, finalNorm = true) =>
    clipText(scope, model.textConfig, { tokenIds, skip, finalNorm }).states
  return runGraph({
    outputs: {
      "text.states.1": states(1),
      "text.states.2": states(2),
      "text.states.3": states(3),
      "text.penultimate_without_norm": states(2, false),
    },
    locate: model.text.locate,
    feeds: goldenFeeds(model),
  })
}

const vaeBothWays = async (model: GoldenModel) => {
  const scope = { weights: model.vae.weights, adapters: noAdapters }
  const { mean, logVariance } = vaeEncode(scope, model.vaeConfig, fed(model, "vae.image"))
  return runGraph({
    outputs: {
      "vae.mean": mean,
      "vae.log_variance": logVariance,
      "vae.decoded": vaeDecode(scope, model.vaeConfig, fed(model, "vae.latents")),
    },
    locate: model.vae.locate,
    feeds: goldenFeeds(model),
  })
}

const unetPrediction = async (model: GoldenModel) => {
  const scope = { weights: model.unet.weights, adapters: noAdapters }
  return runGraph({
    outputs: { "unet.prediction": unet(scope, model.unetConfig, unetFeeds(model)) },
    locate: model.unet.locate,
    feeds: goldenFeeds(model),
  })
}

describe.each(goldenNames)("%s", (name) => {
  let model: GoldenModel
  beforeAll(async () => {
    model = await openGoldenModel(name)
  })

  const expectClose = (results: Readonly<Record<string, Float32Array>>) => {
    for (const [key, actual] of Object.entries(results)) {
      const error = relativeError(actual, model.golden(key))
      if (LOOM_PRINT_ERRORS) console.log(`${name} ${key} ${error.toExponential(1)}`)
      expect(error, key).toBeLessThanOrEqual(tolerance)
    }
  }

  it("the text encoder gives PyTorch's states at CLIP skip 1, 2 and 3", async () =>
    expectClose(await clipStates(model)))
  it("the VAE encodes and decodes as PyTorch does", async () => expectClose(await vaeBothWays(model)))
  it("the UNet predicts what PyTorch predicts", async () => expectClose(await unetPrediction(model)))

  it("learned rows stand in for tokens", async () => {
    const { vocab_size } = model.textConfig
    const ids = model.golden("text.learned_ids")
    const rows = model.golden("text.learned_rows").shape[0]!
    const { tokenIds, placement, kept } = placeLearned(ids, vocab_size, rows)
    const states = clipText({ weights: model.text.weights, adapters: noAdapters }, model.textConfig, {
      tokenIds: input("ids", ids.shape, "int64"),
      skip: 1,
      learned: {
        rows: fed(model, "text.learned_rows"),
        placement: input("placement", placement.shape),
        kept: input("kept", kept.shape),
      },
    }).states
    const feeds = { ids: tokenIds, placement, kept, "text.learned_rows": model.golden("text.learned_rows") }
    expectClose(await runGraph({ outputs: { "text.learned_states": states }, locate: model.text.locate, feeds }))
  })
})

/** Ids from `vocabulary` on are learned rows. */
const placeLearned = (ids: Values, vocabulary: number, rows: number) => {
  const numbers = Array.from(ids.data, Number)
  return {
    tokenIds: { shape: ids.shape, data: BigInt64Array.from(numbers, (id) => (id < vocabulary ? BigInt(id) : 0n)) },
    placement: {
      shape: [numbers.length, rows],
      data: Float32Array.from(
        numbers.flatMap((id) => Array.from({ length: rows }, (_, row) => +(id === vocabulary + row))),
      ),
    },
    kept: { shape: [numbers.length, 1], data: Float32Array.from(numbers, (id) => +(id < vocabulary)) },
  }
}

describe("what only some models have", () => {
  it("latents of odd size come back in their size", async () => {
    const model = await openGoldenModel("sd1-two-levels")
    const all = unetFeeds(model, "unet.odd_sample")
    const first = (key: string): Values => {
      const { shape, data } = model.golden(key)
      return { shape: [1, ...shape.slice(1)], data: data.slice(0, data.length / shape[0]!) }
    }
    const feeds = {
      "unet.odd_sample": model.golden("unet.odd_sample"),
      "unet.time_features": first("unet.time_features"),
      "unet.states": first("unet.states"),
    }
    const prediction = unet({ weights: model.unet.weights, adapters: noAdapters }, model.unetConfig, {
      sample: all.sample,
      timeFeatures: input("unet.time_features", feeds["unet.time_features"].shape),
      text: { states: input("unet.states", feeds["unet.states"].shape), pooled: null },
    })
    expect(prediction.shape).toEqual([1, 4, 7, 5])
    const { odd } = await runGraph({ outputs: { odd: prediction }, locate: model.unet.locate, feeds })
    expect(relativeError(odd!, model.golden("unet.odd_prediction"))).toBeLessThanOrEqual(tolerance)
  })

  it("the pooled vector comes after all layers, at the first end of the text", async () => {
    const model = await openGoldenModel("sdxl-text-time")
    const [samples, tokens] = model.golden("text.ids").shape as [number, number]
    const ends = model.golden("text.end_positions").data as BigInt64Array
    const condition = clipText({ weights: model.text.weights, adapters: noAdapters }, model.textConfig, {
      tokenIds: fed(model, "text.ids", "int64"),
      skip: 2,
      finalNorm: false,
      pooledRows: input("rows", [samples], "int64"),
    })
    const rows = BigInt64Array.from(ends, (end, sample) => BigInt(sample * tokens) + end)
    const { states, ends: pooledAtEnds } = await runGraph({
      outputs: { states: condition.states, ends: condition.pooled! },
      locate: model.text.locate,
      feeds: { "text.ids": model.golden("text.ids"), rows: { shape: [samples], data: rows } },
    })
    expect(relativeError(states!, model.golden("text.penultimate_without_norm"))).toBeLessThanOrEqual(tolerance)
    expect(relativeError(pooledAtEnds!, model.golden("text.pooled"))).toBeLessThanOrEqual(tolerance)
  })
})
