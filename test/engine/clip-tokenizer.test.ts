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

const spellings: {
  readonly texts: readonly string[]
  readonly ids: readonly (readonly number[])[]
  readonly ways: readonly {
    readonly way: string
    readonly files: Readonly<Record<string, object>>
    readonly differing: Readonly<Record<string, readonly number[]>>
  }[]
} = JSON.parse(readFileSync(join(folder, "spellings.json"), "utf8"))
const room = { positions: 77, rows: 800 }

const withFile = (name: string, content: string) => {
  const file = join(mkdtempSync(join(tmpdir(), "loom-tokenizer-")), name)
  writeFileSync(file, content)
  return { [`tokenizer/${name}`]: file }
}
const withConfig = (config: object) => ({ ...files, ...withFile("tokenizer_config.json", JSON.stringify(config)) })

describe("CLIP tokenizer", () => {
  it.effect.each(["<|endoftext|>", "!"])("gives the ids of transformers, padding with %s", (pad) =>
    Effect.gen(function* () {
      const tokenizer = yield* openClipTokenizer(withConfig({ pad_token: { content: pad } }), "tokenizer", room)
      const cases = golden.filter((one) => one.pad === pad)
      assert.lengthOf(cases, 15)
      for (const { text, ids } of cases) assert.deepStrictEqual(tokenizer.encode(text).ids, ids, text)
    }),
  )

  it.effect.each(spellings.ways.map((one) => [one.way, one] as const))(
    "gives the ids of transformers for hundreds of odd texts, special tokens named %s",
    ([, { files: beside, differing }]) =>
      Effect.gen(function* () {
        const written = Object.entries(beside).map(([name, content]) => withFile(name, JSON.stringify(content)))
        const { tokensOf } = yield* openClipTokenizer(Object.assign({}, files, ...written), "tokenizer", room)
        assert.isAbove(spellings.texts.length, 500)
        const wrong = spellings.texts.filter(
          (text, at) => `${tokensOf(text)}` !== `${differing[at] ?? spellings.ids[at]}`,
        )
        assert.deepStrictEqual(wrong, [])
      }),
  )

  it.effect("reads vocabulary, merges and added tokens from tokenizer.json where that is all there is", () =>
    Effect.gen(function* () {
      const vocab = JSON.parse(readFileSync(files["tokenizer/vocab.json"], "utf8"))
      const merges = readFileSync(files["tokenizer/merges.txt"], "utf8").trim().split("\n").slice(1)
      const added_tokens = [{ id: 661, content: "<cat-toy>", normalized: true }]
      const whole = withFile("tokenizer.json", JSON.stringify({ added_tokens, model: { vocab, merges } }))
      const pairs = withFile(
        "tokenizer.json",
        JSON.stringify({ added_tokens, model: { vocab, merges: merges.map((line) => line.split(" ")) } }),
      )
      const twoFiles = yield* openClipTokenizer(files, "tokenizer", room)
      const expected = [...twoFiles.tokensOf("a photo of a"), 661]
      for (const only of [whole, pairs]) {
        const { tokensOf } = yield* openClipTokenizer(only, "tokenizer", room)
        assert.deepStrictEqual(tokensOf("a photo of a <CAT-toy>"), expected)
      }
    }),
  )

  it.effect("the words that no longer fit are named", () =>
    Effect.gen(function* () {
      const tokenizer = yield* openClipTokenizer(files, "tokenizer", room)
      assert.deepStrictEqual(tokenizer.encode(`${"the ".repeat(74)}sks dog photo`).truncated, ["dog", "photo"])
      assert.deepStrictEqual(tokenizer.encode("a dog").truncated, [])
    }),
  )

  it.effect("a missing vocabulary is a failure that names it", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(openClipTokenizer({}, "tokenizer", room))
      assert.strictEqual(failure.kind, "input")
      assert.include(failure.what, "tokenizer/vocab.json")
    }),
  )

  it.effect("a broken vocabulary is a failure that names the file", () =>
    Effect.gen(function* () {
      const broken = { ...files, ...withFile("vocab.json", '{"a": ') }
      const failure = yield* Effect.flip(openClipTokenizer(broken, "tokenizer", room))
      assert.include(failure.what, "vocab.json")
      assert.include(failure.why, "JSON")
    }),
  )
})
