/**
 * Which picture is drawn when: each epoch goes through all pictures once, in an order of its own.
 *
 * Draw n (micro-batch i of update u is draw u · A + i) lies in epoch ⌊n / count⌋, whose order comes from its own random
 * stream. So the picture of a draw is known without playing the draws before it, and accumulation crosses epochs.
 */
import { randomStream } from "../../diffusion/random-stream.ts"

/** Draw number → index of the picture. */
export const pictureOrder = (seed: number, count: number): ((draw: number) => number) => {
  let epoch = -1
  let order: readonly number[] = []
  return (draw) => {
    const epochOfDraw = Math.floor(draw / count)
    if (epochOfDraw !== epoch) {
      epoch = epochOfDraw
      order = randomStream({ seed, purpose: "picture-order", step: epoch, sample: 0 }).permutation(count)
    }
    return order[draw % count]!
  }
}
