/** `loom compare`: runs side by side, whichever way they are named and shown. */
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readCsv } from "../rig/read-csv.ts"
import { ending, loom, makeFolder, startLoom } from "./shell.ts"

/** A pipeline of pure functions that learns nothing and records as a training does. */
const tiny = (name: string) => `
import { Blob, pipeline, stage, StageContext, StageFailure } from "lora-loom"
import { Effect, Schema } from "effect"

const Learned = Schema.Struct({ score: Schema.Number, text: Schema.String })
const learn = stage({
  name: "learn",
  code: import.meta.url,
  params: Schema.Struct({ rate: Schema.Number, steps: Schema.Int }),
  wires: {},
  output: Learned,
  run: Effect.fnUntraced(function* ({ params: { rate, steps } }) {
    const { record } = yield* StageContext
    if (rate > 1) yield* new StageFailure({ what: "learning", where: "rate", why: "it burst", hint: "Less", kind: "work" })
    for (let step = 1; step <= steps; step++) {
      yield* record("train", { step, loss: rate / step, lossSmoothed: rate, "loss 0–25 %": step, gradNorm: 1 })
    }
    yield* record("check", { step: 1, accuracy: Number.NaN, score: 7 })
    return { score: rate / 3, text: "learned" }
  }),
})
const write = stage({
  name: "write",
  code: import.meta.url,
  wires: { learned: Learned },
  output: Schema.Struct({ file: Blob, note: Blob }),
  artifacts: ({ output: { file, note } }) => [
    { path: "result.txt", blob: file, label: "result" },
    { path: "note.txt", blob: note, label: "note" },
  ],
  run: Effect.fnUntraced(function* ({ learned }) {
    const { blobs } = yield* StageContext
    const put = (text: string) => blobs.put(new TextEncoder().encode(text))
    return { file: yield* put(String(learned.score)), note: yield* put("the same") }
  }),
})
export default pipeline("${name}", {
  params: Schema.Struct({
    rate: Schema.Number,
    steps: Schema.Int,
    prompt: Schema.String,
    textModel: Schema.NullOr(Schema.Struct({ learningRate: Schema.Number })),
  }),
  defaults: { rate: 0.1, steps: 4, prompt: "a dog", textModel: null },
}, ({ rate, steps }) => write({ learned: learn({ rate, steps }) }))
`

let folder: string
let close: () => void
const run = (...args: readonly string[]) => loom(folder, ...args)

/** Runs 1 to 5: as it is; another rate and a text model; another prompt, so all is reused; a failure; another pipeline. */
beforeAll(async () => {
  const long = tiny("long").replace('"a dog"', '"a".repeat(300_000)')
  ;({ folder, close } = makeFolder({ "tiny.ts": tiny("tiny"), "tidy.ts": tiny("tidy"), "long.ts": long }))
  const textModel = 'textModel={"learningRate":0.00001}'
  await run("run", "tiny.ts")
  await run("run", "tiny.ts", "--set", "rate=0.2", "--set", textModel)
  await run("run", "tiny.ts", "--set", 'prompt=a "\u001b[31mred" cat')
  await run("run", "tiny.ts", "--set", "rate=2")
  await run("run", "tidy.ts")
})
afterAll(() => close())

/** The cells of the rows, by name. */
const rowsOf = (table: string): ReadonlyMap<string, readonly string[]> =>
  new Map(
    table
      .split("\n")
      .map((line) => line.split(/ {2,}/))
      .flatMap(([name, ...cells]) => (cells.length > 0 ? [[name!, cells] as const] : [])),
  )

const table = async (...args: readonly string[]) => {
  const ended = await run("compare", ...args)
  expect(ending(ended)).toEqual({ code: 0, errors: [], warnings: [] })
  return rowsOf(ended.stdout)
}

describe("the table", () => {
  it("has a column for each run, in the order in which they were named", async () => {
    expect((await table("2", "1", "3")).get("run")).toEqual(["2", "1", "3"])
  })

  it("shows parameters that differ, down to values in records, and – where there is none", async () => {
    const rows = await table("1", "2")
    expect(rows.get("rate")).toEqual(["0.1", "0.2"])
    expect(rows.get("textModel")).toEqual(["null", "–"])
    expect(rows.get("textModel.learningRate")).toEqual(["–", "0.00001"])
    expect([...rows.keys()]).not.toEqual(expect.arrayContaining(["steps"]))
  })

  it("shows what stages returned, the last losses, and steps asked, reached and trained; a reused stage has those of the run that made it", async () => {
    const rows = await table("1", "2", "3", "--all")
    expect(rows.get("learn.score")).toEqual(["0.033333", "0.066667", "0.033333"])
    expect(rows.get("learn.loss")).toEqual(["0.025", "0.05", "0.025"])
    expect(rows.get("learn.lossSmoothed")).toEqual(["0.1", "0.2", "0.1"])
    expect(rows.get("learn.steps asked")).toEqual(["4", "4", "4"])
    expect(rows.get("learn.steps reached")).toEqual(["4", "4", "4"])
    expect(rows.get("learn.steps trained")).toEqual(["4", "4", "0"])
    expect(rows.get("learn.accuracy")).toEqual(["NaN", "NaN", "NaN"])
    expect(rows.get("learn.check.score")).toEqual(["7", "7", "7"])
    expect([...rows.keys()].filter((name) => /gradNorm|25 %/.test(name))).toEqual([])
  })

  it("shows finished files by digest where they differ, and counts the equal ones", async () => {
    const { stdout } = await run("compare", "1", "2")
    expect(rowsOf(stdout).get("result.txt")).toEqual([expect.stringMatching(/^[\da-f]{12}$/), expect.any(String)])
    expect(stdout).toContain("(1 more file is equal)")
    expect((await table("1", "2", "--all")).get("note.txt")).toHaveLength(2)
  })

  it("says how runs ended, and – for what a failed one does not have", async () => {
    const rows = await table("1", "4")
    expect(rows.get("state")).toEqual(["finished", "failed"])
    expect(rows.get("learn.score")).toEqual(["0.033333", "–"])
    expect(rows.get("result.txt")).toEqual([expect.any(String), "–"])
    expect((await run("compare", "1", "4")).stdout).toContain("\nrun 4: learn failed: learning (rate): it burst\n")
  })

  it("tells runs of different pipelines, with their files", async () => {
    const rows = await table("1", "5")
    expect(rows.get("pipeline")).toEqual(["tiny", "tidy"])
    expect(rows.get("file")).toEqual(["tiny.ts", "tidy.ts"])
    expect((await table("1", "2")).has("pipeline")).toBe(false)
  })

  it("says that all is equal where it is", async () => {
    const { stdout } = await run("compare", "1", "5")
    expect(stdout).toContain("parameters\n(all 4 parameters are equal)\n")
    expect(stdout).toContain("files\n(both files are equal)\n")
  })

  it("lets nothing that a value holds steer the terminal", async () => {
    const { stdout } = await run("compare", "1", "3")
    expect(stdout).not.toContain("\u001b")
    expect(rowsOf(stdout).get("prompt")).toEqual(["a dog", 'a "\\u001b[31mred" cat'])
  })
})

/** The one CSV line of a run, by the names in the head. */
const csvOf = async (...args: readonly string[]) => {
  const { code, stdout } = await run("compare", ...args, "--csv")
  expect(code).toBe(0)
  const [names, ...rows] = readCsv(stdout)
  return rows.map((row) => Object.fromEntries(names!.map((name, at) => [name, row[at]])))
}

describe("the CSV", () => {
  it("has a line for each run, with values in full, and empty fields for what is not there", async () => {
    const [first, second, failed] = await csvOf("1", "2", "4")
    expect(first).toMatchObject({ run: "1", pipeline: "tiny", state: "finished", rate: "0.1", textModel: "null" })
    expect(second).toMatchObject({ run: "2", "textModel.learningRate": "0.00001", textModel: "" })
    expect(Number(second!["learn.score"])).toBe(0.2 / 3)
    expect(second!["result.txt"]).toMatch(/^[\da-f]{64}$/)
    expect(failed).toMatchObject({ state: "failed", "learn.score": "", "result.txt": "" })
  })

  it("tells when runs began and how long they took, and leaves equal parameters out unless all are asked for", async () => {
    const [first] = await csvOf("1", "2")
    expect(new Date(first!["started"]!).toISOString()).toBe(first!["started"])
    expect(Number(first!["seconds"])).toBeGreaterThanOrEqual(0)
    expect(first).not.toHaveProperty("steps")
    expect((await csvOf("1", "2", "--all"))[0]).toMatchObject({ steps: "4" })
  })

  it("gives texts back as they were", async () => {
    expect((await csvOf("1", "3"))[1]).toMatchObject({ prompt: 'a "\u001b[31mred" cat' })
  })
})

describe("the Markdown", () => {
  it("is the table with a column for each run, whatever the values hold", async () => {
    const { stdout } = await run("compare", "1", "2", "3", "--markdown")
    const lines = stdout.trimEnd().split("\n")
    expect(lines.slice(0, 2)).toEqual(["| run | 1 | 2 | 3 |", "| --- | --- | --- | --- |"])
    expect(lines).toEqual(expect.arrayContaining(["| rate | 0.1 | 0.2 | 0.1 |", "| textModel | null | – | null |"]))
    expect(new Set(lines.map((line) => line.match(/(?<!\\)\|/g)?.length))).toEqual(new Set([5]))
    expect(stdout).not.toContain("\u001b")
  })
})

describe("the JSON", () => {
  it("is one document with every value by the number of its run, and what differs is marked", async () => {
    const { stdout, stderr } = await run("compare", "2", "1", "--json")
    const document = JSON.parse(stdout)
    expect(stderr).toBe("")
    expect(document).toMatchObject({ version: 1, type: "comparison" })
    expect(document.runs).toMatchObject([
      { id: 2, pipeline: "tiny", state: "finished" },
      { id: 1, pipeline: "tiny", loom: expect.any(String), file: expect.stringContaining("tiny.ts") },
    ])
    expect(document.parameters).toEqual(
      expect.arrayContaining([
        { name: "rate", differs: true, values: { 1: 0.1, 2: 0.2 } },
        { name: "steps", differs: false, values: { 1: 4, 2: 4 } },
        { name: "textModel", differs: true, values: { 1: null } },
        { name: "textModel.learningRate", differs: true, values: { 2: 0.00001 } },
      ]),
    )
    expect(document.results).toEqual(
      expect.arrayContaining([{ name: "learn.score", differs: true, values: { 1: 0.1 / 3, 2: 0.2 / 3 } }]),
    )
    const note = { stage: "write", what: "note", sha256: expect.stringMatching(/^[\da-f]{64}$/), sizeBytes: 8 }
    expect(document.files).toEqual(
      expect.arrayContaining([{ name: "note.txt", differs: false, values: { 1: note, 2: note } }]),
    )
  })

  it("is whole also for a reader slower than the program, and however long a value is", async () => {
    const long = "a".repeat(300_000)
    for (const file of ["long.ts", "tiny.ts"]) await run("run", file, "--cache", "long", "--output", "long")
    const running = startLoom(folder, ["compare", "1", "2", "--cache", "long", "--json"])
    running.child.stdout?.pause()
    setTimeout(() => running.child.stdout?.resume(), 500)
    const { code, stdout } = await running.ended
    expect(code).toBe(0)
    expect(JSON.parse(stdout).parameters).toContainEqual({
      name: "prompt",
      differs: true,
      values: { 1: long, 2: "a dog" },
    })
  })

  it("excludes the other forms, and they each other", async () => {
    const ended = await run("compare", "1", "2", "--csv", "--markdown")
    expect(ending(ended)).toEqual({ code: 2, errors: ["--csv --markdown"], warnings: [] })
    expect(ended.stderr).toMatchSnapshot()
  })
})

describe("what else differs", () => {
  const changed = tiny("tiny")
    .replace("rate / 3", "rate / 4")
    .replace("learn({ rate, steps })", "learn({ rate, steps: 7 })")
  let edited: string
  let closeEdited: () => void
  const compared = (...args: readonly string[]) => loom(edited, "compare", ...args)

  /** Runs 1 to 3: as it is; twice with other code and a value in the file. */
  beforeAll(async () => {
    ;({ folder: edited, close: closeEdited } = makeFolder({ "tiny.ts": tiny("tiny") }))
    await loom(edited, "run", "tiny.ts")
    writeFileSync(join(edited, "tiny.ts"), changed)
    await loom(edited, "run", "tiny.ts")
    await loom(edited, "run", "tiny.ts", "--set", "rate=0.5")
  })
  afterAll(() => closeEdited())

  it("is told stage by stage below the table: code that changed, and values in the file", async () => {
    const { stdout } = await compared("1", "2", "3")
    expect(stdout).toContain("\nruns 2, 3 against 1: learn: steps 4 → 7; code changed: tiny.ts\n")
    expect(stdout).not.toContain("rate 0.1 →")
    expect((await compared("2", "3")).stdout).not.toContain("against")
  })

  it("follows the table in Markdown as a list", async () => {
    const { stdout } = await compared("1", "2", "--markdown")
    expect(stdout).toContain("|\n\n- run 2 against 1: learn: steps 4 → 7; code changed: tiny.ts\n")
  })

  it("stands in the JSON as data", async () => {
    const document = JSON.parse((await compared("1", "2", "--json")).stdout)
    const [learn] = document.differences
    expect(learn).toMatchObject({
      run: 2,
      against: 1,
      stage: "learn",
      sentences: ["steps 4 → 7", "code changed: tiny.ts"],
    })
    expect(learn.changes).toMatchObject([{ kind: "parameter", name: "steps", from: 4, to: 7 }, { kind: "code" }])
    const failed = JSON.parse((await run("compare", "1", "4", "--json")).stdout)
    expect(failed.unfinished).toMatchObject([{ run: 4, stage: "learn", state: "failed", reason: expect.any(String) }])
  })
})

describe("a run", () => {
  it.each([
    ["a number", "2", "2"],
    ["- as the latest of all", "-", "5"],
    ["its pipeline's name as the latest of it", "tiny", "4"],
    ["the beginning of that name", "tin", "4"],
  ])("is named by %s", async (_, name, id) => {
    expect((await table("1", name)).get("run")).toEqual(["1", id])
  })

  it("that is named twice counts once", async () => {
    expect((await table("1", "2", "1")).get("run")).toEqual(["1", "2"])
  })

  it.each<readonly [args: readonly string[], where: string]>([
    [["1", "99"], "99"],
    [["1", "tinny"], "tinny"],
    [["1", "ti"], "ti"],
    [["1", ""], ""],
    [["4"], "4"],
    [["2", "2"], "2 2"],
    [[], ""],
    [["1", "2", "--cache", "elsewhere"], "elsewhere"],
  ])("that cannot be meant is refused in a sentence with what to do: %j", async (args, where) => {
    const ended = await run("compare", ...args)
    expect(ending(ended)).toEqual({ code: 2, errors: [where], warnings: [] })
    expect(ended.stdout).toBe("")
    expect(ended.stderr).toMatchSnapshot()
    expect(existsSync(join(folder, "elsewhere"))).toBe(false)
  })
})
