/** Run, run again, edit, revert: what is computed again, counted by calls. */
import * as fs from "node:fs"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { itemStage } from "../../src/runtime/define/item-stage.ts"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { source } from "../../src/runtime/define/source.ts"
import { stage } from "../../src/runtime/define/stage.ts"
import { Items } from "../../src/runtime/model/items.ts"
import { makeProject, type Overrides, type Project, run } from "./project.ts"

type Words = readonly (readonly [key: string, word: string])[]

/** words → shout (per word, with a shared prefix) → join (all words) → count (letters). */
const sentence = (project: Project, world: { words: Words }, shoutCode = import.meta.url) => {
  const code = import.meta.url
  const words = source({
    name: "words",
    code,
    params: Schema.Struct({}),
    output: Items(Schema.String),
    read: () => Effect.sync(() => world.words.map(([key, value]) => ({ key, value }))),
  })
  const shout = itemStage({
    name: "shout",
    code: shoutCode,
    params: Schema.Struct({ mark: Schema.String }),
    item: Schema.String,
    shared: { prefix: Schema.String },
    output: Schema.String,
    run: ({ params, key, item, ...shared }) =>
      Effect.sync(() => {
        project.calls.push(`shout ${key}`)
        return shared.prefix + item.toUpperCase() + params.mark
      }),
  })
  const constant = stage({
    name: "constant",
    code,
    params: Schema.Struct({ value: Schema.String }),
    wires: {},
    output: Schema.String,
    run: ({ params }) => Effect.succeed(params.value),
  })
  const join = stage({
    name: "join",
    code,
    params: Schema.Struct({ by: Schema.String }),
    wires: { words: Items(Schema.String) },
    output: Schema.String,
    run: ({ params, ...inputs }) =>
      Effect.sync(() => {
        project.calls.push("join")
        return inputs.words.map(({ value }) => value).join(params.by)
      }),
  })
  const count = stage({
    name: "count",
    code,
    params: Schema.Struct({}),
    wires: { text: Schema.String },
    output: Schema.Int,
    run: (inputs) =>
      Effect.sync(() => {
        project.calls.push("count")
        return inputs.text.replaceAll(/[^A-Z]/g, "").length
      }),
  })
  return pipeline(
    "sentence",
    {
      params: Schema.Struct({ mark: Schema.String, by: Schema.String, prefix: Schema.String }),
      defaults: { mark: "!", by: " ", prefix: "" },
    },
    (p) => {
      const shouted = shout({ items: words(), prefix: constant({ value: p.prefix }) }, { mark: p.mark })
      const text = join({ words: shouted }, { by: p.by })
      return { text, letters: count({ text }) }
    },
  )
}

const three: Words = [
  ["a", "one"],
  ["b", "two"],
  ["c", "three"],
]

const everything = ["count", "join", "shout a", "shout b", "shout c"]

/** A project in which the sentence of `three` has been computed, and a way to run it with other words, parameters or code. */
const settled = Effect.gen(function* () {
  const project = yield* makeProject
  const again = Effect.fnUntraced(function* (words: Words, set: Overrides = {}, code?: string) {
    const report = yield* run(project, sentence(project, { words }, code), { set })
    return { calls: project.takeCalls(), text: report.results["text"], report }
  })
  const first = yield* again(three)
  return { project, again, first }
})

/** A file whose text stands for a stage's code; the same name in another folder each time, since a process reads code once. */
const codeFile = (project: Project, version: string): string => {
  const file = path.join(project.root, version, "shout.ts")
  fs.mkdirSync(path.dirname(file))
  fs.writeFileSync(file, `export const version = "${version}"\n`)
  return pathToFileURL(file).href
}

describe("a pipeline", () => {
  it.live("computes everything once, and nothing when run again", () =>
    Effect.gen(function* () {
      const { first, again } = yield* settled
      expect(first.report.results).toEqual({ text: "ONE! TWO! THREE!", letters: 11 })
      expect(first.calls).toEqual(everything)
      const second = yield* again(three)
      expect(second.report.results).toEqual(first.report.results)
      expect(second.calls).toEqual([])
      expect(second.report.stages.map(({ state }) => state)).toEqual(["source", ...Array(4).fill("restored")])
    }),
  )

  it.live("computes what a changed parameter touches, and nothing when it is changed back", () =>
    Effect.gen(function* () {
      const { again } = yield* settled
      const edited = yield* again(three, { by: ", " })
      expect(edited.text).toBe("ONE!, TWO!, THREE!")
      expect(edited.calls).toEqual(["count", "join"])
      const reverted = yield* again(three)
      expect(reverted.text).toBe("ONE! TWO! THREE!")
      expect(reverted.calls).toEqual([])
    }),
  )

  it.live("ends the wave at an equal output", () =>
    Effect.gen(function* () {
      const { again } = yield* settled
      const same = yield* again([["a", "ONE"], ...three.slice(1)])
      expect(same.calls).toEqual(["shout a"])
      expect(same.text).toBe("ONE! TWO! THREE!")
      expect(same.report.stages.slice(-2)).toMatchObject([
        { label: "join", state: "restored", reason: "its inputs turned out unchanged" },
        { label: "count", state: "restored" },
      ])
    }),
  )

  it.live("runs a stage whose code changed, ends there if the result is the same, and runs nothing on a revert", () =>
    Effect.gen(function* () {
      const { project, again } = yield* settled
      const [before, after] = [codeFile(project, "before"), codeFile(project, "after")]
      yield* again(three, {}, before)
      const edited = yield* again(three, {}, after)
      expect(edited.calls).toEqual(everything.slice(2))
      const reverted = yield* again(three, {}, before)
      expect(reverted.calls).toEqual([])
    }),
  )

  it.live("computes again what was deleted from the cache", () =>
    Effect.gen(function* () {
      const { project, again, first } = yield* settled
      fs.rmSync(project.cacheFolder, { recursive: true })
      const second = yield* again(three)
      expect(second.calls).toEqual(everything)
      expect(second.report.results).toEqual(first.report.results)
    }),
  )
})

describe("an item stage", () => {
  it.live("runs one item when one is added", () =>
    Effect.gen(function* () {
      const { again } = yield* settled
      const { calls, text } = yield* again([["z", "zero"], ...three])
      expect(calls).toEqual(["count", "join", "shout z"])
      expect(text).toBe("ZERO! ONE! TWO! THREE!")
    }),
  )

  it.live("runs no item when one is removed, and the removed one drops out", () =>
    Effect.gen(function* () {
      const { again } = yield* settled
      const { calls, text } = yield* again(three.slice(0, 2))
      expect(calls).toEqual(["count", "join"])
      expect(text).toBe("ONE! TWO!")
    }),
  )

  it.live("runs nothing when the items are reordered, and keeps the new order", () =>
    Effect.gen(function* () {
      const { again } = yield* settled
      const { calls, text } = yield* again([...three].reverse())
      expect(calls).toEqual(["count", "join"])
      expect(text).toBe("THREE! TWO! ONE!")
    }),
  )

  it.live("runs the item whose value changed", () =>
    Effect.gen(function* () {
      const { again } = yield* settled
      const { calls, text } = yield* again([...three.slice(0, 2), ["c", "four"]])
      expect(calls).toEqual(["count", "join", "shout c"])
      expect(text).toBe("ONE! TWO! FOUR!")
    }),
  )

  it.live("runs every item when a parameter or a shared input changes", () =>
    Effect.gen(function* () {
      const { again } = yield* settled
      expect((yield* again(three, { mark: "?" })).calls).toEqual(everything)
      expect((yield* again(three, { prefix: "¡" })).calls).toEqual(everything)
      expect((yield* again(three)).calls).toEqual([])
    }),
  )

  it.live("has an empty result for an empty list", () =>
    Effect.gen(function* () {
      const { again } = yield* settled
      const { calls, text } = yield* again([])
      expect(calls).toEqual(["count", "join"])
      expect(text).toBe("")
    }),
  )
})
