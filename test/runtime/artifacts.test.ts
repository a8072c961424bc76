/** The output folder: a view of the cache that is put right by every run and never overwrites what is not Loom's. */
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { stage } from "../../src/runtime/define/stage.ts"
import { Blob } from "../../src/runtime/model/blob.ts"
import type { RunEvent } from "../../src/runtime/model/events.ts"
import { StageContext } from "../../src/runtime/model/stage-context.ts"
import { makeProject, type Project, run } from "./project.ts"

const writer = (project: Project, where: string) =>
  stage({
    name: "write",
    code: import.meta.url,
    params: Schema.Struct({ text: Schema.String }),
    wires: {},
    output: Schema.Struct({ letter: Blob }),
    artifacts: ({ output }) => [{ path: where, blob: output.letter, label: "the letter" }],
    run: ({ params }) =>
      Effect.gen(function* () {
        project.calls.push("write")
        const { blobs } = yield* StageContext
        return { letter: yield* blobs.put(new TextEncoder().encode(params.text)) }
      }),
  })

const letters = (project: Project, where = "letters/one.txt") => {
  const write = writer(project, where)
  return pipeline("letters", { params: Schema.Struct({ text: Schema.String }), defaults: { text: "Dear" } }, (p) =>
    write({ text: p.text }),
  )
}

const prepared = Effect.gen(function* () {
  const project = yield* makeProject
  const file = path.join(project.outputFolder, "letters", "one.txt")
  yield* run(project, letters(project))
  project.takeCalls()
  const events: RunEvent[] = []
  const again = (text = "Dear") =>
    Effect.suspend(() => {
      events.length = 0
      return run(project, letters(project), { set: { text }, onEvent: (event) => events.push(event) })
    })
  const kinds = () =>
    events.filter(({ type }) => type.startsWith("artifact") || type === "warning").map(({ type }) => type)
  return { project, file, again, kinds }
})

describe("an artifact", () => {
  it.live("is written when its stage has run, and found present when it is restored", () =>
    Effect.gen(function* () {
      const { project, file, again, kinds } = yield* prepared
      expect(fs.readFileSync(file, "utf8")).toBe("Dear")
      const report = yield* again()
      expect(kinds()).toEqual(["artifact-present"])
      const sha256 = createHash("sha256").update("Dear").digest("hex")
      expect(report.artifacts).toEqual([
        { stage: "write", label: "the letter", path: "letters/one.txt", file, sizeBytes: 4, sha256, written: false },
      ])
      expect(project.calls).toEqual([])
    }),
  )

  it.live("is written again when it was deleted, without running anything", () =>
    Effect.gen(function* () {
      const { project, file, again, kinds } = yield* prepared
      fs.rmSync(project.outputFolder, { recursive: true })
      yield* again()
      expect(fs.readFileSync(file, "utf8")).toBe("Dear")
      expect(kinds()).toEqual(["artifact-written"])
      expect(project.calls).toEqual([])
    }),
  )

  it.live("is replaced when the result is another", () =>
    Effect.gen(function* () {
      const { file, again, kinds } = yield* prepared
      yield* again("Dearest")
      expect(fs.readFileSync(file, "utf8")).toBe("Dearest")
      yield* again("Dear")
      expect(fs.readFileSync(file, "utf8")).toBe("Dear")
      expect(kinds()).toEqual(["artifact-written"])
      expect(fs.readdirSync(path.dirname(file))).toEqual(["one.txt"])
    }),
  )

  it.live("changed by the user is moved aside with a warning, and not lost", () =>
    Effect.gen(function* () {
      const { file, again, kinds } = yield* prepared
      fs.writeFileSync(file, "my own words")
      yield* again()
      expect(fs.readFileSync(file, "utf8")).toBe("Dear")
      expect(fs.readFileSync(path.join(path.dirname(file), "one (kept 1).txt"), "utf8")).toBe("my own words")
      expect(kinds()).toEqual(["warning", "artifact-written"])
    }),
  )

  it.live("is written whole when several runs in one process put it there at once", () =>
    Effect.gen(function* () {
      const { project, file, again } = yield* prepared
      fs.rmSync(project.outputFolder, { recursive: true })
      const reports = yield* Effect.all(
        Array.from({ length: 6 }, () => again()),
        { concurrency: "unbounded" },
      )
      expect(reports.map(({ artifacts }) => artifacts.length)).toEqual([1, 1, 1, 1, 1, 1])
      expect(fs.readFileSync(file, "utf8")).toBe("Dear")
      expect(fs.readdirSync(path.dirname(file))).toEqual(["one.txt"])
    }),
  )

  it.live("has no place outside the output folder", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const failure = yield* Effect.flip(run(project, letters(project, "../escaped.txt")))
      expect(failure).toMatchObject({
        failures: [{ label: "write", failure: { why: "its path leads outside the folder" } }],
      })
      expect(fs.existsSync(path.join(project.root, "escaped.txt"))).toBe(false)
    }),
  )

  it.live("is refused when another stage has put another content there", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const write = writer(project, "same.txt")
      const both = pipeline("both", () => [write({ text: "one" }), write({ text: "two" })])
      const failure = yield* Effect.flip(run(project, both))
      expect(failure).toMatchObject({ failures: [{ failure: { what: "Two stages write the same file" } }] })
    }),
  )

  it.live("is refused when another stage has put one there whose name some systems take for the same", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const [upper, lower] = [writer(project, "Same.txt"), writer(project, "same.txt")]
      const both = pipeline("both", () => [upper({ text: "one" }), lower({ text: "one" })])
      const failure = yield* Effect.flip(run(project, both))
      expect(failure).toMatchObject({ failures: [{ failure: { what: "Two stages write the same file" } }] })
    }),
  )

  it.live("is made again when its bytes were deleted from the cache", () =>
    Effect.gen(function* () {
      const { project, file, again } = yield* prepared
      fs.rmSync(project.outputFolder, { recursive: true })
      const blobs = fs.readdirSync(project.cacheFolder, { recursive: true, encoding: "utf8" })
      for (const name of blobs.filter((name) => /[0-9a-f]{20}/.test(path.basename(name)))) {
        fs.rmSync(path.join(project.cacheFolder, name), { force: true })
      }
      yield* again()
      expect(project.calls).toEqual(["write"])
      expect(fs.readFileSync(file, "utf8")).toBe("Dear")
    }),
  )
})
