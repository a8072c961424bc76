/** One training step: loss and every adapter gradient, in ONNX Runtime in float32, against PyTorch in float64. */
import { describe, expect, it } from "vitest"
import { goldenNames, openGoldenModel } from "./rig/golden-model.ts"
import { largestOf, relativeError, runGraph } from "./rig/run-graph.ts"
import { goldenFeeds, trainGraph } from "./rig/train-graph.ts"

const { LOOM_PRINT_ERRORS } = process.env
const forwardTolerance = 1e-5
const gradientTolerance = 1e-4

describe.each(goldenNames)("%s", (name) => {
  it("loss and every adapter gradient are PyTorch's", async () => {
    const model = await openGoldenModel(name)
    const { prediction, loss, gradients } = trainGraph(model)
    const forward = { "train.prediction": prediction, "train.loss": loss }
    const results = await runGraph({
      outputs: forward,
      gradients,
      locate: model.unet.locate,
      feeds: goldenFeeds(model),
    })
    const keys = Object.keys(gradients)
    const floor = 1e-6 * Math.max(...keys.map((key) => largestOf(model.golden(`grad/${key}`))))
    const errors = new Map([
      ...Object.keys(forward).map((key) => [key, relativeError(results[key]!, model.golden(key))] as const),
      ...keys.map((key) => [key, relativeError(results[key]!, model.golden(`grad/${key}`), floor)] as const),
    ])
    if (LOOM_PRINT_ERRORS) {
      const [[, worst]] = [...errors].sort(([, a], [, b]) => b - a) as [[string, number]]
      console.log(`${name} ${keys.length} gradients ${worst.toExponential(1)}, loss ${errors.get("train.loss")}`)
    }
    const limit = (key: string) => (key in forward ? forwardTolerance : gradientTolerance)
    expect([...errors].filter(([key, error]) => !(error <= limit(key)))).toEqual([])
  })
})
