/** Files that a host has opened: read once for all jobs that name their content. */
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { keeping, openLora } from "../../src/engine/host/opened-files.ts"
import { encodeLoraFile } from "../rig/lora-bytes.ts"
import { storedFile } from "../rig/stored-job.ts"

const loraOf = (value: number) => {
  const one = Float32Array.of(value)
  return encodeLoraFile([{ key: "lora_unet_x", down: one, up: one, downShape: [1, 1], upShape: [1, 1], alpha: 1 }], {})
}
/** An opener that counts, over files of four bytes. */
const counting = (limitBytes: number) => {
  const reads: number[] = []
  const open = keeping(
    "the file",
    (path) =>
      Effect.sync(() => {
        const value = readFileSync(path)[0]!
        reads.push(value)
        return value
      }),
    limitBytes,
  )
  return { reads, open }
}
const file = (value: number) => storedFile(new Uint8Array(4).fill(value))

describe("a file that a host has opened", () => {
  it.effect("is read once for twenty pictures, and not looked for again", () =>
    Effect.gen(function* () {
      const lora = storedFile(loraOf(1))
      const first = yield* openLora(lora)
      rmSync(lora.path)
      for (let picture = 1; picture < 20; picture++) assert.strictEqual(yield* openLora(lora), first)
    }),
  )

  it.effect("is known by its content: another path is the same file, other content under a path is not", () =>
    Effect.gen(function* () {
      const { reads, open } = counting(100)
      const one = file(1)
      yield* open(one)
      yield* open({ ...one, path: "/nowhere" })
      assert.deepStrictEqual(reads, [1])
      writeFileSync(one.path, new Uint8Array(4).fill(9))
      assert.strictEqual(yield* open({ ...one, sha256: "another" }), 9)
    }),
  )

  it.effect("makes room when it is the one whose use lies furthest back", () =>
    Effect.gen(function* () {
      const { reads, open } = counting(8)
      for (const value of [1, 2, 1, 3, 1, 2]) yield* open(file(value))
      assert.deepStrictEqual(reads, [1, 2, 3, 2])
    }),
  )

  it.effect("stays however large it is while no other is opened", () =>
    Effect.gen(function* () {
      const { reads, open } = counting(1)
      for (const value of [1, 1, 2, 2]) yield* open(file(value))
      assert.deepStrictEqual(reads, [1, 2])
    }),
  )

  it.effect("that is gone or broken before its first use is told in words", () =>
    Effect.gen(function* () {
      const gone = yield* Effect.flip(openLora({ path: "/nowhere/lora", sha256: "gone" }))
      assert.strictEqual(gone.what, "the LoRA")
      assert.include(gone.why, "/nowhere/lora")
      const broken = yield* Effect.flip(openLora(storedFile(new Uint8Array(3))))
      assert.include(broken.why, "too short for a safetensors file")
    }),
  )
})
