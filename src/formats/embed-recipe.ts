/**
 * Puts a picture's recipe into its PNG the way the two widespread programs do, so that both can load it again:
 * "parameters" for A1111 and its kin, "prompt" and "workflow" for ComfyUI.
 */
import { a1111Parameters } from "./a1111-parameters.ts"
import { comfyPrompt, comfyWorkflow } from "./comfyui-workflow.ts"
import type { PictureRecipe } from "./picture-recipe.ts"
import { writePngText } from "./png-text.ts"

/** JSON in ASCII, as Python's json module writes it: ComfyUI reads tEXt as UTF-8, the standard says Latin-1. */
const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** The same pixels with the recipe; throws `BadFile` when the bytes are no PNG. */
export const embedRecipe = (png: Uint8Array, recipe: PictureRecipe, file?: string): Uint8Array<ArrayBuffer> =>
  writePngText(
    png,
    {
      parameters: a1111Parameters(recipe),
      prompt: asciiJson(comfyPrompt(recipe)),
      workflow: asciiJson(comfyWorkflow(recipe)),
    },
    file,
  )
