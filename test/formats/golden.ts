/** Files in test/golden/formats, made by Python, and the error that a reader of bytes throws. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { BadFile } from "../../src/formats/bad-file.ts"

export const goldenPath = (name: string): string => fileURLToPath(new URL(`../golden/formats/${name}`, import.meta.url))

export const goldenBytes = (name: string): Uint8Array => new Uint8Array(readFileSync(goldenPath(name)))

/** The BadFile that `read` throws, or null when it succeeds; any other error passes through and fails the test. */
export const badFileFrom = (read: () => unknown): BadFile | null => {
  try {
    read()
    return null
  } catch (error) {
    if (error instanceof BadFile) return error
    throw error
  }
}

/** Small deterministic generator (mulberry32) for damage that can be repeated. */
export const randomIntegers = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** Copies of `bytes`, each cut off, overwritten in places, or with a piece taken out or put in. */
export function* damaged(bytes: Uint8Array, count: number, seed: number): Generator<Uint8Array> {
  const pick = randomIntegers(seed)
  for (let i = 0; i < count; i++) {
    const at = pick(bytes.length)
    const copy = Uint8Array.from(bytes)
    const kind = pick(4)
    if (kind === 0) yield copy.slice(0, at)
    else if (kind === 1) {
      for (let n = 0; n <= pick(4); n++) copy[pick(Math.min(bytes.length, n % 2 ? 2048 : 64))] = pick(256)
      yield copy
    } else if (kind === 2) yield Buffer.concat([copy.slice(0, at), copy.slice(at + 1 + pick(16))])
    else yield Buffer.concat([copy.slice(0, at), Uint8Array.of(pick(256)), copy.slice(at)])
  }
}
