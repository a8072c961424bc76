/**
 * Whether a UNet can read what the text encoders beside it say: widths of states and of SDXL's pooled vector.
 *
 * Catches parts of different models in one folder, and SDXL's refiner, before any weight is read.
 */
import type { ClipTextConfig } from "../models/clip-text-config.ts"
import { isSdxl, timeIdCount, type UnetConfig } from "../models/unet-config.ts"

interface Mismatch {
  readonly why: string
  readonly hint: string
}

const oneModel = "Use the UNet and the text encoders of one model"

/** SDXL's refiner is told five numbers of a picture, one of them its beauty. */
const refinerIds = 5

/** `texts`: of all the text encoders that a model of this kind has. */
export const conditionProblem = (unet: UnetConfig, texts: readonly ClipTextConfig[]): Mismatch | undefined => {
  const { cross_attention_dim, addition_time_embed_dim, projection_class_embeddings_input_dim: taken } = unet
  const given = texts.reduce((sum, { hidden_size }) => sum + hidden_size, 0)
  const pooled = texts.at(-1)?.projection_dim ?? 0
  const idWidth = addition_time_embed_dim ?? 0
  if (isSdxl(unet) && taken === pooled + refinerIds * idWidth) {
    const why = "this is the refiner of Stable Diffusion XL, which works on finished pictures and takes no LoRA"
    return { why, hint: "Use the base model of Stable Diffusion XL" }
  }
  const widths = typeof cross_attention_dim === "number" ? [cross_attention_dim] : cross_attention_dim
  const misfit = widths.find((width) => width !== given)
  if (misfit !== undefined) {
    const why = `the UNet takes text states of ${misfit} numbers, the text ${texts.length > 1 ? "encoders give" : "encoder gives"} ${given}`
    return { why, hint: oneModel }
  }
  if (isSdxl(unet) && taken !== null && taken !== pooled + timeIdCount * idWidth) {
    const why = `the UNet takes ${taken} numbers about text and size, there are ${pooled + timeIdCount * idWidth}`
    return { why, hint: oneModel }
  }
  return undefined
}
