/** A trigger word that the base model knows already is warned about, with the reason. */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { byteLetters } from "../../src/engine/base/byte-pairs.ts"
import { decodeSafetensors } from "../../src/formats/safetensors.ts"
import { encodeSafetensors, type TensorToStore } from "../../src/formats/write-safetensors.ts"
import { baseModel, caption, crop, encode, ingest, pipeline, train } from "../../src/index.ts"
import { ordinaryTrigger, type Words } from "../../src/stages/base/ordinary-trigger.ts"
import { warning, warningsTold } from "../rig/told.ts"
import { closeStudio, makeStudio, runStudio, type Studio, warningsIn } from "./studio.ts"

/** A vocabulary of CLIP's size, with the numbers that CLIP gives these words. */
const clip = new Map<string, number>([
  ["dog</w>", 1929],
  ["blue</w>", 1746],
  ["pixel</w>", 14_157],
  ["art</w>", 794],
  ["sks</w>", 48_136],
  ...Array.from({ length: 49_403 }, (_, index) => [`filler ${index}</w>`, index] as const),
])
const pieces: Readonly<Record<string, readonly string[]>> = {
  pixelart: ["pixel", "art</w>"],
  ohwx: ["oh", "wx</w>"],
  toki: ["to", "ki</w>"],
}
const words: Words = { vocabulary: clip, tokens: (word) => pieces[word] ?? [`${word}</w>`] }

/** Gives a base so many more tokens, pairs of letters that no English word is spelled with, and its text encoder a row for each. */
const learnMorePairs = (base: string, count: number): void => {
  const [vocabFile, mergesFile, configFile, weightsFile] = [
    "tokenizer/vocab.json",
    "tokenizer/merges.txt",
    "text_encoder/config.json",
    "text_encoder/model.safetensors",
  ].map((name) => join(base, name)) as [string, string, string, string]
  const letters = byteLetters.filter((letter) => letter > "~")
  const pairs = letters.flatMap((left) => letters.map((right) => [left, right] as const))
  const vocab: Record<string, number> = JSON.parse(readFileSync(vocabFile, "utf8"))
  const known = Object.keys(vocab).length
  const fresh = pairs.filter((pair) => vocab[pair.join("")] === undefined).slice(0, count)
  for (const [index, pair] of fresh.entries()) vocab[pair.join("")] = known + index
  writeFileSync(vocabFile, JSON.stringify(vocab))
  appendFileSync(mergesFile, `${fresh.map((pair) => pair.join(" ")).join("\n")}\n`)

  const rows = known + count
  const config = JSON.parse(readFileSync(configFile, "utf8"))
  writeFileSync(configFile, JSON.stringify({ ...config, vocab_size: rows }))
  const { header, float32 } = decodeSafetensors(readFileSync(weightsFile))
  const tensors = new Map<string, TensorToStore>(
    Array.from(header.tensors, ([key, { shape }]) => [key, { dtype: "F32", shape, data: float32(key) }]),
  )
  const table = "text_model.embeddings.token_embedding.weight"
  const data = new Float32Array(rows * config.hidden_size)
  data.set(float32(table))
  tensors.set(table, { dtype: "F32", shape: [rows, config.hidden_size], data })
  writeFileSync(weightsFile, encodeSafetensors(tensors))
}

let studio: Studio
beforeAll(async () => {
  studio = await makeStudio()
})
afterAll(() => closeStudio(studio))

describe("a trigger word", () => {
  it.each([
    ["dog", "it is an ordinary word of this base model, a single frequent token"],
    ["blue dog", "all of its words are ordinary words of this base model"],
    ["pixelart", 'this base model reads it as "pixel" + "art", all of them ordinary words'],
    ["sks", undefined],
    ["sks dog", undefined],
    ["ohwx", undefined],
    ["toki", undefined],
  ])("%s: %s", (trigger, why) => {
    expect(ordinaryTrigger(trigger, words)).toBe(why)
  })

  it("a vocabulary too small to tell frequent words from rare ones says nothing", () => {
    expect(ordinaryTrigger("dog", { ...words, vocabulary: new Map([["dog</w>", 1]]) })).toBeUndefined()
  })

  it("is looked at when the pipeline is planned and run", async () => {
    learnMorePairs(studio.base, 20_000)
    const { told, wording } = warningsIn(
      await runStudio(studio, { trigger: "dog", prompts: ["[trigger]"], paints: false }),
    )
    expect(told).toEqual([warning("caption", 'trigger "dog"')])
    expect(wording).toMatchSnapshot()
    expect(warningsIn(await runStudio(studio, { trigger: "zzz", paints: false })).told).toEqual([])
  })

  it("whose text state is an ordinary word's is told when the captions are encoded, and at every run after", async () => {
    const shipped = fileURLToPath(new URL("../../pipelines/quickstart/base/", import.meta.url))
    const encoded = (trigger: string) =>
      pipeline("encoded", () => {
        const images = crop(ingest("pictures"), { size: 64 })
        const dataset = encode({ base: baseModel(shipped), images, captions: caption(images, { trigger }) })
        return train(dataset, { networkDim: 1, steps: 1, warmupSteps: 0 })
      })
    const toldOf = async (trigger: string) => {
      const { root, events } = await runStudio(studio, encoded(trigger))
      const atTraining = events.filter((event) => event.type === "warning" && event.label === "train")
      return warningsTold(atTraining, root)
    }
    const { told, wording } = await toldOf("dog")
    expect(told).toEqual([warning("train", 'trigger "dog"')])
    expect(wording).toMatchSnapshot()
    expect((await toldOf("dog")).told).toEqual(told)
    expect((await toldOf("toki")).told).toEqual([])
  }, 120_000)
})
