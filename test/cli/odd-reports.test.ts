/** Stages of one's own that tell odd things: what is shown of them, and that the work goes on. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { printable, printableName, printablePlace } from "../../src/cli/reporters/printable.ts"
import { barLine, progressWords } from "../../src/cli/reporters/progress-words.ts"
import { steady } from "../../src/cli/reporters/reporter.ts"
import { StageBars } from "../../src/cli/reporters/stage-bars.ts"
import { style } from "../../src/cli/reporters/words.ts"
import { soundProgress } from "../../src/runtime/model/sound-progress.ts"
import { loom, makeFolder } from "./shell.ts"

/** Waits between two reports for as long as a display takes to draw. */
const odd = `
import { itemStage, pipeline, source, stage, StageContext } from "lora-loom"
import { setTimeout } from "node:timers/promises"
import { Effect, Schema } from "effect"

const counts = [[12, 10], [NaN, 10], [-3, 10], [3, 0], [3, -1], [1, NaN], [Infinity, Infinity], [0.333333, 1]]
const count = stage({ name: "count", code: import.meta.url, wires: {}, output: Schema.Int,
  run: async (_, work) => {
    for (const [done, of] of counts) {
      work.progress({ done, of, unit: "st\\u001b[2Jeps\\n", left: -5, metrics: { "a\\nb": NaN, lossSmoothed: Infinity } })
      await setTimeout(150)
    }
    work.log("log\\u001b[2J")
    work.warn("warned\\u001b[2J")
    return 1
  } })
const long = "x".repeat(10_000)
const names = source({ name: "names", code: import.meta.url, output: Schema.Array(Schema.Struct({ key: Schema.String, value: Schema.Int })),
  read: () => [{ key: long, value: 1 }, { key: "a\\u001b[2J\\nb", value: 2 }] })
const fail = itemStage({ name: "fail", code: import.meta.url, item: Schema.Int, output: Schema.Int,
  run: () => { throw new Error("no") } })
const record = stage({ name: "record", code: import.meta.url, wires: {}, output: Schema.Int,
  run: () => Effect.gen(function* () {
    const { record } = yield* StageContext
    yield* record("loss", { step: 1, lossSmoothed: 1 })
    yield* record("loss", { step: 2, lossSmoothed: NaN })
    return 1
  }) })
export default pipeline("odd", { params: Schema.Struct({ what: Schema.String }), defaults: { what: "count" } },
  ({ what }) => what === "count" ? count() : what === "record" ? record() : fail(names()))
`

let folder: string
let close: () => void
beforeAll(() => {
  ;({ folder, close } = makeFolder({ "odd.ts": odd }))
})
afterAll(() => close())

/** The escape sequence that all these names hold. */
const clearScreen = "\u001b[2J"

describe("odd reports", () => {
  it.each(["pretty", "plain", "json"])("of progress end nothing, shown %s", async (reporter) => {
    const { code, stdout, stderr } = await loom(folder, "run", "odd.ts", "--reporter", reporter, "--cache", reporter)
    expect(code).toBe(0)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(stdout + stderr).not.toContain(clearScreen)
    expect(stdout + stderr).not.toMatch(/NaN.*left|-\d+ .*left/)
  })

  it("of an item's name show it in one line that people read", async () => {
    const { code, stderr } = await loom(folder, "run", "odd.ts", "--set", "what=fail", "--reporter", "plain")
    expect(code).toBe(1)
    expect(stderr).not.toContain(clearScreen)
    const [failed] = /^✗.*$/m.exec(stderr) ?? []
    expect(failed?.length).toBeLessThan(300)
  })

  it("of a metric that is no number are listed", async () => {
    await loom(folder, "run", "odd.ts", "--set", "what=record", "--cache", "record")
    const { code, stdout } = await loom(folder, "log", "-", "--cache", "record")
    expect(code).toBe(0)
    expect(stdout).toContain("record: loss 1.0000 at step 1, NaN at step 2")
  })
})

describe("a bar", () => {
  const barOf = (done: number, of: number) => {
    const bars = new StageBars()
    bars.take({ type: "stage-progress", label: "s", done, of, unit: "steps" }, 0)
    return bars.running.get("s")!
  }

  it.each([
    [12, 10, "12/10 steps"],
    [3, 0, "3 steps"],
    [0, 0, ""],
    [3, -1, "3 steps"],
    [0.333333, 1, "0.33/1 steps"],
  ])("of %d of %d is drawn and says %j", (done, of, words) => {
    expect(progressWords(barOf(done, of))).toBe(words)
    expect(barLine(barOf(done, of), 0, style(false), 80)).toContain(words)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1])("is drawn where a count is %d", (count) => {
    for (const bar of [barOf(count, 10), barOf(1, count), barOf(count, count)]) {
      expect(barLine(bar, 0, style(false), 80)).toContain("s")
    }
  })
})

describe("progress", () => {
  it("reaches reporters as numbers, without what is none", () => {
    const told = { done: "3", of: Number.NaN, unit: undefined, left: -1, metrics: { a: 1, b: 1n, c: null } }
    expect(soundProgress(told as never)).toEqual({ done: 0, of: 0, unit: "", left: 0, metrics: { a: 1 } })
  })
})

describe("a text of others", () => {
  it("is shown with what cannot be seen", () => {
    expect(printable("a\u001b[2J\nb")).toBe("a\\u001b[2J\nb")
    expect(printablePlace("a\u001b[2J\nb\u202e")).toBe("a\\u001b[2J\\nb\\u202e")
    expect(printableName("学".repeat(10_000))).toHaveLength(200)
  })
})

describe("a reporter that makes a mistake", () => {
  it("is asked no more, and ends nothing", () => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true)
    let asked = 0
    const reporter = steady({
      show: () => {
        asked++
        throw new Error("a mistake")
      },
      say: () => {},
      close: () => {},
    })
    const event = { type: "logged", label: "s", message: "m" } as const
    expect(() => [reporter.show(event), reporter.show(event)]).not.toThrow()
    expect(asked).toBe(1)
    expect(write).toHaveBeenCalledOnce()
    write.mockRestore()
  })
})
