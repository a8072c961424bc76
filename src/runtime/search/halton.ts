/** Search along Halton's sequence: even in each dimension, for any number of trials and of dimensions. */
import { drawsOf } from "./draws.ts"
import { type DigitOrders, digitsOf, haltonCoordinate, primes } from "./halton-sequence.ts"
import { searchAlong } from "./search-along.ts"
import type { Searcher } from "./searcher.ts"

export interface HaltonOptions {
  /** Whether the points are scrambled by the seed; true where it is left out. Unscrambled, many dimensions go up and down together. */
  readonly scrambled?: boolean
}

/**
 * Tries the points of Halton's sequence, which fill the space evenly and need no particular number of trials. With few trials, more than
 * ten or so dimensions are hardly more even than at random. A longer sweep begins with the trials of the shorter one.
 *
 * Dimensions have their places in the sequence in the order in which they are written: add new ones at the end. Points that the constraints
 * refuse, and points that were tried before, are passed over.
 *
 * @example
 * halton()
 *
 * @example
 * halton({ scrambled: false })
 */
export const halton = ({ scrambled = true }: HaltonOptions = {}): Searcher => ({
  kind: "halton",
  options: { scrambled },
  adaptive: false,
  begin: (searched) => {
    const bases = primes(searched.dimensions.length)
    return searchAlong(searched, ({ name }, place) => {
      const base = bases[place]!
      const orders = scrambled ? digitOrders(searched.seed, name, base) : undefined
      return (index) => haltonCoordinate(index, base, orders)
    })
  },
})

const digitOrders = (seed: number, axis: string, base: number): DigitOrders => {
  const { permutation } = drawsOf({ seed, purpose: "halton", axis })
  return Array.from({ length: digitsOf(base) }, () => permutation(base))
}
