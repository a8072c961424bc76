/** What a terminal shows of fixed events: rates, room, colours, names, times. */
import { posix, win32 } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { BusyClock } from "../../src/cli/reporters/busy-clock.ts"
import { cutToWidth, displayWidth } from "../../src/cli/reporters/display-width.ts"
import { eventLines } from "../../src/cli/reporters/event-lines.ts"
import { plainReporter } from "../../src/cli/reporters/plain-reporter.ts"
import { prettyReporter } from "../../src/cli/reporters/pretty-reporter.ts"
import { barLine, progressWords } from "../../src/cli/reporters/progress-words.ts"
import { isLive } from "../../src/cli/reporters/reporter.ts"
import { StageBars } from "../../src/cli/reporters/stage-bars.ts"
import { fromHere, moment, sentence, style } from "../../src/cli/reporters/words.ts"
import type { RunEvent } from "../../src/runtime/model/events.ts"

const reason = { sentence: "first time", changes: [] }
const plainStyle = style(false)

/** The bar of a stage after events at given times, in milliseconds. */
const barAfter = (label: string, events: readonly (readonly [atMs: number, event: RunEvent])[]) => {
  const bars = new StageBars()
  for (const [atMs, event] of events) bars.take(event, atMs)
  return bars.running.get(label)!
}

const itemsStart = (toRun: number, restored = 0): RunEvent => ({
  type: "stage-started",
  label: "encode-texts",
  reason,
  items: { toRun, restored, removed: 0, waiting: 0 },
})
const itemDone = (done: number, of: number, elapsedMs: number): RunEvent => ({
  type: "item-finished",
  label: "encode-texts",
  item: `caption-${done}`,
  elapsedMs,
  done,
  of,
})
const step = (done: number, of: number, more: { left?: number; metrics?: Record<string, number> } = {}): RunEvent => ({
  type: "stage-progress",
  label: "train",
  done,
  of,
  unit: "steps",
  ...more,
})
const trainStart: RunEvent = { type: "stage-started", label: "train", reason }

describe("a rate", () => {
  it("of items counts the time they are at work, and not the time another stage has the cores", () => {
    const bar = barAfter("encode-texts", [
      [0, itemsStart(6)],
      [1000, itemDone(1, 6, 400)],
      [5200, itemDone(2, 6, 400)],
      [9400, itemDone(3, 6, 400)],
    ])
    expect(progressWords(bar)).toBe("3/6 · 2.5 items/s · 1.2 s left")
  })

  it("of items that are worked on at the same time counts that time once", () => {
    const bar = barAfter("encode-texts", [
      [0, itemsStart(8)],
      [2000, itemDone(1, 8, 2000)],
      [2000, itemDone(2, 8, 2000)],
      [4000, itemDone(3, 8, 2000)],
      [4000, itemDone(4, 8, 2000)],
    ])
    expect(progressWords(bar)).toContain("1.5 items/s")
  })

  it("of items does not count those that were kept or that another run made", () => {
    const bar = barAfter("encode-texts", [
      [0, itemsStart(90, 10)],
      [10, itemDone(11, 100, 0)],
      [2000, itemDone(12, 100, 2000)],
      [2000, itemDone(13, 100, 0)],
      [2000, itemDone(14, 100, 0)],
      [4000, itemDone(15, 100, 2000)],
    ])
    expect(progressWords(bar)).toBe("15/100 · 2.0 s/item · 2:50 min left")
  })

  it("of a training that goes on counts the steps trained now", () => {
    const bar = barAfter("train", [
      [0, trainStart],
      [10, step(3700, 4000)],
      [3010, step(3701, 4000)],
      [5010, step(3702, 4000)],
    ])
    expect(progressWords(bar)).toBe("3702/4000 steps · 2.0 s/step · 9:56 min left")
  })

  it("is not told of a training that goes on before it has trained a step", () => {
    const bar = barAfter("train", [
      [0, trainStart],
      [10, step(3700, 4000)],
    ])
    expect(progressWords(bar)).toBe("3700/4000 steps")
  })

  it("of two stretches counts neither the known steps between them nor those behind them", () => {
    const bar = barAfter("train", [
      [0, trainStart],
      [0, step(98, 400, { left: 4 })],
      [1000, step(99, 400, { left: 3 })],
      [2000, step(100, 400, { left: 2 })],
      [2000, step(298, 400, { left: 2 })],
      [3000, step(299, 400, { left: 1 })],
    ])
    expect(progressWords(bar)).toBe("299/400 steps · 1.0 steps/s · 1.0 s left")
  })

  it("is that of the last half minute", () => {
    const slowThenFast = Array.from(
      { length: 61 },
      (_, n) => [n < 31 ? n * 2000 : 60_000 + (n - 30) * 1000, step(n, 100)] as const,
    )
    expect(progressWords(barAfter("train", [[0, trainStart], ...slowThenFast]))).toContain("1.0 steps/s")
  })
})

describe("a clock of work", () => {
  it("counts what overlaps once and what lies between not at all", () => {
    const clock = new BusyClock()
    clock.add(10, 5)
    clock.add(12, 4)
    clock.add(30, 1)
    clock.add(31, 25)
    expect(clock.elapsedMs).toBe(31 - 5)
  })
})

describe("a live line", () => {
  const metrics = { lossSmoothed: 0.0712, residentBytes: 612e6, loss: 0.08 }
  const training = barAfter("train", [
    [0, trainStart],
    [0, step(110, 400, { metrics })],
    [500, step(111, 400, { metrics })],
    [1000, step(112, 400, { metrics })],
  ])
  const shown = (columns: number): string => barLine(training, 0, plainStyle, columns)

  it("says all on a wide terminal", () => {
    expect(shown(120)).toBe(
      "⠋ train          ━━━━━━━───────────────── 112/400 steps · loss 0.0712 · 2.0 steps/s · 2:24 min left · 612 MB",
    )
  })

  it("of 80 columns shows the time left, of 40 a number", () => {
    expect(shown(79)).toBe("⠋ train          ━━━───────── 112/400 steps · loss 0.0712 · 2:24 min left")
    expect(shown(39)).toBe("⠋ train          112/400 steps")
  })

  it.each(Array.from({ length: 100 }, (_, columns) => columns + 1))("fits into %i columns", (columns) => {
    expect(displayWidth(shown(columns))).toBeLessThanOrEqual(columns)
  })

  it("of a long name in few columns still shows the number", () => {
    const label = "encode-texts-学習-of-the-second-pipeline"
    const line = barLine({ ...training, label }, 0, plainStyle, 39)
    expect(line).toMatch(/^⠋ encode-texts-学習-.* 112\/400 steps$/)
    expect(displayWidth(line)).toBeLessThanOrEqual(39)
  })
})

describe("the width of a text", () => {
  it.each([
    ["plain", 5],
    ["学習", 4],
    ["カタカナ", 8],
    ["ﾊﾝｶｸ", 4],
    ["한국어", 6],
    ["e\u0301te\u0301", 3],
    ["🎨", 2],
    ["👩‍🎨", 2],
    ["🇨🇭", 2],
    ["❤️", 2],
    ["\u001b[1mbold\u001b[22m", 4],
    ["⠋ ━─", 4],
  ])("%s takes %i columns", (text, columns) => {
    expect(displayWidth(text)).toBe(columns)
  })

  it("is never exceeded by a cut line, which closes its colours", () => {
    const paint = style(true)
    const line = `${paint.red("学習")} ${paint.bold("🎨 done")}`
    expect(cutToWidth(line, 3)).toBe("\u001b[31m学\u001b[39m\u001b[1m\u001b[22m")
    expect(cutToWidth(line, 8)).toBe("\u001b[31m学習\u001b[39m \u001b[1m🎨 \u001b[22m")
    expect(cutToWidth(line, 99)).toBe(line)
  })

  it("is cut between letters, never within one", () => {
    expect(cutToWidth("e\u0301te\u0301", 2)).toBe("e\u0301t")
    expect(cutToWidth("👩‍🎨👩‍🎨", 3)).toBe("👩‍🎨")
  })
})

describe("where lines are drawn over", () => {
  const terminal = { isTTY: true }
  it("is a terminal that nobody logs", () => {
    expect(isLive(terminal, {})).toBe(true)
    expect(isLive({}, {})).toBe(false)
    expect(isLive(terminal, { TERM: "dumb" })).toBe(false)
    expect(isLive(terminal, { CI: "true" })).toBe(false)
    expect(isLive(terminal, { CI: "woodpecker" })).toBe(false)
    expect(isLive(terminal, { CI: "" })).toBe(true)
    expect(isLive(terminal, { CI: "false" })).toBe(true)
  })
})

describe("sentences", () => {
  it.each([
    ["close other programs", "Close other programs."],
    ["run again.", "Run again."],
    ["is it there?", "Is it there?"],
    ["pictures/cat.jpg is small", "pictures/cat.jpg is small."],
    ["./base has no unet", "./base has no unet."],
    ["cat.jpg: too small", "cat.jpg: too small."],
    ["networkDim is usually 16", "networkDim is usually 16."],
    ["--set wants KEY=VALUE", "--set wants KEY=VALUE."],
    ['memory: "small" needs 2.0 GB', 'memory: "small" needs 2.0 GB.'],
    ["", ""],
  ])("%j is said as %j", (text, said) => {
    expect(sentence(text)).toBe(said)
  })

  it("leave a path as it is that only holds the name of this folder", () => {
    expect(fromHere("/data/a/x.png and /mnt/data/a/y.png", "/data/a", posix)).toBe("x.png and /mnt/data/a/y.png")
    expect(fromHere('"/data/a/x.png"', "/data/a", posix)).toBe('"x.png"')
    expect(fromHere("/data/a+b/x.png", "/data/a+b", posix)).toBe("x.png")
    expect(fromHere("/etc//x", "/", posix)).toBe("/etc//x")
    expect(fromHere("/data/a/b\\c.png", "/data/a", posix)).toBe("b\\c.png")
  })

  it("show a Windows path from here with slashes, in whatever case the drive is written", () => {
    const here = (text: string) => fromHere(text, "C:\\Users\\ada\\my dogs", win32)
    expect(here("Did you mean C:\\Users\\ada\\my dogs\\pipelines\\dog.ts?")).toBe("Did you mean pipelines/dog.ts?")
    expect(here("c:\\users\\ada\\my dogs\\output\\dog.safetensors:3")).toBe("output/dog.safetensors:3")
    expect(here("D:\\models\\x C:\\Users\\ada\\my dogs2\\y")).toBe("D:\\models\\x C:\\Users\\ada\\my dogs2\\y")
    expect(fromHere("C:\\x\\y", "C:\\", win32)).toBe("C:\\x\\y")
  })

  it("of a warning keep the names in it", () => {
    const line = eventLines(plainStyle, false)
    const warning = {
      type: "warning",
      label: "crop",
      field: "my cat.jpg",
      message: "my cat.jpg: is small",
      hint: "photos/cats has a larger one",
    } as const
    expect(line(warning)).toBe("warning: crop: my cat.jpg: my cat.jpg: is small. photos/cats has a larger one.")
  })
})

describe("a date", () => {
  const now = new Date(2026, 10, 25, 12).getTime()
  it("carries the year when it is not this one", () => {
    expect(moment(new Date(2026, 10, 24, 9, 5).getTime(), now)).toBe("24 Nov 09:05")
    expect(moment(new Date(2025, 11, 31, 23, 59).getTime(), now)).toBe("31 Dec 2025 23:59")
    expect(moment(new Date(2027, 0, 1, 0, 0).getTime(), now)).toBe("1 Jan 2027 00:00")
  })
})

describe("a reporter", () => {
  let written = ""
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 })
    written = ""
    vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      written += String(text)
      return true
    })
  })
  afterEach(() => {
    vi.restoreAllMocks()
    vi.useRealTimers()
    process.stderr.columns = columnsBefore
  })
  const columnsBefore = process.stderr.columns

  const play = (show: (event: RunEvent) => void) => {
    show(trainStart)
    for (let done = 110; done <= 122; done++) {
      show(step(done, 400))
      vi.advanceTimersByTime(1000)
    }
  }

  it("on a terminal of 40 columns draws one line over itself, no wider than that, with a number in it", () => {
    process.stderr.columns = 40
    const reporter = prettyReporter({ verbose: false, color: true })
    play(reporter.show)
    const drawn = written.split("\n").filter((line) => line.includes("/400"))
    expect(drawn.length).toBeGreaterThan(100)
    expect(Math.max(...drawn.map(displayWidth))).toBeLessThan(40)
    expect(drawn.at(-1)).toContain("122/400 steps")
    reporter.close()
  })

  it("into a log writes a line every five seconds, without cursor movements", () => {
    const reporter = plainReporter({ verbose: false, color: false })
    play(reporter.show)
    expect(written).not.toContain("\u001b")
    expect(written).toBe(
      "▸ train          first time\n" +
        "  train          115/400 steps · 1.0 steps/s · 4:45 min left\n" +
        "  train          120/400 steps · 1.0 steps/s · 4:40 min left\n",
    )
  })
})
