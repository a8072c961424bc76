import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { foldedName, notAFileName } from "../../src/runtime/model/file-name.ts"

const bad: readonly (readonly [name: string, about: string])[] = [
  ["", "empty"],
  ["a/b", "/"],
  ["../../esc", "/"],
  ["a\\b", "\\"],
  ["a:b", ":"],
  ["a*b", "*"],
  ["a\u0007b", "control"],
  ["a\u0085b", "control"],
  ["a\ud800b", "half a character"],
  ["dog.", "ends with a dot"],
  [".dog", "begins with a dot"],
  ["dog ", "space"],
  [" dog", "space"],
  ["con", "Windows"],
  ["NUL", "Windows"],
  ["aux.txt", "Windows"],
  ["com1", "Windows"],
  ["lpt².tar.gz", "Windows"],
  ["cafe\u0301", "accents"],
  ["x".repeat(300), "300 bytes"],
  ["ä".repeat(100), "200 bytes"],
]

const good = ["dog", "my-dog 2", "café", "犬", "sd1.5 + lora (v2)", "console", "nul-dog", "com10", "ä".repeat(80)]

describe("a name", () => {
  it.each(bad)("that is none on some system is known, with the reason: %j", (name, about) => {
    expect(notAFileName(name)).toContain(about)
  })

  it.each(good)("that is one everywhere is in order: %j", (name) => {
    expect(notAFileName(name)).toBeUndefined()
  })

  it.each([
    ["Dog", "dog"],
    ["Ärger", "a\u0308rger"],
  ])("is the same to some system: %j and %j", (one, other) => {
    expect(foldedName(one)).toBe(foldedName(other))
  })

  it.live.each(bad)("is refused for a pipeline, whose output folder has it: %j", ([name]) =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(pipeline(name, () => []).instantiate())
      expect(refused).toMatchObject({ where: "pipeline name", kind: "input" })
    }),
  )
})
