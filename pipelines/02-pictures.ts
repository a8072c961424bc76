/**
 * Pictures and captions without a model: what a training would see. `loom run` says what is wrong with them, and `loom captions` shows
 * the final texts once a model is there to count their tokens. A few seconds.
 */
import { caption, crop, ingest, pipeline } from "lora-loom"

export default pipeline("pictures", () => {
  const pictures = ingest("./quickstart/pictures")
  return {
    images: crop(pictures, { size: 128 }),
    captions: caption(pictures, { trigger: "toki" }),
  }
})
