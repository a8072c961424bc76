/** A tokenizer folder whose files are damaged, or do not belong together, is refused by the name of the file. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { openClipTokenizer } from "../../src/engine/base/clip-tokenizer.ts"

const golden = fileURLToPath(new URL("../golden/engine/tokenizer/", import.meta.url))
const vocabText = readFileSync(join(golden, "vocab.json"), "utf8")
const mergesText = readFileSync(join(golden, "merges.txt"), "utf8")
const vocabulary: Readonly<Record<string, number>> = JSON.parse(vocabText)
const lines = mergesText.trimEnd().split("\n")
const room = { positions: 77, rows: 800 }

type Contents = Readonly<Record<string, string | Uint8Array>>

const open = (changed: Contents, places = room) => {
  const folder = mkdtempSync(join(tmpdir(), "loom-tokenizer-"))
  const contents: Contents = { "vocab.json": vocabText, "merges.txt": mergesText, ...changed }
  const files = Object.entries(contents).map(([name, content]) => {
    writeFileSync(join(folder, name), content)
    return [`tokenizer/${name}`, join(folder, name)] as const
  })
  return openClipTokenizer(Object.fromEntries(files), "tokenizer", places)
}

const vocabOf = (change: (words: Record<string, number>) => void): Contents => {
  const words = { ...vocabulary }
  change(words)
  return { "vocab.json": JSON.stringify(words) }
}
const mergesOf = (some: readonly string[]): Contents => ({ "merges.txt": some.join("\n") })
const config = (fields: object): Contents => ({ "tokenizer_config.json": JSON.stringify(fields) })
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, "utf16le")

const damages: readonly (readonly [title: string, changed: Contents, file: string])[] = [
  ["merges of 0 bytes", { "merges.txt": "" }, "merges.txt"],
  ["merges with nothing but their version", mergesOf(lines.slice(0, 1)), "merges.txt"],
  ["merges cut off between lines", mergesOf(lines.slice(0, -9)), "merges.txt"],
  ["merges cut off within a line", { "merges.txt": mergesText.slice(0, 700) }, "merges.txt"],
  ["merges without one line in the middle", mergesOf(lines.toSpliced(40, 1)), "merges.txt"],
  ["a merge of three parts", mergesOf(lines.toSpliced(40, 1, `${lines[40]} x`)), "merges.txt"],
  ["a merge of unknown tokens", mergesOf([...lines, "zz qq"]), "merges.txt"],
  ["merges in UTF-16", { "merges.txt": utf16(mergesText) }, "merges.txt"],
  ["merges that are a web page", { "merges.txt": "<!doctype html><title>404</title>" }, "merges.txt"],
  ["a vocabulary of 0 bytes", { "vocab.json": "" }, "vocab.json"],
  ["a vocabulary without a word", { "vocab.json": "{}" }, "vocab.json"],
  ["a vocabulary that is a list", { "vocab.json": "[]" }, "vocab.json"],
  ["a vocabulary that is cut off", { "vocab.json": vocabText.slice(0, 3000) }, "vocab.json"],
  ["a vocabulary in UTF-16", { "vocab.json": utf16(vocabText) }, "vocab.json"],
  ["a Git LFS pointer as vocabulary", { "vocab.json": "version https://git-lfs.github.com/spec/v1\n" }, "vocab.json"],
  ["a vocabulary of words", { "vocab.json": '{"a": "0"}' }, "vocab.json"],
  ["a vocabulary with NaN", { "vocab.json": vocabText.replace(/: \d+/, ": NaN") }, "vocab.json"],
  ["a letter that is missing", vocabOf((words) => delete words["a</w>"]), "vocab.json"],
  ["two tokens of one number", vocabOf((words) => Object.assign(words, { a: words["b"] })), "vocab.json"],
  ["a token of a negative number", vocabOf((words) => Object.assign(words, { a: -1 })), "vocab.json"],
  ["no end token", vocabOf((words) => delete words["<|endoftext|>"]), "vocab.json"],
  ["a token that no merge makes", vocabOf((words) => Object.assign(words, { madeup: 700 })), "merges.txt"],
  ["no room for a token", config({ model_max_length: 2 }), "tokenizer_config.json"],
  ["a negative length", config({ model_max_length: -1 }), "tokenizer_config.json"],
  ["a length of 0", config({ model_max_length: 0 }), "tokenizer_config.json"],
  ["a length that is not whole", config({ model_max_length: 76.5 }), "tokenizer_config.json"],
  ["a length in words", config({ model_max_length: "77" }), "tokenizer_config.json"],
  ["a start token that is a number", config({ bos_token: 49406 }), "tokenizer_config.json"],
  ["a pad token of another vocabulary", config({ pad_token: "[PAD]" }), "vocab.json"],
  [
    "an added token of another number than it gets",
    config({ added_tokens_decoder: { 700: { content: "<cat-toy>" } } }),
    "tokenizer_config.json",
  ],
  ["an added token without a number", { "added_tokens.json": '{"<cat-toy>": null}' }, "added_tokens.json"],
  ["an older list of other numbers", { "added_tokens.json": '{"<cat-toy>": 49408}' }, "added_tokens.json"],
  ["special tokens that are cut off", { "special_tokens_map.json": '{"bos_token": ' }, "special_tokens_map.json"],
]

describe("a damaged tokenizer", () => {
  it.effect.each(damages)("%s", ([, changed, file]) =>
    Effect.gen(function* () {
      const { kind, what, why, hint } = yield* Effect.flip(open(changed))
      assert.strictEqual(kind, "input")
      assert.strictEqual(basename(what), file)
      expect(`${why}. ${hint}`).toMatchSnapshot()
    }),
  )

  it.effect("is one with more tokens than the text encoder has rows for", () =>
    Effect.gen(function* () {
      const { what } = yield* Effect.flip(open({}, { positions: 77, rows: 660 }))
      assert.strictEqual(basename(what), "vocab.json")
      const added = { "added_tokens.json": '{"<cat-toy>": 661}' }
      assert.strictEqual(basename((yield* Effect.flip(open(added, { positions: 77, rows: 661 }))).what), "vocab.json")
      yield* open(added, { positions: 77, rows: 662 })
    }),
  )
})

describe("a tokenizer that is only written otherwise", () => {
  const sound: readonly (readonly [title: string, changed: Contents])[] = [
    ["with Windows line ends", { "merges.txt": mergesText.replaceAll("\n", "\r\n") }],
    ["without a version line", mergesOf(lines.slice(1))],
    ["with empty lines at its end", { "merges.txt": `${mergesText}\n\n` }],
    ["with byte order marks", { "merges.txt": `\ufeff${mergesText}`, "vocab.json": `\ufeff${vocabText}` }],
    ["without a length", config({})],
    ["with null as length", config({ model_max_length: null })],
    ["with the length that transformers writes for none", config({ model_max_length: 1e30 })],
    ["with a length beyond the text encoder's", config({ model_max_length: 512 })],
  ]

  it.effect.each(sound)("%s gives the same ids", ([, changed]) =>
    Effect.gen(function* () {
      const text = "a photo of a sks dog"
      const expected = (yield* open({})).encode(text).ids
      assert.deepStrictEqual((yield* open(changed)).encode(text).ids, expected)
    }),
  )

  it.effect("with a shorter length makes shorter captions", () =>
    Effect.gen(function* () {
      const { ids } = (yield* open(config({ model_max_length: 16 }))).encode("a dog")
      assert.lengthOf(ids, 16)
    }),
  )
})
