import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { BadFile } from "../../src/formats/bad-file.ts"
import {
  decodeSafetensors,
  readSafetensorsHeader,
  readTensor,
  readTensorAsFloat32,
} from "../../src/formats/safetensors.ts"
import { encodeSafetensors, type TensorToStore } from "../../src/formats/write-safetensors.ts"
import { badFileFrom, damaged, goldenBytes, goldenPath } from "./golden.ts"

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "loom-formats-"))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const failure = <A>(effect: Effect.Effect<A, BadFile>): Promise<BadFile> => Effect.runPromise(Effect.flip(effect))

/** A safetensors file with any header, true or false. */
const fileOf = (header: unknown, dataBytes: number): Uint8Array => {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + dataBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  return bytes
}

describe("a file written by Python", () => {
  const path = goldenPath("every-dtype.safetensors")

  test("has every dtype of the format, with shapes and metadata", async () => {
    const { tensors, metadata } = await Effect.runPromise(readSafetensorsHeader(path))
    expect(new Set(Array.from(tensors.values(), ({ dtype }) => dtype)).size).toBe(18)
    expect(metadata).toEqual({ note: 'written by Python " \\ \n \u0001 é ☃' })
    expect(tensors.get("scalar")).toMatchObject({ dtype: "F32", shape: [] })
    expect(tensors.get("Ünïcode ☃ 𝄞")).toMatchObject({ shape: [1], lengthBytes: 4 })
  })

  test.each(["F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"])(
    "gives %s as PyTorch converts it to float32",
    async (name) => {
      const header = await Effect.runPromise(readSafetensorsHeader(path))
      const ours = await Effect.runPromise(readTensorAsFloat32(header, name))
      expect(ours).toEqual(await Effect.runPromise(readTensor(header, `${name} as F32`)))
    },
  )

  test.each([
    ["I64", BigInt64Array],
    ["U64", BigUint64Array],
    ["I32", Int32Array],
    ["U32", Uint32Array],
    ["I16", Int16Array],
    ["U16", Uint16Array],
    ["I8", Int8Array],
    ["U8", Uint8Array],
  ])("gives %s in an array of its own kind", async (name, kind) => {
    const header = await Effect.runPromise(readSafetensorsHeader(path))
    const values = await Effect.runPromise(readTensor(header, name))
    expect(values).toBeInstanceOf(kind)
    expect(Array.from(values as ArrayLike<number | bigint>, Number)).toEqual([0, 1, 2, 100, 126, 127])
    expect(Array.from(await Effect.runPromise(readTensorAsFloat32(header, name)))).toEqual([0, 1, 2, 100, 126, 127])
  })

  test("says that complex and packed numbers are no plain numbers", async () => {
    const header = await Effect.runPromise(readSafetensorsHeader(path))
    for (const name of ["C64", "F4", "F8_E8M0"]) {
      const { reason } = await failure(readTensorAsFloat32(header, name))
      expect(reason).toBe(`stores "${name}" as ${name}, which has no plain numbers`)
    }
  })

  test("is written again byte for byte", () => {
    const bytes = goldenBytes("every-dtype.safetensors")
    const { header, bytesOf } = decodeSafetensors(bytes)
    const tensors = Array.from(header.tensors, ([name, { dtype, shape }]): [string, TensorToStore] => [
      name,
      { dtype, shape, data: bytesOf(name) },
    ])
    expect(encodeSafetensors(new Map(tensors.reverse()), header.metadata)).toEqual(bytes)
  })
})

describe("a file written here", () => {
  const tensors = new Map<string, TensorToStore>([
    ["b", { dtype: "F32", shape: [3], data: Float32Array.of(1, -2.5, 3) }],
    ["a", { dtype: "F32", shape: [], data: Float32Array.of(7) }],
    ["half", { dtype: "F16", shape: [2], data: Float32Array.of(0.1, 65504) }],
    ["ids", { dtype: "I64", shape: [1, 2], data: BigInt64Array.of(5n, -6n) }],
  ])

  test("comes back with its values", () => {
    const { float32, values } = decodeSafetensors(encodeSafetensors(tensors))
    expect(values("b")).toEqual(Float32Array.of(1, -2.5, 3))
    expect(values("ids")).toEqual(BigInt64Array.of(5n, -6n))
    expect(float32("half")).toEqual(Float32Array.of(0.0999755859375, 65504))
  })

  test("does not depend on the order of tensors or metadata", () => {
    const reversed = new Map([...tensors].reverse())
    expect(encodeSafetensors(reversed, { x: "1", y: "2" })).toEqual(encodeSafetensors(tensors, { y: "2", x: "1" }))
  })

  test("begins its data at a multiple of eight bytes, and each tensor at a multiple of its element", () => {
    const { header } = decodeSafetensors(encodeSafetensors(tensors, { odd: "length" }))
    for (const { offsetBytes, lengthBytes, shape } of header.tensors.values()) {
      expect(offsetBytes % (lengthBytes / shape.reduce((a, b) => a * b, 1))).toBe(0)
    }
    expect(Math.min(...Array.from(header.tensors.values(), ({ offsetBytes }) => offsetBytes)) % 8).toBe(0)
  })

  test("is refused when a tensor's data does not fill its shape", () => {
    const wrong = new Map([["w", { dtype: "F32", shape: [2, 2], data: Float32Array.of(1) } as const]])
    expect(badFileFrom(() => encodeSafetensors(wrong))?.message).toContain('"w" is F32 [2, 2], 16 bytes, but holds 4')
  })
})

test("a header whose length begins like a web page or an archive is still a header", () => {
  for (const length of ["<a".charCodeAt(0) + 256 * "<a".charCodeAt(1), 256 * 0x4b + 0x50]) {
    const bytes = fileOf("{}".padEnd(length), 0)
    expect(decodeSafetensors(bytes).header.tensors.size).toBe(0)
  }
})

describe("a bad file is told in a sentence", () => {
  const good = { dtype: "F32", shape: [2], data_offsets: [0, 8] }

  test.each<readonly [string, Uint8Array]>([
    ["empty", new Uint8Array(0)],
    ["header cut off", fileOf({ a: good }, 8).slice(0, 30)],
    ["pickle archive", new TextEncoder().encode("PK\u0003\u0004 and so on, long enough")],
    ["LFS pointer", new TextEncoder().encode("version https://git-lfs.github.com/spec/v1")],
    ["web page", new TextEncoder().encode("<!DOCTYPE html><html lang=en>")],
    ["no JSON", fileOf("{not json", 0)],
    ["JSON list", fileOf("[1, 2]", 0)],
    ["data cut off", fileOf({ a: good }, 7)],
    ["data too long", fileOf({ a: good }, 9)],
    ["hole", fileOf({ a: { ...good, data_offsets: [8, 16] } }, 16)],
    ["overlap", fileOf({ a: good, b: { ...good, data_offsets: [4, 12] } }, 12)],
    ["shape too large", fileOf({ a: { ...good, shape: [3] } }, 8)],
    ["unknown dtype", fileOf({ a: { ...good, dtype: "F31" } }, 8)],
    ["negative size", fileOf({ a: { ...good, shape: [-2] } }, 8)],
    ["endless shape", fileOf({ a: { ...good, shape: [2 ** 52, 2 ** 52] } }, 8)],
    ["backwards", fileOf({ a: { ...good, data_offsets: [8, 0] } }, 8)],
    ["one offset", fileOf({ a: { ...good, data_offsets: [0] } }, 8)],
    ["metadata of numbers", fileOf({ __metadata__: { a: 1 } }, 0)],
  ])("%s", async (name, bytes) => {
    const path = join(folder, `${name}.safetensors`)
    await writeFile(path, bytes)
    const error = await failure(readSafetensorsHeader(path))
    expect(error.file).toBe(path)
    expect(error.hint).not.toBe("")
    expect(`${error.reason}. ${error.hint}`).toMatchSnapshot()
    expect(badFileFrom(() => decodeSafetensors(bytes))?.reason).toBe(error.reason)
  })

  test("a missing file, a folder, a missing tensor", async () => {
    expect((await failure(readSafetensorsHeader(join(folder, "nowhere")))).reason).toBe("does not exist")
    expect((await failure(readSafetensorsHeader(folder))).reason).toBe("is a folder")
    const header = await Effect.runPromise(readSafetensorsHeader(goldenPath("kohya-lora.safetensors")))
    const { reason, hint } = await failure(readTensor(header, "x"))
    expect([reason, hint]).toEqual([
      'has no tensor called "x"',
      expect.stringMatching(/^It holds 6 tensors, "lora_unet/),
    ])
  })

  test("a file that shrinks after its header was read", async () => {
    const path = join(folder, "shrinks.safetensors")
    await writeFile(path, fileOf({ a: good }, 8))
    const header = await Effect.runPromise(readSafetensorsHeader(path))
    await truncate(path, 60)
    expect((await failure(readTensor(header, "a"))).reason).toContain("has become shorter")
  })
})

test("damaged files end in BadFile or in tensors of their announced size, never in another error", () => {
  const original = goldenBytes("every-dtype.safetensors")
  let refused = 0
  for (const bytes of damaged(original, 2000, 1)) {
    const error = badFileFrom(() => {
      const { header, values } = decodeSafetensors(bytes)
      for (const name of header.tensors.keys()) values(name)
    })
    if (error) refused++
  }
  expect(refused).toBeGreaterThan(1000)
})
