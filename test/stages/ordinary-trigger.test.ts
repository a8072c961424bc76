/** A trigger word that the base model knows already is warned about, with the reason. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
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
    const file = join(studio.base, "tokenizer/vocab.json")
    const small: Readonly<Record<string, number>> = JSON.parse(readFileSync(file, "utf8"))
    const filler = Array.from({ length: 20_000 }, (_, index) => [`filler${index}</w>`, 1000 + index] as const)
    writeFileSync(file, JSON.stringify({ ...small, ...Object.fromEntries(filler) }))
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
