/** Wiring that does not fit is a type error in the pipeline file. Checked by tsc; nothing here runs. */
import { baseModel, caption, checkpoint, crop, encode, evaluate, ingest, pipeline, train } from "../../src/index.ts"

pipeline("does not fit", () => {
  const base = baseModel("./base")
  const pictures = ingest("./pictures")
  const images = crop(pictures, { size: 512 })
  const captions = caption(images)
  const dataset = encode({ base, images, captions })
  const lora = train(dataset)

  // @ts-expect-error pictures that are not cropped cannot be encoded
  encode({ base, images: pictures, captions })
  // @ts-expect-error pictures are no captions
  encode({ base, images, captions: images })
  // @ts-expect-error captions cannot be cropped
  crop(captions, { size: 512 })
  // @ts-expect-error captions are no dataset
  train(captions)
  // @ts-expect-error a size is a number of pixels
  crop(pictures, { size: "512" })
  // @ts-expect-error there is no such parameter
  train(dataset, { learningRate: 1e-4 })
  train(dataset, { textModel: { learningRate: 4e-5 }, customEmbedding: { keyword: "sks" } })
  // @ts-expect-error an embedding needs a word that calls it up
  train(dataset, { customEmbedding: { length: 4 } })
  // @ts-expect-error a LoRA has to be saved under a name
  checkpoint(lora)
  // @ts-expect-error an evaluation needs prompts
  evaluate(checkpoint(lora, { name: "lora" }), { seeds: [1] })
  // @ts-expect-error trained adapters are not yet files
  evaluate(lora, { prompts: ["a dog"] })

  return evaluate(checkpoint(lora, { name: "lora" }), { prompts: ["a dog"] })
})
