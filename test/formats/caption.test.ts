import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type RandomStream, randomStream } from "../../src/diffusion/random-stream.ts"
import { captionFileOf, readCaptionFile } from "../../src/formats/caption-file.ts"
import { containsPhrase, TriggerWord, withTrigger } from "../../src/formats/caption-text.ts"

describe("a caption file", () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "loom-captions-"))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const captionOf = async (bytes: string | Uint8Array) => {
    await writeFile(join(folder, "dog.txt"), bytes)
    return readCaptionFile(join(folder, "dog.jpg"))
  }

  test("lies beside its picture", () => {
    expect(captionFileOf("photos/dog.jpg")).toBe("photos/dog.txt")
    expect(captionFileOf("photos.2026/my.dog.JPEG")).toBe("photos.2026/my.dog.txt")
    expect(captionFileOf("photos.2026/dog")).toBe("photos.2026/dog.txt")
  })

  test("is read as UTF-8, trimmed, with or without a byte order mark", async () => {
    expect(await Effect.runPromise(await captionOf("\ufeff  a café ☃\r\n"))).toBe("a café ☃")
    expect(await Effect.runPromise(await captionOf("a dog"))).toBe("a dog")
  })

  test("says the same however its lines end", async () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const text = ["\ufeffa dog", "on a beach", ""].join(end)
      expect(await Effect.runPromise(await captionOf(text))).toBe("a dog\non a beach")
    }
  })

  test("that does not exist is no caption", async () => {
    expect(await Effect.runPromise(readCaptionFile(join(folder, "cat.jpg")))).toBeNull()
  })

  test.each<readonly [string, string | Uint8Array, string]>([
    ["0 bytes", "", "is empty (0 bytes)"],
    ["only white space", " \r\n\t", "holds nothing but white space"],
    ["only a byte order mark", "\ufeff", "holds nothing but white space"],
    ["UTF-16", Buffer.from("\ufeffa dog", "utf16le"), "is UTF-16 text"],
    ["Latin-1", Buffer.from("café", "latin1"), "is not UTF-8 text"],
    ["a picture", Uint8Array.of(0x61, 0, 0, 1), "is not UTF-8 text"],
  ])("of %s is an error that names it", async (_, bytes, reason) => {
    const error = await Effect.runPromise(Effect.flip(await captionOf(bytes)))
    expect(error).toMatchObject({ _tag: "BadFile", file: join(folder, "dog.txt"), reason })
  })
})

describe("the trigger word", () => {
  test.each([
    ["photo of [trigger] on a beach", "sks dog", "photo of sks dog on a beach"],
    ["[trigger] and [Trigger]", "sks", "sks and sks"],
    ["on a beach", "sks dog", "sks dog, on a beach"],
    ["a photo of SKS  Dog on a beach", "sks dog", "a photo of SKS  Dog on a beach"],
    ["sks, asleep", "sks", "sks, asleep"],
    ["two sksdogs", "sks", "sks, two sksdogs"],
    ["a photo of [trigger]s", "sks", "sks, a photo of skss"],
    ["", "sks", "sks"],
    ["on a beach", "<my dog>", "<my dog>, on a beach"],
    ["costs [trigger]", "$& $1", "costs $& $1"],
    ["écksks", "sks", "sks, écksks"],
    ["on a beach", null, "on a beach"],
    ["on a beach", " ", "on a beach"],
  ])("%j with %j becomes %j, and stays so", (caption, trigger, expected) => {
    const once = withTrigger(caption, trigger)
    expect(once).toBe(expected)
    expect(withTrigger(once, trigger)).toBe(expected)
  })

  test("applied twice to any caption changes nothing the second time, and is in it", () => {
    const pieces = [
      "[trigger]",
      "[tri",
      "gger]",
      "[Trigger]",
      "sks",
      "SKS",
      "dog",
      "$&",
      "é",
      "ß",
      "İ",
      " ",
      ", ",
      "  ",
      ".",
      "_",
      "<",
      ">",
    ]
    const drawText = ({ integer }: RandomStream) =>
      Array.from({ length: integer(0, 6) }, () => pieces[integer(0, pieces.length - 1)]).join("")
    for (let sample = 0; sample < 3000; sample++) {
      const stream = randomStream({ seed: 0, purpose: "noise", step: 0, sample })
      const [caption, trigger] = [drawText(stream), drawText(stream)]
      if (!Schema.is(TriggerWord)(trigger)) continue
      const once = withTrigger(caption, trigger)
      expect(withTrigger(once, trigger), `${caption} with ${trigger}`).toBe(once)
      expect(once.toLowerCase().replace(/\s+/g, " ")).toContain(trigger.toLowerCase().replace(/\s+/g, " "))
    }
  })

  test("counts only as a whole word", () => {
    expect(containsPhrase("the dog.", "dog")).toBe(true)
    expect(containsPhrase("dogs", "dog")).toBe(false)
    expect(containsPhrase("dog_1", "dog")).toBe(false)
  })

  test("is refused when it is blank, padded, or has a placeholder in it", () => {
    const isTrigger = Schema.is(TriggerWord)
    expect(["sks dog", "", " sks", "my [trigger]", "gger]"].map(isTrigger)).toEqual([true, false, false, false, false])
  })
})
