/**
 * From the user's view of denoising, 0 = noisy start and 1 = clean end, to the timesteps that training draws from.
 *
 *     t from round((1 − end) · (T − 1)) to round((1 − start) · (T − 1)), both included
 *
 * So 0…0.5 trains composition (t 500…999 of 1000) and 0.7…1 the refinement of detail (t 0…300).
 */

export interface TimestepRange {
  readonly lowest: number
  readonly highest: number
}

/** Needs 0 ≤ start ≤ end ≤ 1. */
export const timestepRange = (
  denoising: { readonly start: number; readonly end: number },
  trainTimesteps: number,
): TimestepRange => {
  const timestepAt = (done: number) => Math.round((1 - done) * (trainTimesteps - 1))
  return { lowest: timestepAt(denoising.end), highest: timestepAt(denoising.start) }
}

/** The timestep for a uniform number in [0, 1): each of the range is equally likely. */
export const timestepFromUniform = ({ lowest, highest }: TimestepRange, uniform: number): number =>
  lowest + Math.floor(uniform * (highest - lowest + 1))
