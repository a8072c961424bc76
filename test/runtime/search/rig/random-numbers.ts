/** Seeded random numbers for made-up sweeps: uniform in [0, 1), mulberry32. */
export const randomNumbers = (seed: number) => {
  let state = seed >>> 0
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
export type RandomNumber = ReturnType<typeof randomNumbers>

/** One number for whole numbers that name it, the same each time. */
export const numberFor = (...names: readonly number[]): number =>
  randomNumbers(names.reduce((hash, name) => Math.imul(hash ^ name, 0x01000193) + 0x9e3779b9, 0x811c9dc5))()
