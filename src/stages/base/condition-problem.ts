/**
 * Whether a UNet can read what the VAE and the text encoders beside it say: channels of the latents, widths of the condition.
 *
 * Catches parts of different models in one folder, inpainting models and refiners, before any weight is read.
 */
import type { ClipTextConfig } from "../../models/clip-text-config.ts"
import { timeIdCount, type UnetConfig } from "../../models/unet-config.ts"
import type { VaeConfig } from "../../models/vae-config.ts"
import { familyOf, familyRecord } from "../../settings/family.ts"

interface Mismatch {
  readonly why: string
  readonly hint: string
}

const oneModel = "Use the UNet and the text encoders of one model"

/** A UNet that takes more than the latents fills in or changes a picture that it is given. */
export const latentProblem = (unet: UnetConfig | undefined, vae: VaeConfig | undefined): Mismatch | undefined => {
  if (unet === undefined || vae === undefined || unet.in_channels === vae.latent_channels) return undefined
  const why = `the UNet takes ${unet.in_channels} channels, the latents have ${vae.latent_channels}`
  if (unet.in_channels < vae.latent_channels) return { why, hint: "Use the UNet and the VAE of one model" }
  return { why, hint: "Models for inpainting or editing cannot be trained on; use the one they were made from" }
}

/** A refiner is told one number less of a picture than the base model, and its beauty instead of a target size. */
const refinerIds = (unet: UnetConfig): number => timeIdCount(unet) - 1

/** `texts`: of all the text encoders that a model of this kind has. */
export const conditionProblem = (unet: UnetConfig, texts: readonly ClipTextConfig[]): Mismatch | undefined => {
  const { cross_attention_dim, addition_time_embed_dim, projection_class_embeddings_input_dim: taken } = unet
  const { title, textEncoders } = familyRecord(familyOf(unet))
  const given = texts.reduce((sum, { hidden_size }) => sum + hidden_size, 0)
  const pooling = texts[textEncoders.findIndex(({ isPooled }) => isPooled)]
  const beside = (ids: number): number => (pooling?.projection_dim ?? 0) + ids * (addition_time_embed_dim ?? 0)
  if (pooling !== undefined && taken === beside(refinerIds(unet))) {
    const why = `this is the refiner of ${title}, which works on finished pictures and takes no LoRA`
    return { why, hint: `Use the base model of ${title}` }
  }
  const widths = typeof cross_attention_dim === "number" ? [cross_attention_dim] : cross_attention_dim
  const misfit = widths.find((width) => width !== given)
  if (misfit !== undefined) {
    const why = `the UNet takes text states of ${misfit} numbers, the text ${texts.length > 1 ? "encoders give" : "encoder gives"} ${given}`
    return { why, hint: oneModel }
  }
  const wanted = beside(timeIdCount(unet))
  if (pooling !== undefined && taken !== null && taken !== wanted) {
    const why = `the UNet takes ${taken} numbers about text and size, there are ${wanted}`
    return { why, hint: oneModel }
  }
  return undefined
}
