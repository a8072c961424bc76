/** A temporary file of weights one after the other, behind an odd number of foreign bytes. */
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { WeightLocation } from "../../src/graph/onnx/lower.ts"
import type { DType } from "../../src/graph/tensor.ts"

type Weights = Readonly<Record<string, readonly [DType, ArrayBufferView]>>

export const withWeightFile = async <A>(
  weights: Weights,
  use: (locate: (name: string) => WeightLocation) => Promise<A>,
): Promise<A> => {
  const folder = await mkdtemp(join(tmpdir(), "weights-"))
  const file = join(folder, "weights.bin")
  const parts: Uint8Array[] = [new Uint8Array(13)]
  const locations = new Map<string, WeightLocation>()
  let offsetBytes = 13
  for (const [name, [dtype, { buffer, byteOffset, byteLength }]] of Object.entries(weights)) {
    parts.push(new Uint8Array(buffer, byteOffset, byteLength))
    locations.set(name, { file, offsetBytes, lengthBytes: byteLength, dtype })
    offsetBytes += byteLength
  }
  await writeFile(file, Buffer.concat(parts))
  try {
    return await use((name) => locations.get(name)!)
  } finally {
    await rm(folder, { recursive: true })
  }
}
