/**
 * Writes the noise that Loom starts a picture from, so that diffusers can start from the same.
 *
 * Usage: node test/reference/write-noise.ts OUT.safetensors HEIGHT WIDTH SEED...   (height and width of the latents)
 */
import { writeFileSync } from "node:fs"
import { startingNoise } from "../../src/engine/sample/starting-noise.ts"
import { encodeSafetensors } from "../../src/formats/write-safetensors.ts"

const [out = "noise.safetensors", height = "16", width = "16", ...seeds] = process.argv.slice(2)
const shape = [1, 4, Number(height), Number(width)]

const noises = seeds.map((seed, index) => {
  const data = startingNoise(Number(seed), shape)
  return [`noise.${index}`, { dtype: "F32" as const, shape, data }] as const
})
writeFileSync(out, encodeSafetensors(new Map(noises)))
