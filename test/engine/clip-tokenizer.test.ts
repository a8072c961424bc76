/** The tokenizer against ids made by transformers (test/reference/make_tokenizer_goldens.py). */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { openClipTokenizer } from "../../src/engine/base/clip-tokenizer.ts"

const folder = fileURLToPath(new URL("../golden/engine/tokenizer/", import.meta.url))
const golden: { pad: string; text: string; ids: number[] }[] = JSON.parse(
  readFileSync(join(folder, "ids.json"), "utf8"),
)
const files = { "tokenizer/vocab.json": join(folder, "vocab.json"), "tokenizer/merges.txt": join(folder, "merges.txt") }

const withFile = (name: string, content: string) => {
  const file = join(mkdtempSync(join(tmpdir(), "loom-tokenizer-")), name)
  writeFileSync(file, content)
  return { [`tokenizer/${name}`]: file }
}
const withConfig = (config: object) => ({ ...files, ...withFile("tokenizer_config.json", JSON.stringify(config)) })

describe("CLIP tokenizer", () => {
  it.effect.each(["<|endoftext|>", "!"])("gives the ids of transformers, padding with %s", (pad) =>
    Effect.gen(function* () {
      const tokenizer = yield* openClipTokenizer(withConfig({ pad_token: { content: pad } }), "tokenizer", 77)
      const cases = golden.filter((one) => one.pad === pad)
      assert.lengthOf(cases, 15)
      for (const { text, ids } of cases) assert.deepStrictEqual(tokenizer.encode(text).ids, ids, text)
    }),
  )

  it.effect("the words that no longer fit are named", () =>
    Effect.gen(function* () {
      const tokenizer = yield* openClipTokenizer(files, "tokenizer", 77)
      assert.deepStrictEqual(tokenizer.encode(`${"the ".repeat(74)}sks dog photo`).truncated, ["dog", "photo"])
      assert.deepStrictEqual(tokenizer.encode("a dog").truncated, [])
    }),
  )

  it.effect("a missing vocabulary is a failure that names it", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(openClipTokenizer({}, "tokenizer", 77))
      assert.strictEqual(failure.kind, "input")
      assert.include(failure.what, "tokenizer/vocab.json")
    }),
  )

  it.effect("a broken vocabulary is a failure that names the file", () =>
    Effect.gen(function* () {
      const broken = { ...files, ...withFile("vocab.json", '{"a": ') }
      const failure = yield* Effect.flip(openClipTokenizer(broken, "tokenizer", 77))
      assert.include(failure.what, "vocab.json")
      assert.include(failure.why, "JSON")
    }),
  )
})
