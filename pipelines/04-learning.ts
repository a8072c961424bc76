/**
 * What is learned, in numbers and pictures: an embedding alone, a LoRA alone, and both, each measured on three pictures that none of
 * them has seen. About a minute on two cores.
 */
import { Schema } from "effect"
import {
  baseModel,
  caption,
  checkpoint,
  compare,
  crop,
  encode,
  holdOut,
  ingest,
  pipeline,
  train,
  validate,
} from "lora-loom"

const params = Schema.Struct({ steps: Schema.Int })

export default pipeline("learning", { params, defaults: { steps: 100 } }, ({ steps }) => {
  const base = baseModel("./quickstart/base")
  const pictures = ingest("./quickstart/pictures")
  const images = crop(pictures, { size: 128 })
  const captions = caption(pictures, { trigger: "toki" })
  const { training, heldOut } = holdOut(encode({ base, images, captions }, { clipSkip: 1 }), { share: 0.25 })

  const shared = { steps, saveEverySteps: 25, warmupSteps: 10, gradientAccumulationSteps: 6, seed: 7 }
  const customEmbedding = { keyword: "toki", length: 1, learningRate: 2e-3, initWord: "blue" }
  const embedding = train(training, { ...shared, networkDim: 0, customEmbedding })
  const lora = train(training, { ...shared, unetLearningRate: 1.5e-3 })
  const both = train(training, { ...shared, unetLearningRate: 1.5e-3, customEmbedding })

  return [
    validate({ checkpoints: checkpoint(embedding, { name: "embedding" }), heldOut }),
    validate({ checkpoints: checkpoint(lora, { name: "lora" }), heldOut }),
    validate({ checkpoints: checkpoint(both, { name: "both" }), heldOut }),
    compare(
      { trained: { "embedding alone": embedding, "LoRA alone": lora, both } },
      {
        name: "learning",
        prompts: ["[trigger], a panda emoji", "[trigger], a castle emoji", "[trigger], a robot emoji"],
        guidance: 4,
      },
    ),
  ]
})
