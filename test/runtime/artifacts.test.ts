/** The output folder: a view of the cache that is put right by every run and never overwrites what is not Loom's. */
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Schema } from "effect"
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

/** Windows lets few make a link to a file. */
const linksAreForAll = process.platform !== "win32"

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

  it.live("that is in the way from the first moment is moved aside, whatever it is", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const folder = path.join(project.outputFolder, "letters")
      const elsewhere = path.join(project.root, "elsewhere.txt")
      fs.writeFileSync(elsewhere, "my own words")
      const waysIn: Readonly<Record<string, readonly [string, (file: string) => void]>> = {
        file: ["was there already, and not written by Loom", (file) => fs.writeFileSync(file, "my own words")],
        folder: [
          "is a folder, where a file is to lie",
          (file) => fs.mkdirSync(path.join(file, "deep"), { recursive: true }),
        ],
        ...(linksAreForAll && {
          link: ["is a link to something else", (file: string) => fs.symlinkSync(elsewhere, file)],
          "link to nothing": ["is a link to something else", (file: string) => fs.symlinkSync("nowhere", file)],
        }),
      }
      for (const [what, [why, put]] of Object.entries(waysIn)) {
        fs.rmSync(project.outputFolder, { recursive: true, force: true })
        fs.mkdirSync(folder, { recursive: true })
        put(path.join(folder, "one.txt"))
        const before = fs.lstatSync(path.join(folder, "one.txt"))
        const events: RunEvent[] = []
        yield* run(project, letters(project), { onEvent: (event) => events.push(event) })
        expect(fs.readFileSync(path.join(folder, "one.txt"), "utf8"), what).toBe("Dear")
        expect(fs.lstatSync(path.join(folder, "one (kept 1).txt")).ino, what).toBe(before.ino)
        const told = events.flatMap((event) => (event.type === "warning" ? [event.message] : []))
        expect(told).toEqual([`one.txt ${why}, and has been kept as one (kept 1).txt`])
      }
      expect(fs.readFileSync(elsewhere, "utf8")).toBe("my own words")
    }),
  )

  it.live.skipIf(!linksAreForAll)(
    "stays a link that the user has put in its place, as long as its content is right",
    () =>
      Effect.gen(function* () {
        const { project, file, again, kinds } = yield* prepared
        const elsewhere = path.join(project.root, "moved.txt")
        fs.renameSync(file, elsewhere)
        fs.symlinkSync(elsewhere, file)
        yield* again()
        expect(kinds()).toEqual(["artifact-present"])
        yield* again("Sir")
        expect(kinds()).toEqual(["warning", "artifact-written"])
        expect(fs.readFileSync(elsewhere, "utf8")).toBe("Dear")
      }),
  )

  it.live("finds room where a file lies in place of its folder, and that file is kept", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      fs.mkdirSync(project.outputFolder, { recursive: true })
      fs.writeFileSync(path.join(project.outputFolder, "letters"), "my own words")
      yield* run(project, letters(project))
      expect(fs.readFileSync(path.join(project.outputFolder, "letters", "one.txt"), "utf8")).toBe("Dear")
      expect(fs.readFileSync(path.join(project.outputFolder, "letters (kept 1)"), "utf8")).toBe("my own words")
    }),
  )

  it.live("is Loom's own for every run that writes into the folder, however many there are at once", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const texts = ["one", "two", "three", "four"]
      const events: RunEvent[] = []
      const runs = (order: readonly string[]) =>
        Effect.all(
          order.flatMap((text) => [
            run(project, letters(project, `${text}.txt`), { set: { text }, onEvent: (event) => events.push(event) }),
            run(project, letters(project, "shared.txt"), { set: { text }, onEvent: (event) => events.push(event) }),
          ]),
          { concurrency: "unbounded" },
        )
      for (let round = 0; round < 5; round++) {
        yield* runs(round % 2 === 0 ? texts : texts.toReversed())
        for (const text of texts) fs.rmSync(path.join(project.outputFolder, `${text}.txt`), { force: round % 2 === 0 })
      }
      expect(events.filter(({ type }) => type === "warning")).toEqual([])
      expect(
        fs.readdirSync(project.outputFolder).filter((name) => name.includes("kept") || name.endsWith(".part")),
      ).toEqual([])
    }),
  )

  it.live("is Loom's own though another run wrote it while this one was at work", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const [hasBegun, mayEnd] = [Deferred.makeUnsafe<void>(), Deferred.makeUnsafe<void>()]
      const slow = stage({
        name: "slow",
        code: import.meta.url,
        params: Schema.Struct({}),
        wires: { after: Schema.Struct({ letter: Blob }) },
        output: Schema.Struct({ letter: Blob }),
        artifacts: ({ output }) => [{ path: "shared.txt", blob: output.letter, label: "the letter" }],
        run: Effect.fnUntraced(function* () {
          yield* Deferred.succeed(hasBegun, undefined)
          yield* Deferred.await(mayEnd)
          return { letter: yield* (yield* StageContext).blobs.put(new TextEncoder().encode("slow")) }
        }),
      })
      const events: RunEvent[] = []
      const one = pipeline("one", () => slow({ after: writer(project, "own.txt")({ text: "first" }) }, {}))
      const running = yield* Effect.forkChild(run(project, one, { onEvent: (event) => events.push(event) }))
      yield* Deferred.await(hasBegun)
      yield* run(project, letters(project, "shared.txt"))
      yield* Deferred.succeed(mayEnd, undefined)
      yield* Fiber.join(running)
      expect(events.filter(({ type }) => type === "warning")).toEqual([])
      expect(fs.readFileSync(path.join(project.outputFolder, "shared.txt"), "utf8")).toBe("slow")
    }),
  )

  it.live("that an earlier Loom wrote counts as Loom's own", () =>
    Effect.gen(function* () {
      const { project, file, again, kinds } = yield* prepared
      const sha256 = createHash("sha256").update("Dear").digest("hex")
      fs.rmSync(path.join(project.outputFolder, ".written.jsonl"))
      fs.writeFileSync(path.join(project.outputFolder, ".written.json"), JSON.stringify({ "letters/one.txt": sha256 }))
      yield* again("Sir")
      expect(kinds()).toEqual(["artifact-written"])
      expect(fs.readFileSync(file, "utf8")).toBe("Sir")
    }),
  )

  it.live("is told from the user's though the list was torn in the middle of a line", () =>
    Effect.gen(function* () {
      const { project, file, again, kinds } = yield* prepared
      fs.appendFileSync(path.join(project.outputFolder, ".written.jsonl"), '\n{"path":"letters/on')
      yield* again("Sir")
      yield* again("Madam")
      expect(kinds()).toEqual(["artifact-written"])
      fs.writeFileSync(file, "my own words")
      yield* again("Sir")
      expect(kinds()).toEqual(["warning", "artifact-written"])
    }),
  )

  it.live("takes unfinished copies with it that a killed run left", () =>
    Effect.gen(function* () {
      const { file, again } = yield* prepared
      const [old, fresh] = ["a", "b"].map((name) => path.join(path.dirname(file), `.one.txt.${name}.part`)) as [
        string,
        string,
      ]
      for (const part of [old, fresh]) fs.writeFileSync(part, "De")
      fs.utimesSync(old, new Date(0), new Date(0))
      yield* again("Sir")
      expect([fs.existsSync(old), fs.existsSync(fresh)]).toEqual([false, true])
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

  it.live.each([
    ["a", "a/b"],
    ["a/b", "a"],
    ["a/b/c", "A/B"],
  ])("is refused when one is a file, where the other needs a folder: %s, then %s", ([first, second]) =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const write = [first!, second!].map((where) => writer(project, where))
      const both = pipeline("both", () => write.map((one, at) => one({ text: `${at}` })))
      const failure = yield* Effect.flip(run(project, both))
      expect(failure).toMatchObject({ failures: [{ failure: { what: "Two stages write the same file" } }] })
      const kept = fs
        .readdirSync(project.outputFolder, { recursive: true, encoding: "utf8" })
        .filter((name) => name.includes("kept"))
      expect(kept).toEqual([])
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
