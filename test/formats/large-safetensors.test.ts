/** Safetensors files whose tensors lie beyond 2 and 4 GiB. Sparse files, read and planned without their zeros. */
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { readBytes } from "../../src/formats/file-bytes.ts"
import { readFloat32Into, readSafetensorsHeader, readTensorAsFloat32 } from "../../src/formats/safetensors.ts"
import { parseHeader } from "../../src/formats/safetensors-header.ts"
import { safetensorsPieces, type TensorToCome, wholeOf } from "../../src/formats/write-safetensors.ts"

const folder = mkdtempSync(join(tmpdir(), "loom-large-"))
afterAll(() => rmSync(folder, { recursive: true }))

const never = Effect.die("nobody asked for its numbers")
const numbers = Float32Array.of(1.5, -2)

/** Zeros up to here, and then two numbers. */
const large = (zerosBytes: number): ReadonlyMap<string, TensorToCome> =>
  new Map([
    ["a", { dtype: "F32", shape: [zerosBytes / 4], data: never }],
    ["b", { dtype: "F32", shape: [2], data: Effect.succeed(numbers) }],
  ])

/** The file, its zeros left out. */
const written = (zerosBytes: number): string => {
  const { head } = safetensorsPieces(large(zerosBytes))
  const file = join(folder, `${zerosBytes}`)
  const handle = openSync(file, "w")
  writeSync(handle, head)
  writeSync(handle, new Uint8Array(numbers.buffer), 0, 8, head.length + zerosBytes)
  ftruncateSync(handle, head.length + zerosBytes + 8)
  closeSync(handle)
  return file
}

const sizes = [2 ** 31 - 4, 2 ** 31, 2 ** 31 + 4, 2 ** 32 - 4, 2 ** 32, 2 ** 32 + 4]

describe("a safetensors file", () => {
  it.effect.each(sizes)("whose last tensor lies after %d bytes gives that tensor", (zerosBytes) =>
    Effect.gen(function* () {
      const header = yield* readSafetensorsHeader(written(zerosBytes))
      assert.strictEqual(header.tensors.get("b")!.offsetBytes, header.dataStartBytes + zerosBytes)
      assert.deepStrictEqual(yield* readTensorAsFloat32(header, "b"), numbers)
      const target = new Float32Array(4)
      yield* readFloat32Into(header, "b", target.subarray(1, 3))
      assert.deepStrictEqual(target, Float32Array.of(0, 1.5, -2, 0))
    }),
  )

  it("of more than one call of Node's can read comes whole", { timeout: 60_000 }, async () => {
    const file = written(2 ** 31)
    const { bytes, size } = await readBytes(file, 0, Number.POSITIVE_INFINITY)
    assert.strictEqual(bytes.length, size)
    assert.deepStrictEqual(new Float32Array(bytes.slice(-8).buffer), numbers)
  })

  it("of 20 GiB says in its header where each tensor will lie", () => {
    const zerosBytes = 20 * 2 ** 30
    const { head } = safetensorsPieces(large(zerosBytes))
    const { tensors } = parseHeader("planned", head.subarray(8), head.length + zerosBytes + 8)
    assert.deepStrictEqual(tensors.get("b"), {
      dtype: "F32",
      shape: [2],
      offsetBytes: head.length + zerosBytes,
      lengthBytes: 8,
    })
  })

  it.effect("asks for each tensor when its turn comes, and no earlier", () =>
    Effect.gen(function* () {
      const seen: string[] = []
      const tensor = (name: string): TensorToCome => ({
        dtype: "U8",
        shape: [1],
        data: Effect.sync(() => {
          seen.push(`${name} read`)
          return Uint8Array.of(1)
        }),
      })
      const pieces = wholeOf(safetensorsPieces(new Map(["a", "b"].map((name) => [name, tensor(name)]))))
      yield* Stream.runForEach(pieces, (piece) => Effect.sync(() => seen.push(`${piece.length} bytes out`)))
      assert.deepStrictEqual(seen.slice(1), ["a read", "1 bytes out", "b read", "1 bytes out"])
    }),
  )
})
