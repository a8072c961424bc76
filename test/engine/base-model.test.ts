/** What is missing or broken in a base model folder is said in words, with the file. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { openTextEncoder, openUnet, openVae } from "../../src/engine/base/base-model.ts"
import type { BaseModelFiles } from "../../src/engine/jobs/train-job.ts"
import { decodeSafetensors } from "../../src/formats/safetensors.ts"
import { encodeSafetensors, type TensorToStore } from "../../src/formats/write-safetensors.ts"
import { makeTinyBase } from "./tiny-base.ts"

const base = makeTinyBase()
const weightsPath = "unet/diffusion_pytorch_model.safetensors"
const folder = mkdtempSync(join(tmpdir(), "loom-broken-"))
const written = (name: string, content: string | Uint8Array): string => {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}
const without = (path: string): BaseModelFiles =>
  Object.fromEntries(Object.entries(base).filter(([name]) => name !== path))

/** The UNet's weights in two files and an index. */
const sharded = (): BaseModelFiles => {
  const whole = decodeSafetensors(readFileSync(base[weightsPath]!))
  const keys = [...whole.header.tensors.keys()]
  const halves = [keys.slice(0, 20), keys.slice(20)].map((some, index) => {
    const tensors = new Map<string, TensorToStore>(
      some.map((key) => [key, { dtype: "F32", shape: whole.header.tensors.get(key)!.shape, data: whole.float32(key) }]),
    )
    return written(`model-${index + 1}-of-2.safetensors`, encodeSafetensors(tensors))
  })
  const weight_map = Object.fromEntries(keys.map((key, at) => [key, `model-${at < 20 ? 1 : 2}-of-2.safetensors`]))
  return {
    ...without(weightsPath),
    [`${weightsPath}.index.json`]: written("index.json", JSON.stringify({ weight_map })),
    "unet/model-1-of-2.safetensors": halves[0]!,
    "unet/model-2-of-2.safetensors": halves[1]!,
  }
}

describe("base model", () => {
  it.effect("its parts are opened with their configs and weights", () =>
    Effect.gen(function* () {
      const unet = yield* openUnet(base)
      assert.deepStrictEqual([...unet.config.block_out_channels], [8, 16])
      assert.deepStrictEqual([...unet.weights.header.shape("conv_in.weight")], [8, 4, 3, 3])
      assert.strictEqual((yield* openVae(base)).config.scaling_factor, 0.5)
      assert.strictEqual((yield* openTextEncoder(base)).config.hidden_size, 16)
    }),
  )

  it.effect("weights in shards are found through their index", () =>
    Effect.gen(function* () {
      const files = sharded()
      const { weights } = yield* openUnet(files)
      const whole = yield* openUnet(base)
      assert.strictEqual(weights.storedBytes, whole.weights.storedBytes)
      assert.include(files["unet/model-1-of-2.safetensors"], weights.locate("conv_in.bias").file)
      const last = weights.locate("up_blocks.1.resnets.1.conv1.weight")
      assert.strictEqual(last.file, files["unet/model-2-of-2.safetensors"])
      assert.strictEqual(last.lengthBytes, whole.weights.locate("up_blocks.1.resnets.1.conv1.weight").lengthBytes)
    }),
  )

  it.effect("a missing shard is named", () =>
    Effect.gen(function* () {
      const { "unet/model-2-of-2.safetensors": _, ...files } = sharded() as Record<string, string>
      const failure = yield* Effect.flip(openUnet(files))
      assert.include(failure.what, "model-2-of-2.safetensors")
    }),
  )

  it.effect.each([
    ["without a UNet", without("unet/config.json"), "unet/config.json", /no such file/],
    ["without weights", without(weightsPath), weightsPath, /no such file/],
    [
      "with weights as pickle only",
      { ...without(weightsPath), "unet/diffusion_pytorch_model.bin": "x" },
      weightsPath,
      /no such file/,
    ],
    ["with broken weights", { ...base, [weightsPath]: written("cut", "{}") }, "cut", /too short/],
    ["with a config that is no JSON", { ...base, "unet/config.json": written("no", "{,}") }, "no", /not JSON/],
    [
      "with a config that cannot be built",
      { ...base, "unet/config.json": written("odd", '{"act_fn":"mish"}') },
      "odd",
      /act_fn = "mish"/,
    ],
  ] as const)("a folder %s is a failure that names the file", ([, files, file, why]) =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(openUnet(files as BaseModelFiles))
      assert.strictEqual(failure.kind, "input")
      assert.include(failure.what, file)
      assert.match(failure.why, why)
      assert.isNotEmpty(failure.hint)
    }),
  )
})
