/**
 * A sweep: which learning rate and how large a LoRA draw blueprints best, judged by pictures that no trial was trained on. All 24 trials
 * train 25 steps, the better third goes on to 75, the best of those to 150. Some three minutes on two cores.
 */
import { Schema } from "effect"
import {
  asha,
  baseModel,
  caption,
  checkpoint,
  crop,
  encode,
  evaluate,
  holdOut,
  ingest,
  logUniform,
  minimise,
  oneOf,
  pipeline,
  sweep,
  train,
  validate,
  validationLoss,
} from "lora-loom"

const params = Schema.Struct({ networkDim: Schema.Int, unetLearningRate: Schema.Finite, steps: Schema.Int })

const blueprints = pipeline(
  "blueprints",
  { params, defaults: { networkDim: 16, unetLearningRate: 1.5e-3, steps: 150 } },
  ({ networkDim, unetLearningRate, steps }) => {
    const base = baseModel("./quickstart/base")
    const pictures = ingest("./quickstart/pictures")
    const images = crop(pictures, { size: 128 })
    const captions = caption(pictures, { trigger: "toki" })
    const { training, heldOut } = holdOut(encode({ base, images, captions }), { share: 0.25 })
    const lora = train(training, {
      ...{ networkDim, unetLearningRate, steps },
      saveEverySteps: 25,
      warmupSteps: 10,
      gradientAccumulationSteps: 2,
      seed: 7,
    })
    const checkpoints = checkpoint(lora, { name: "blueprint" })
    return {
      losses: validate({ checkpoints, heldOut }),
      pictures: evaluate(checkpoints, {
        prompts: ["[trigger], a panda emoji", "[trigger], a castle emoji", "[trigger], a robot emoji"],
        guidance: 4,
      }),
    }
  },
)

export default sweep(blueprints, {
  name: "blueprint-sweep",
  space: { unetLearningRate: logUniform(2e-4, 2e-2), networkDim: oneOf(4, 8, 16, 32) },
  search: asha({ rungs: [25, 75, 150] }),
  objective: minimise(validationLoss),
  trials: 24,
  seed: 1,
})
