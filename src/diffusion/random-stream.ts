/**
 * Counter-based random numbers: a stream is named, never advanced by anyone but its holder.
 *
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) turns a counter and a key into
 * four 32-bit words. The key is the seed, the counter is (block, sample, step, purpose), so the stream of a name is the
 * same whichever other streams were read, how often, in which process and after which resume.
 * Distributions use 32-bit words and the JavaScript Math functions only: the same V8 gives the same bits everywhere.
 */

/** Every use of randomness has its own number; numbers are never reused, so that old runs stay repeatable. */
const purposes = {
  "adapter-init": 1,
  "picture-order": 2,
  latents: 3,
  noise: 4,
  "noise-offset": 5,
  timestep: 6,
  "starting-noise": 7,
  "embedding-init": 8,
  "caption-dropout": 9,
  "validation-noise": 10,
} as const

export interface StreamName {
  /** A whole number from 0 to 2^53 − 1. */
  readonly seed: number
  readonly purpose: keyof typeof purposes
  readonly step: number
  /** A number below 2^32, or a name (an adapter's key), which stands for its hash. */
  readonly sample: number | string
}

export interface RandomStream {
  /** The next 32 random bits as a number in 0..2^32 − 1. */
  readonly word: () => number
  /** Uniform in the open interval (0, 1), 32 bits of it. */
  readonly uniform: () => number
  /** Standard normal. */
  readonly normal: () => number
  /** Uniform among low..high, both included, without bias. */
  readonly integer: (low: number, high: number) => number
  /** A random order of 0..length − 1. */
  readonly permutation: (length: number) => readonly number[]
}

const multiplier0 = 0xd2511f53
const multiplier1 = 0xcd9e8d57
const weyl0 = 0x9e3779b9
const weyl1 = 0xbb67ae85

/** High 32 bits of an unsigned 32 × 32 product, in 16-bit halves because doubles hold 53 bits only. */
const highProduct = (a: number, b: number): number => {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const middleLow = aLow * bHigh + (middle & 0xffff)
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(middleLow / 0x10000)) >>> 0
}

/** Ten rounds of Philox4x32; writes the four words over the counter. */
export const philox4x32 = (counter: Uint32Array, key0: number, key1: number): void => {
  let c0 = counter[0]!
  let c1 = counter[1]!
  let c2 = counter[2]!
  let c3 = counter[3]!
  let k0 = key0
  let k1 = key1
  for (let round = 0; round < 10; round++) {
    const high0 = highProduct(multiplier0, c0)
    const high1 = highProduct(multiplier1, c2)
    const low0 = Math.imul(multiplier0, c0)
    const low1 = Math.imul(multiplier1, c2)
    c0 = (high1 ^ c1 ^ k0) >>> 0
    c1 = low1 >>> 0
    c2 = (high0 ^ c3 ^ k1) >>> 0
    c3 = low0 >>> 0
    k0 = (k0 + weyl0) >>> 0
    k1 = (k1 + weyl1) >>> 0
  }
  counter[0] = c0
  counter[1] = c1
  counter[2] = c2
  counter[3] = c3
}

/** FNV-1a over UTF-8, 32 bits: names only have to be told apart. */
const hashOf = (name: string): number => {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

/** The stream of a name, from its beginning. */
export const randomStream = ({ seed, purpose, step, sample }: StreamName): RandomStream => {
  const key0 = seed >>> 0
  const key1 = Math.floor(seed / 0x1_0000_0000) >>> 0
  const sampleWord = typeof sample === "number" ? sample : hashOf(sample)
  const words = new Uint32Array(4)
  let block = 0
  let used = 4
  let spare: number | undefined

  const word = (): number => {
    if (used === 4) {
      words[0] = block++
      words[1] = sampleWord
      words[2] = step
      words[3] = purposes[purpose]
      philox4x32(words, key0, key1)
      used = 0
    }
    return words[used++]!
  }

  const uniform = (): number => (word() + 0.5) / 0x1_0000_0000

  /** Box and Muller (1958): two uniforms make two normals; the second is kept for the next call. */
  const normal = (): number => {
    if (spare !== undefined) {
      const kept = spare
      spare = undefined
      return kept
    }
    const radius = Math.sqrt(-2 * Math.log(uniform()))
    const angle = 2 * Math.PI * uniform()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }

  /** Words above the last whole multiple of the range are thrown away: that is what makes it unbiased. */
  const integer = (low: number, high: number): number => {
    const range = high - low + 1
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % range)
    let drawn = word()
    while (drawn >= limit) drawn = word()
    return low + (drawn % range)
  }

  /** Fisher and Yates, from the end. */
  const permutation = (length: number): readonly number[] => {
    const order = Array.from({ length }, (_, index) => index)
    for (let last = length - 1; last > 0; last--) {
      const chosen = integer(0, last)
      const held = order[last]!
      order[last] = order[chosen]!
      order[chosen] = held
    }
    return order
  }

  return { word, uniform, normal, integer, permutation }
}

/** Fills an array with standard normals times a standard deviation. */
export const fillNormal = (target: Float32Array, stream: RandomStream, deviation = 1): Float32Array => {
  for (let index = 0; index < target.length; index++) target[index] = deviation * stream.normal()
  return target
}
