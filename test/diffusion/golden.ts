/** Opens a golden file of this room, and measures how far two float arrays are apart. */
import { readFileSync } from "node:fs"
import { decodeSafetensors } from "../../src/formats/safetensors.ts"

const folder = new URL("../golden/diffusion/", import.meta.url)

export const goldenText = (name: string): string => readFileSync(new URL(name, folder), "utf8")

/** Tensors by name, and what the script wrote about them. */
export const golden = <About>(name: string) => {
  const { header, float32, values } = decodeSafetensors(readFileSync(new URL(`${name}.safetensors`, folder)), name)
  const { golden: about = "{}" } = header.metadata
  return { float32, values, about: JSON.parse(about) as About }
}

export const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let largest = 0
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!))
  return largest
}
