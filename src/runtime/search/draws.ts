/**
 * Random numbers by name: a stream belongs to a seed, a purpose, a trial and an axis, and is the same whatever else was drawn.
 *
 * SHA-256 of the name is the first state of xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators",
 * 2021). So no state is kept between trials, a new axis leaves the draws of the others alone, and so does another order of the axes.
 */
import { hash } from "node:crypto"

export interface DrawName {
  /** A whole number from 0 on. */
  readonly seed: number
  /** What it is drawn for; each use has a word of its own. */
  readonly purpose: string
  readonly trial?: number
  /** Name of the dimension; left out where what is drawn belongs to the point as a whole. */
  readonly axis?: string
  /** Counted from 0: what was drawn before was refused. */
  readonly attempt?: number
}

export interface Draws {
  /** The next 32 bits, from 0 to 2^32 − 1. */
  readonly word: () => number
  /** Uniform in the open interval (0, 1), 52 bits of it: the middles of 2^52 equal parts, so that neither end can come out. */
  readonly uniform: () => number
  /** Uniform among 0 … count − 1, without bias; `count` up to 2^53. */
  readonly below: (count: number) => number
  /** A random order of 0 … length − 1. */
  readonly permutation: (length: number) => readonly number[]
}

const rotated = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

/** xoshiro128** from four words of state. */
const xoshiro = ([a, b, c, d]: readonly [number, number, number, number]): (() => number) => {
  let [s0, s1, s2, s3] = [a, b, c, d]
  return () => {
    const word = Math.imul(rotated(Math.imul(s1, 5), 7), 9) >>> 0
    const shifted = s1 << 9
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = rotated(s3, 11)
    return word
  }
}

const firstState = ({ seed, purpose, trial = 0, axis, attempt = 0 }: DrawName): [number, number, number, number] => {
  // No axis is another name than an axis of empty name.
  const digest = hash("sha256", JSON.stringify([seed, purpose, trial, axis ?? null, attempt]), "buffer")
  return [digest.readInt32LE(0), digest.readInt32LE(4), digest.readInt32LE(8), digest.readInt32LE(12)]
}

/** The stream of a name, from its beginning. */
export const drawsOf = (name: DrawName): Draws => {
  const word = xoshiro(firstState(name))
  const whole = (): number => (word() >>> 11) * 0x1_0000_0000 + word()
  const below = (count: number): number => {
    // What lies beyond the last whole multiple would favour the small numbers.
    const end = 2 ** 53 - (2 ** 53 % count)
    let drawn = whole()
    while (drawn >= end) drawn = whole()
    return drawn % count
  }
  return {
    word,
    uniform: () => ((word() >>> 12) * 0x1_0000_0000 + word() + 0.5) / 2 ** 52,
    below,
    permutation: (length) => {
      const order = Array.from({ length }, (_, place) => place)
      for (let last = length - 1; last > 0; last--) {
        const other = below(last + 1)
        const kept = order[last]!
        order[last] = order[other]!
        order[other] = kept
      }
      return order
    },
  }
}
