/**
 * What the settings of `train` do: the quick start's training, each time with one setting changed, on one sheet. Pictures and captions
 * are encoded once for all of them. A few minutes on two cores.
 */
import { Schema } from "effect"
import { baseModel, caption, compare, crop, encode, ingest, pipeline, train } from "lora-loom"

const params = Schema.Struct({ steps: Schema.Int })

export default pipeline("settings", { params, defaults: { steps: 300 } }, ({ steps }) => {
  const base = baseModel("./quickstart/base")
  const pictures = ingest("./quickstart/pictures")
  const images = crop(pictures, { size: 128 })
  const captions = caption(pictures, { trigger: "toki" })
  const dataset = encode({ base, images, captions }, { clipSkip: 1 })
  const skipping = encode({ base, images, captions }, { clipSkip: 2 })

  const right = {
    networkDim: 16,
    unetLearningRate: 1.5e-3,
    denoising: { start: 0, end: 1 },
    steps,
    saveEverySteps: 0,
    warmupSteps: 10,
    gradientAccumulationSteps: 6,
    seed: 7,
  }
  const usual = train(dataset, right)
  const changed = (change: Partial<typeof right>, data = dataset) => train(data, { ...right, ...change })

  return compare(
    {
      "network dim": { "1": changed({ networkDim: 1 }), "4": changed({ networkDim: 4 }), "16": usual },
      "UNet learning rate": {
        "1e-4 (low)": changed({ unetLearningRate: 1e-4 }),
        "1.5e-3 (right)": usual,
        "1.5e-2 (too high)": changed({ unetLearningRate: 1.5e-2 }),
      },
      "CLIP skip": { "1": usual, "2": changed({}, skipping) },
      denoising: {
        "0–50 % (noisy half)": changed({ denoising: { start: 0, end: 0.5 } }),
        "50–100 % (clean half)": changed({ denoising: { start: 0.5, end: 1 } }),
      },
    },
    {
      name: "settings",
      prompts: ["[trigger], a panda emoji", "[trigger], a castle emoji", "[trigger], a robot emoji"],
      seeds: [1],
      steps: 20,
      guidance: 4,
    },
  )
})
