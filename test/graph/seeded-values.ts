/** Numbers that look random and are the same in every run. */

/** Uniform in [0, 1): mulberry32. */
export const seededUniform = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Float32 values in [low, high), so that a session can be fed exactly the same numbers. */
export const seededValues = (count: number, seed: number, low = -1, high = 1): Float64Array => {
  const uniform = seededUniform(seed)
  return Float64Array.from({ length: count }, () => Math.fround(low + (high - low) * uniform()))
}
