import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, describe, expect, test } from "vitest"
import { isWholeLoraFile, type LoraModule } from "../../src/formats/lora-file.ts"
import { loraHashes } from "../../src/formats/lora-hashes.ts"
import { decodeSafetensors } from "../../src/formats/safetensors.ts"
import { encodeSafetensors, type TensorToCome, type TensorToStore } from "../../src/formats/write-safetensors.ts"
import { decodeLoraFile, encodeLoraFile } from "../rig/lora-bytes.ts"
import { badFileFrom, damaged, goldenBytes } from "./golden.ts"

const linear: LoraModule = {
  key: "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q",
  down: Float32Array.of(1, 2, 3, 4, 5, 6),
  downShape: [2, 3],
  up: Float32Array.of(0.1, 0.2),
  upShape: [1, 2],
  alpha: 0.6,
}
const conv: LoraModule = {
  key: "lora_unet_mid_block_attentions_0_proj_in",
  down: Float32Array.of(1, 2),
  downShape: [1, 2, 1, 1],
  up: Float32Array.of(3),
  upShape: [1, 1, 1, 1],
  alpha: 1,
}

describe("a LoRA file", () => {
  test("comes back with its modules and metadata", () => {
    const { modules, metadata } = decodeLoraFile(encodeLoraFile([linear, conv], { ss_network_dim: "2" }))
    expect(modules).toEqual([conv, { ...linear, alpha: Math.fround(0.6) }])
    expect(metadata).toMatchObject({ ss_network_dim: "2" })
  })

  test("has kohya's three tensors per module, alpha a scalar", () => {
    const { header } = decodeSafetensors(encodeLoraFile([linear], {}))
    expect(
      Array.from(header.tensors, ([name, { dtype, shape }]) => [name.slice(linear.key.length), dtype, shape]),
    ).toEqual([
      [".alpha", "F32", []],
      [".lora_down.weight", "F32", [2, 3]],
      [".lora_up.weight", "F32", [1, 2]],
    ])
  })

  test("in float16 keeps alpha exact", () => {
    const [module] = decodeLoraFile(encodeLoraFile([linear], {}, "F16")).modules
    expect(module?.up[0]).toBe(0.0999755859375)
    expect(module?.alpha).toBe(Math.fround(0.6))
  })

  test("does not depend on the order of modules or metadata", () => {
    expect(encodeLoraFile([linear, conv], { ss_a: "1", ss_b: "2" })).toEqual(
      encodeLoraFile([conv, linear], { ss_b: "2", ss_a: "1" }),
    )
  })

  test("by kohya's trainer reads right, in float16", () => {
    const { modules, metadata } = decodeLoraFile(goldenBytes("kohya-lora.safetensors"))
    expect(metadata).toEqual({ ss_network_dim: "2" })
    expect(modules.map(({ key, downShape, upShape, alpha }) => [key, downShape, upShape, alpha])).toEqual([
      ["lora_unet_mid_block_attentions_0_proj_in", [2, 6, 1, 1], [5, 2, 1, 1], 1],
      ["lora_unet_mid_block_attentions_0_proj_out", [2, 6], [5, 2], 1],
    ])
    expect(modules.every(({ down, up }) => down.length === 12 && up.length === 10 && down.every(Number.isFinite))).toBe(
      true,
    )
  })

  test("carries the hashes kohya's trainer would put in", () => {
    const { metadata, hashes } = JSON.parse(Buffer.from(goldenBytes("lora-hashes.json")).toString()) as {
      metadata: Record<string, string>
      hashes: Record<string, string>
    }
    const modules = [0, 1, 2, 3].map((n): LoraModule => {
      const values = Float32Array.from({ length: 80_000 }, (_, i) => ((i * 2654435761 + n) % 2 ** 32) / 2 ** 32)
      return {
        key: `lora_unet_module_${n}`,
        down: values.slice(0, 40_000),
        downShape: [4, 10_000],
        up: values.slice(40_000),
        upShape: [10_000, 4],
        alpha: 4,
      }
    })
    expect(decodeLoraFile(encodeLoraFile(modules, metadata)).metadata).toEqual({ ...metadata, ...hashes })
  })

  test("keeps its hashes when its title changes, not when its weights do", () => {
    const hashed = (value: number, metadata: Record<string, string>) => {
      const w: TensorToCome = { dtype: "F32", shape: [1], data: Effect.succeed(Float32Array.of(value)) }
      return Effect.runSync(loraHashes(new Map([["w", w]]), metadata))
    }
    const plain = hashed(1, { ss_seed: "1" })
    expect(hashed(1, { ss_seed: "1", "modelspec.title": "new" })).toEqual(plain)
    expect(hashed(2, { ss_seed: "1" }).sshs_model_hash).not.toBe(plain.sshs_model_hash)
  })
})

describe("a LoRA on the disk", () => {
  const folder = mkdtempSync(join(tmpdir(), "loom-lora-"))
  afterAll(() => rmSync(folder, { recursive: true }))
  const one = Float32Array.of(0.5)
  const module = { key: "lora_unet_x", down: one, up: one, downShape: [1, 1], upShape: [1, 1], alpha: 1 }
  const bytes = encodeLoraFile([module], { ss_seed: "1" })
  const isWhole = (name: string, content: Uint8Array) => {
    writeFileSync(join(folder, name), content)
    return Effect.runPromise(isWholeLoraFile(join(folder, name)))
  }

  test("is whole as it was written, and not with another number in it", async () => {
    expect(await isWhole("written", bytes)).toBe(true)
    const spoiled = bytes.slice()
    spoiled[spoiled.length - 1]! ^= 1
    expect(await isWhole("spoiled", spoiled)).toBe(false)
  })
})

describe("a LoRA that cannot be used is told in a sentence", () => {
  const file = (tensors: Record<string, readonly number[]>): Uint8Array =>
    encodeSafetensors(
      new Map(
        Object.entries(tensors).map(([name, shape]) => {
          const data = new Float32Array(shape.reduce((a, b) => a * b, 1))
          return [name, { dtype: "F32", shape, data } satisfies TensorToStore]
        }),
      ),
    )

  test.each<readonly [string, Record<string, readonly number[]>]>([
    ["another kind of adapter", { "k.hada_w1_a": [1] }],
    ["one half", { "k.lora_down.weight": [2, 3] }],
    ["halves of two ranks", { "k.lora_down.weight": [2, 3], "k.lora_up.weight": [4, 3] }],
    ["an empty alpha", { "k.lora_down.weight": [1, 1], "k.lora_up.weight": [1, 1], "k.alpha": [0] }],
  ])("%s", (_, tensors) => {
    const error = badFileFrom(() => decodeLoraFile(file(tensors), "a.safetensors"))
    expect(error?.file).toBe("a.safetensors")
    expect(`${error?.reason}. ${error?.hint}`).toMatchSnapshot()
  })

  test("a missing alpha means scale 1", () => {
    const [module] = decodeLoraFile(file({ "k.lora_down.weight": [4, 3], "k.lora_up.weight": [2, 4] })).modules
    expect(module?.alpha).toBe(4)
  })

  test("damaged bytes end in BadFile, never in another error", () => {
    for (const bytes of damaged(goldenBytes("kohya-lora.safetensors"), 1000, 2))
      badFileFrom(() => decodeLoraFile(bytes))
  })
})
