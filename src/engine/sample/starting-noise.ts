/** The unit noise that a picture is painted from: one draw for each seed and shape, whatever the prompt and the adapters. */
import { fillNormal, randomStream } from "../../diffusion/random-stream.ts"

/** `shape`: of the latents, [channels, height, width]. */
export const startingNoise = (seed: number, shape: readonly number[]): Float32Array => {
  const size = shape.reduce((product, side) => product * side, 1)
  return fillNormal(new Float32Array(size), randomStream({ seed, purpose: "starting-noise", step: 0, sample: 0 }))
}
