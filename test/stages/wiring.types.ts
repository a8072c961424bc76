/**
 * Wiring that does not fit is a type error in the pipeline file, told in a few words. Checked by tsc; nothing here runs. How short
 * the errors are is checked in `type-errors.test.ts`.
 */
import {
  baseModel,
  type CaptionParams,
  type CheckpointParams,
  type CompareParams,
  type CropParams,
  caption,
  checkpoint,
  compare,
  crop,
  type EncodeParams,
  type EvaluateParams,
  encode,
  evaluate,
  type HoldOutParams,
  holdOut,
  ingest,
  pipeline,
  type TrainParams,
  train,
  type ValidateParams,
  validate,
} from "../../src/index.ts"

pipeline("does not fit", () => {
  const base = baseModel("./base")
  const pictures = ingest("./pictures")
  const images = crop(pictures, { size: 512 })
  const captions = caption(images)
  const dataset = encode({ base, images, captions })
  const lora = train(dataset)
  const checkpoints = checkpoint(lora, { name: "lora" })
  const { training, heldOut } = holdOut(dataset)

  // Where there is one wire, the record of it will do as well.
  train({ dataset: training }, { schedule: { kind: "cosine" } })
  crop({ pictures }, { size: { width: 512, height: 768 } })
  caption(pictures, { trigger: "sks" })
  // Another base model to paint with is a wire like the others.
  evaluate({ checkpoints, base: baseModel("./other") }, { prompts: ["a dog"] })
  validate({ checkpoints, heldOut }, { timesteps: 4 })
  compare({ steps: { few: lora } }, { name: "steps", prompts: ["a dog"] })
  // Parameters have names of their own, for programs that make them.
  const named: readonly [CaptionParams, CropParams, EncodeParams, TrainParams, CheckpointParams, HoldOutParams] = [
    { trigger: "sks" },
    { size: 512, upscale: "skip" },
    { clipSkip: 2 },
    { steps: 100 },
    { name: "lora", precision: "fp16" },
    { share: 0.2 },
  ]
  const evaluations: readonly [EvaluateParams, ValidateParams, CompareParams] = [
    { prompts: ["a dog"], seeds: [1] },
    { seed: 1 },
    { name: "sheet", prompts: ["a dog"] },
  ]

  // @ts-expect-error pictures that are not cropped cannot be encoded
  encode({ base, images: pictures, captions })
  // @ts-expect-error pictures are no captions
  encode({ base, images, captions: images })
  // @ts-expect-error parameters come second
  encode({ base, images, captions, clipSkip: 2 })
  // @ts-expect-error captions cannot be cropped
  crop(captions, { size: 512 })
  // @ts-expect-error captions are no dataset
  train(captions)
  // @ts-expect-error a dataset that is divided is two
  train(holdOut(dataset))
  // @ts-expect-error a size is a number of pixels
  crop(pictures, { size: "512" })
  // @ts-expect-error there is no such parameter
  train(dataset, { learningRate: 1e-4 })
  // @ts-expect-error a schedule is a record
  train(dataset, { schedule: "cosine" })
  train(dataset, { textModel: { learningRate: 4e-5 }, customEmbedding: { keyword: "sks" } })
  // @ts-expect-error an embedding needs a word that calls it up
  train(dataset, { customEmbedding: { length: 4 } })
  // @ts-expect-error a LoRA has to be saved under a name
  checkpoint(lora)
  // @ts-expect-error an evaluation needs prompts
  evaluate(checkpoints, { seeds: [1] })
  // @ts-expect-error trained adapters are not yet files
  evaluate(lora, { prompts: ["a dog"] })
  // @ts-expect-error wires belong in one record
  validate(checkpoints, heldOut)

  return { sheet: evaluate(checkpoints, { prompts: named.length + evaluations.length > 0 ? ["a dog"] : [] }) }
})
