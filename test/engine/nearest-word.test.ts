/** What the shipped base takes a word for: its own words for themselves, invented ones for nothing in particular. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { randomStream } from "../../src/diffusion/random-stream.ts"
import { Engine } from "../../src/engine/engine.ts"
import type { BaseModelFiles } from "../../src/engine/jobs/train-job.ts"
import { takenFor } from "../../src/stages/base/ordinary-trigger.ts"
import { encodingOf } from "../rig/encoding-of.ts"
import { makeTinyBase } from "./tiny-base.ts"

const folder = fileURLToPath(new URL("../../pipelines/quickstart/base/", import.meta.url))
const shipped: BaseModelFiles = Object.fromEntries(
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path.slice(folder.length), path]),
)

const inEngine = (name: string, work: () => Effect.Effect<void, unknown, Engine>) =>
  it.live(name, () => work().pipe(Effect.provide(Engine.layer, { local: true })), 120_000)

/** Consonants and vowels in turn, three to seven letters. */
const inventedWord = (sample: number): string => {
  const { integer } = randomStream({ seed: 1, purpose: "noise", step: 0, sample })
  const pick = (letters: string) => letters[integer(0, letters.length - 1)]!
  return Array.from({ length: integer(3, 7) }, (_, at) => pick(at % 2 === 0 ? "bcdfghjklmnpqrstvwxz" : "aeiou")).join(
    "",
  )
}

describe("the nearest word", () => {
  inEngine("of a word that the base model knows is the word itself, whichever layer is taken", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      for (const clipSkip of [1, 2]) {
        for (const word of ["dog", "blue", "umbrella"]) {
          const nearest = yield* engine.nearestWord({
            base: shipped,
            phrase: word,
            encoding: encodingOf(shipped, clipSkip),
          })
          assert.strictEqual(nearest?.word, word)
          assert.closeTo(nearest?.likeness ?? 0, 1, 1e-6)
        }
      }
    }),
  )

  inEngine("of a word with an article is that word, and closer than what is taken for nothing", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const nearest = yield* engine.nearestWord({
        base: shipped,
        phrase: "the house",
        encoding: encodingOf(shipped, 1),
      })
      assert.strictEqual(nearest?.word, "house")
      for (const phrase of ["ohwx", "sks", "toki", "zwx"]) {
        const other = yield* engine.nearestWord({ base: shipped, phrase, encoding: encodingOf(shipped, 1) })
        assert.isBelow(other?.likeness ?? 1, nearest?.likeness ?? 0)
        assert.isBelow(other?.likeness ?? 1, takenFor)
      }
    }),
  )

  inEngine("of an invented word is hardly ever close enough to be told", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const words = Array.from({ length: 60 }, (_, sample) => inventedWord(sample))
      const found = yield* Effect.forEach(words, (phrase) =>
        engine.nearestWord({ base: shipped, phrase, encoding: encodingOf(shipped, 1) }),
      )
      assert.isAtMost(found.filter((nearest) => (nearest?.likeness ?? 0) >= takenFor).length, 2)
    }),
  )

  inEngine("is not looked for in a vocabulary of a few dozen words", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const base = makeTinyBase()
      assert.isNull(yield* engine.nearestWord({ base, phrase: "dog", encoding: encodingOf(base, 1) }))
    }),
  )
})
