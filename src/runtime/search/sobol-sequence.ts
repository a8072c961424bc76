/**
 * Sobol's sequence in Gray-code order, and its scrambling: 32 bits for each coordinate of each point, reached directly by index.
 *
 * The first 2^m points lie each in an interval of its own of length 2^−m, in every dimension, and scrambling keeps that. The
 * scrambling is Owen's, made by a hash (Laine and Karras; Burley, "Practical hash-based Owen scrambling", JCGT 9(4), 2020).
 */
import { directionRows } from "./sobol-directions.ts"

const bits = 32

export const sobolDimensionsAtMost = directionRows.length + 1

/** Direction numbers of a dimension, counted from 0: the first has the highest bit. */
const directionsOf = (dimension: number): Uint32Array => {
  const directions = new Uint32Array(bits)
  if (dimension === 0) return directions.map((_, bit) => 2 ** (bits - 1 - bit))
  const { degree, coefficients, first } = directionRows[dimension - 1]!
  for (let bit = 0; bit < bits; bit++) {
    if (bit < degree) {
      directions[bit] = first[bit]! << (bits - 1 - bit)
      continue
    }
    const before = directions[bit - degree]!
    let direction = before ^ (before >>> degree)
    for (let back = 1; back < degree; back++) {
      if ((coefficients >>> (degree - 1 - back)) & 1) direction ^= directions[bit - back]!
    }
    directions[bit] = direction
  }
  return directions
}

/** One coordinate of the points: 32 bits of the point of an index, which is below 2^32. */
export const sobolCoordinate = (dimension: number): ((index: number) => number) => {
  const directions = directionsOf(dimension)
  return (index) => {
    let gray = (index ^ (index >>> 1)) >>> 0
    let word = 0
    for (let bit = 0; gray !== 0; bit++, gray >>>= 1) if (gray & 1) word ^= directions[bit]!
    return word >>> 0
  }
}

const reversedBits = (word: number): number => {
  let [rest, reversed] = [word, 0]
  for (let bit = 0; bit < bits; bit++, rest >>>= 1) reversed = (reversed << 1) | (rest & 1)
  return reversed >>> 0
}

/** Each bit of a hash of this form depends on itself and lower bits only; from reversed bits that is Owen's nested permutation. */
const hashedUpwards = (word: number, seed: number): number => {
  let hashed = (word + seed) | 0
  for (const factor of [0x6c50b47c, 0xb82f1e52, 0xc7afe638, 0x8d22f6e6]) hashed ^= Math.imul(hashed, factor)
  return hashed >>> 0
}

/** `seed`: 32 random bits, of its own for each dimension. */
export const owenScrambled = (word: number, seed: number): number =>
  reversedBits(hashedUpwards(reversedBits(word), seed))
