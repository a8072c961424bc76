/**
 * The text A1111's web UI writes into a picture under "parameters", in its layout (`create_infotext` in
 * `modules/processing.py`, `quote` in `modules/infotext_utils.py`, 1.10):
 *
 *     the prompt
 *     Negative prompt: what to avoid
 *     Steps: 20, Sampler: DDIM, CFG scale: 7, Seed: 1, Size: 512x512, …
 *
 * Dropping the picture on its "PNG Info" tab fills in every field. The picture itself will differ: A1111 draws other
 * noise from the same seed.
 */
import { sayMentions } from "./embedding-mention.ts"
import type { PictureRecipe } from "./picture-recipe.ts"

/** Values with a comma, colon or line break are written as JSON texts. */
const quote = (value: string | number): string => {
  const text = String(value)
  return /[,:\n]/.test(text) ? JSON.stringify(text) : text
}

/** A1111 shows the first ten hex digits of a model's SHA-256 and the first twelve of a LoRA's. */
const shortHash = (hash: string | undefined, digits: number): string | undefined => hash?.slice(0, digits)

const loraTag = (lora: PictureRecipe["lora"]): string => (lora ? ` <lora:${lora.name}:${lora.strength}>` : "")

/** A1111 knows an embedding by the bare word; angle brackets would stay behind as tokens of their own. */
const spoken = (text: string, { embedding }: PictureRecipe): string =>
  embedding ? sayMentions(text, embedding.keyword, embedding.keyword, { before: "(", after: ",.;:!?)" }) : text

export const a1111Parameters = (recipe: PictureRecipe): string => {
  const { lora, model } = recipe
  const loraHash = shortHash(lora?.modelHash, 12)
  const fields: readonly (readonly [name: string, value: string | number | undefined])[] = [
    ["Steps", recipe.steps],
    ["Sampler", recipe.sampler],
    // Our DPM++ 2M spaces its steps evenly in time; A1111's own choice would be Karras.
    ["Schedule type", recipe.sampler === "DPM++ 2M" ? "Uniform" : undefined],
    ["CFG scale", recipe.guidanceScale],
    ["Seed", recipe.seed],
    ["Size", `${recipe.width}x${recipe.height}`],
    ["Model hash", shortHash(model.sha256, 10)],
    ["Model", model.name],
    ["Clip skip", recipe.encoding.clipSkip > 1 ? recipe.encoding.clipSkip : undefined],
    ["Lora hashes", lora && loraHash ? `${lora.name}: ${loraHash}` : undefined],
    ["Version", recipe.madeBy],
  ]
  const line = fields.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${quote(value)}`])).join(", ")
  const negative = recipe.negativePrompt ? `\nNegative prompt: ${spoken(recipe.negativePrompt, recipe)}` : ""
  return `${spoken(recipe.prompt, recipe)}${loraTag(lora)}${negative}\n${line}`.trim()
}
