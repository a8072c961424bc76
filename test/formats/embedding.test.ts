/** Where a text mentions an embedding, and the files it is kept in. */
import { describe, expect, it } from "vitest"
import {
  decodeEmbeddingFile,
  encodeA1111Embedding,
  encodeDiffusersEmbedding,
} from "../../src/formats/embedding-file.ts"
import { countMentions, sayMentions, splitAtMentions } from "../../src/formats/embedding-mention.ts"
import { decodeSafetensors } from "../../src/formats/safetensors.ts"
import { encodeSafetensors } from "../../src/formats/write-safetensors.ts"
import { isKeyword } from "../../src/settings/keyword.ts"

describe("a mention", () => {
  it.each([
    ["a photo of <sks>", ["a photo of ", ""]],
    ["sks on a beach", ["", " on a beach"]],
    ["a <SKS>, and Sks", ["a ", ", and ", ""]],
    ["asks sksy sks_2 sks2", ["asks sksy sks_2 sks2"]],
    ["sks's hat, non-sks", ["", "'s hat, non-", ""]],
    ["x<sks>y", ["x", "y"]],
    ["", [""]],
  ])("splits %j into %j", (text, pieces) => {
    expect(splitAtMentions(text, "sks")).toEqual(pieces)
    expect(countMentions(text, "sks")).toBe(pieces.length - 1)
  })

  it.each([
    ["sks", true],
    ["my-dog_2", true],
    ["käse", true],
    ["my dog", false],
    ["<sks>", false],
    ["", false],
    ["-sks", false],
    ["a.b", false],
  ])("%j is a keyword: %s", (text, is) => {
    expect(isKeyword(text)).toBe(is)
  })
})

describe("a mention said in another program's words", () => {
  it.each([
    ["a photo of <sks> on a beach", "a photo of embedding:sks on a beach"],
    ["SKS, asleep", "embedding:sks, asleep"],
    ["a (sks) dog", "a (embedding:sks) dog"],
    ["the sks.", "the embedding:sks ."],
    ["x<sks>y and sks", "x embedding:sks y and embedding:sks"],
    ["sksdog", "sksdog"],
    ["", ""],
  ])("%j becomes %j", (text, said) => {
    expect(sayMentions(text, "sks", "embedding:sks")).toBe(said)
  })
})

describe("an embedding file", () => {
  const rows = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] }
  const wider = { data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), shape: [2, 4] }

  it("is one tensor under the name its readers look for, and for SDXL two", () => {
    const namesIn = (bytes: Uint8Array<ArrayBuffer>) => [...decodeSafetensors(bytes).header.tensors.keys()]
    expect(namesIn(encodeA1111Embedding([rows]))).toEqual(["emb_params"])
    expect(namesIn(encodeA1111Embedding([rows, wider]))).toEqual(["clip_g", "clip_l"])
    expect(namesIn(encodeDiffusersEmbedding("sks", rows))).toEqual(["<sks>"])
  })

  it("gives its rows back from either layout", () => {
    for (const bytes of [encodeA1111Embedding([rows], { a: "b" }), encodeDiffusersEmbedding("sks", rows)]) {
      expect(decodeEmbeddingFile(bytes)).toEqual([rows])
    }
    expect(decodeEmbeddingFile(encodeA1111Embedding([rows, wider]))).toEqual([rows, wider])
  })

  it.each([
    ["names that no reader knows", "clip_l", "clip_h", 2],
    ["tables of different lengths", "clip_l", "clip_g", 1],
  ])("of two tensors with %s is refused in words", (_, first, second, tokens) => {
    const tensor = { dtype: "F32" as const, shape: [2, 3], data: rows.data }
    const other = { dtype: "F32" as const, shape: [tokens, 3], data: rows.data.slice(0, 3 * tokens) }
    const bytes = encodeSafetensors(
      new Map([
        [first, tensor],
        [second, other],
      ]),
    )
    expect(() => decodeEmbeddingFile(bytes)).toThrow(/holds neither a single matrix/)
  })
})
