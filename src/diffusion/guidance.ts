/**
 * Classifier-free guidance (Ho & Salimans 2022): from the prediction without the prompt towards, and past, the one
 * with it: u + scale · (c − u). Scale 1 is the prompt's own prediction.
 */

/** Combines two predictions of equal length, in float32 as diffusers does. */
export const guide = (withoutPrompt: Float32Array, withPrompt: Float32Array, scale: number): Float32Array => {
  const result = new Float32Array(withPrompt.length)
  for (let i = 0; i < result.length; i++) {
    const unprompted = withoutPrompt[i]!
    result[i] = unprompted + Math.fround(Math.fround(scale) * Math.fround(withPrompt[i]! - unprompted))
  }
  return result
}
