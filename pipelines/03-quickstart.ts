/**
 * The quick start: twelve blueprints of everyday things, a tiny base model that knows emoji, and a LoRA that teaches it to
 * draw blueprints. Less than a minute on two cores.
 */
import { Schema } from "effect"
import { baseModel, caption, checkpoint, crop, encode, evaluate, ingest, pipeline, train } from "lora-loom"

const params = Schema.Struct({ networkDim: Schema.Int, unetLearningRate: Schema.Finite, steps: Schema.Int })

export default pipeline(
  "quickstart",
  { params, defaults: { networkDim: 16, unetLearningRate: 1.5e-3, steps: 300 } },
  ({ networkDim, unetLearningRate, steps }) => {
    const base = baseModel("./quickstart/base")
    const pictures = ingest("./quickstart/pictures")
    const images = crop(pictures, { size: 128 })
    const captions = caption(pictures, { trigger: "toki" })
    const dataset = encode({ base, images, captions }, { clipSkip: 1 })
    const lora = train(dataset, {
      networkDim,
      networkScale: 1,
      unetLearningRate,
      steps,
      saveEverySteps: 75,
      warmupSteps: 10,
      gradientAccumulationSteps: 6,
      seed: 7,
    })
    return evaluate(checkpoint(lora, { name: "blueprint" }), {
      prompts: [
        "[trigger], a panda emoji",
        "[trigger], a dog face emoji",
        "[trigger], a castle emoji",
        "[trigger], a robot emoji",
      ],
      seeds: [1],
      steps: 20,
      guidance: 4,
    })
  },
)
