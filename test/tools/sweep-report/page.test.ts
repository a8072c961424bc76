/**
 * The report of a sweep in a real browser, without a network: strokes, fields and tables follow each other, and it can be used by
 * keyboard, on a narrow screen, on paper and without scripts. Skipped where there is no Chromium.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"
import sharp from "sharp"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { sweepReport } from "../../../src/tools/sweep-report/sweep-report.ts"
import type { SweepTable } from "../../../src/tools/sweep-report/sweep-table.ts"
import { browserPath, openBrowser } from "./browser.ts"
import { madeUpTable } from "./made-up-table.ts"

const hostile = `</script><script>document.title="taken"</script><img src=x onerror="document.title='taken'">`
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

let folder: string
let browser: Browser
let address: string

beforeAll(async () => {
  if (browserPath === undefined) return
  folder = mkdtempSync(join(tmpdir(), "loom-page-"))
  const grey = await sharp({ create: { width: 64, height: 64, channels: 3, background: "#888" } })
    .webp()
    .toBuffer()
  const table = madeUpTable({ prompts: ["a red bicycle", hostile], picture: () => grey, objectives: 2 })
  const file = join(folder, "report.html")
  writeFileSync(file, await sweepReport({ table: { ...table, pipeline: hostile } }))
  address = pathToFileURL(file).href
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

interface Opened {
  readonly page: Page
  readonly requests: readonly string[]
  readonly complaints: readonly string[]
}

const open = async (options: BrowserContextOptions = {}, file = address): Promise<Opened> => {
  const context = await browser.newContext({ offline: true, viewport: { width: 1200, height: 1400 }, ...options })
  const page = await context.newPage()
  const requests: string[] = []
  const complaints: string[] = []
  page.on("request", (request) => request.url().startsWith("data:") || requests.push(request.url()))
  page.on("console", (message) => complaints.push(message.text()))
  page.on("pageerror", (error) => complaints.push(error.message))
  await page.goto(file)
  return { page, requests, complaints }
}

const shown = (page: Page) =>
  page
    .locator("#trials tbody tr:not([hidden])")
    .evaluateAll((rows) => rows.map((row) => Number(row.getAttribute("data-trial"))))

const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)

/** Trials whose value passes; asked of the table itself. */
const passing = (accept: (trial: ReturnType<typeof madeUpTable>["trials"][number]) => boolean) =>
  madeUpTable({ objectives: 2 })
    .trials.filter(accept)
    .map(({ trial }) => trial)

/** Strokes along an axis of the plot, from one share of its height to another, counted from below. */
const strokeAlong = async (page: Page, axis: number, from: number, to: number) => {
  const box = (await page.locator("#parallel").boundingBox())!
  const [left, right, top, bottom] = [70, 70, 74, 16]
  const x = box.x + left + (axis * (box.width - left - right)) / 6
  const y = (share: number) => box.y + box.height - bottom - share * (box.height - top - bottom)
  await page.mouse.move(x, y(from))
  await page.mouse.down()
  await page.mouse.move(x, y((from + to) / 2), { steps: 4 })
  await page.mouse.move(x, y(to), { steps: 4 })
  await page.mouse.up()
}

/** Lines of a plot that run level, from left to right. */
const levelLines = async (page: Page, plot: string) => {
  const paths = await page
    .locator(`${plot} path[fill=none]`)
    .evaluateAll((lines) => lines.map((line) => line.getAttribute("d") ?? ""))
  return paths
    .flatMap((path) => {
      const [, x1, y1, x2, y2] = (/^M(\S+) (\S+)L(\S+) (\S+)$/.exec(path) ?? []).map(Number)
      return x1 === undefined || y1 !== y2 ? [] : [{ middle: (x1 + x2!) / 2, length: Math.abs(x2! - x1) }]
    })
    .sort((a, b) => a.middle - b.middle)
}

const withoutResult = { state: "failed", rank: null, objectives: [null], rungs: [], validation: [] } as const

const field = (page: Page, label: string) => page.getByLabel(label, { exact: true })

describe.runIf(browserPath !== undefined)(
  "the page of a report (skipped where there is no Chromium; CHROMIUM names one)",
  () => {
    it("is one file, asks for nothing else and has nothing to complain of", async () => {
      const { page, requests, complaints } = await open()
      await page.locator("#validation path").first().waitFor({ state: "attached" })
      expect(requests).toEqual([address])
      expect(complaints).toEqual([])
      expect(await page.title()).toBe("quickstart-rates")
    })

    it("draws a line for each trial, dashed where it was pruned", async () => {
      const { page } = await open()
      const dashes = await page
        .locator("#parallel path[fill=none], #parallel polyline")
        .evaluateAll((lines) =>
          lines
            .filter((line) => (line.getAttribute("d") ?? "").split("L").length === 7)
            .map((line) => line.getAttribute("stroke-dasharray") !== null),
        )
      expect(dashes.length).toBe(24)
      expect(dashes.filter((isDashed) => isDashed).length).toBe(passing(({ state }) => state !== "complete").length)
    })

    it("draws 500 of very many trials, thin but for the best three", async () => {
      const file = join(folder, "many.html")
      writeFileSync(file, await sweepReport({ table: madeUpTable({ trials: 600 }) }))
      const { page, complaints } = await open({}, pathToFileURL(file).href)
      const widths = await page
        .locator("#parallel path[fill=none]")
        .evaluateAll((lines) =>
          lines
            .filter((line) => (line.getAttribute("d") ?? "").split("L").length === 6)
            .map((line) => Number(line.getAttribute("stroke-width") ?? 1)),
        )
      expect(widths.filter((width) => width === 0.7)).toHaveLength(497)
      expect(widths.filter((width) => width === 2.6)).toHaveLength(3)
      expect(complaints).toEqual([])
    })

    it.each<[string, (table: SweepTable) => Partial<SweepTable>, boolean]>([
      ["one trial", ({ trials }) => ({ trials: trials.slice(0, 1) }), false],
      ["no trial", () => ({ trials: [] }), false],
      [
        "equal trials",
        ({ trials }) => ({ trials: trials.map((one) => ({ ...one, values: trials[0]!.values })) }),
        false,
      ],
      ["no result", ({ trials }) => ({ trials: trials.map((one) => ({ ...one, ...withoutResult })) }), true],
    ])(
      "has nothing to complain of in a sweep with %s, and draws no line where there is none",
      async (name, edit, isDrawn) => {
        const table = madeUpTable()
        const file = join(folder, `${name}.html`)
        writeFileSync(file, await sweepReport({ table: { ...table, ...edit(table) } }))
        const { page, complaints } = await open({}, pathToFileURL(file).href)
        await page.waitForTimeout(100)
        expect(complaints).toEqual([])
        expect(await page.locator("#parallel").count()).toBe(isDrawn ? 1 : 0)
        expect(await page.locator("input[placeholder=NaN]").count()).toBe(0)
        expect((await page.locator("#legend").textContent())?.includes("dashed")).toBe(isDrawn)
      },
    )

    it("keeps the trials that a stroke along an axis takes, says their range in the fields, and gives all back when it is taken away", async () => {
      const { page } = await open()
      await strokeAlong(page, 0, 0.3, 0.75)
      const [from, to] = [
        Number(await field(page, "unetLearningRate, from").inputValue()),
        Number(await field(page, "unetLearningRate, to").inputValue()),
      ]
      expect(from).toBeGreaterThan(1e-4)
      const first = passing(
        ({ values }) => Number(values["unetLearningRate"]) >= from && Number(values["unetLearningRate"]) <= to,
      )
      expect(first.length).toBeGreaterThan(3)
      expect(first.length).toBeLessThan(24)
      expect(sorted(await shown(page))).toEqual(first)

      await strokeAlong(page, 4, 0.02, 0.3)
      const both = passing(({ trial, values }) => first.includes(trial) && values["schedule"] === "constant")
      expect(both.length).toBeLessThan(first.length)
      expect(sorted(await shown(page))).toEqual(both)
      expect(await page.locator("#shown").textContent()).toContain(`${both.length} of 24`)

      await page.getByRole("button", { name: "Show all" }).click()
      expect((await shown(page)).length).toBe(24)
      expect(await field(page, "unetLearningRate, from").inputValue()).toBe("")
    })

    it("shows trials without a value of a conditional axis, and takes them by a stroke at –", async () => {
      const { page } = await open()
      await strokeAlong(page, 3, 0.01, 0.15)
      expect(sorted(await shown(page))).toEqual(passing(({ values }) => values["textModel"] === null))
      expect(await field(page, "textModel.learningRate, with a value").isChecked()).toBe(false)
    })

    it("is filtered by keyboard alone, and tells how many are left", async () => {
      const { page } = await open()
      await field(page, "validation loss, to").focus()
      await page.keyboard.type("0.15")
      await page.keyboard.press("Tab")
      const left = passing(({ objectives: [loss] }) => loss === null || loss! <= 0.15)
      expect(sorted(await shown(page))).toEqual(left)
      await field(page, "validation loss, without a value").press("Space")
      expect((await shown(page)).length).toBe(left.length - 1)
      expect(await page.getByRole("status").textContent()).toContain(`${left.length - 1} of 24`)
    })

    it("draws a whisker from a spread below each mean to a spread above it, among the best trials and on the front", async () => {
      const table = madeUpTable({ objectives: 2 })
      const spreadOf = (trial: number) => (trial % 3 === 0 ? null : 0.01 * (trial % 3))
      const repeated = table.trials.map((trial) => ({ ...trial, spread: spreadOf(trial.trial) }))
      const file = join(folder, "repeated.html")
      writeFileSync(file, await sweepReport({ table: { ...table, trials: repeated } }))
      const { page, complaints } = await open({}, pathToFileURL(file).href)
      const means = repeated
        .flatMap(({ spread, objectives: [mean] }) =>
          spread === null || mean === null ? [] : [{ mean: mean!, spread }],
        )
        .sort((a, b) => a.mean - b.mean)
      for (const plot of ["#spread", "#front"]) {
        const whiskers = (await levelLines(page, plot)).filter(({ length }) => length > 6 && length < 400)
        expect(whiskers, plot).toHaveLength(means.length)
        const pixels = (whiskers.at(-1)!.middle - whiskers[0]!.middle) / (means.at(-1)!.mean - means[0]!.mean)
        for (const [at, { middle, length }] of whiskers.entries()) {
          expect(middle - whiskers[0]!.middle).toBeCloseTo(pixels * (means[at]!.mean - means[0]!.mean), 0)
          expect(length).toBeCloseTo(pixels * 2 * means[at]!.spread, 0)
        }
      }
      expect(complaints).toEqual([])
    })

    it("writes a long name of an axis in whole lines", async () => {
      const { page } = await open()
      const texts = await page.locator("#parallel text").allTextContents()
      for (const line of ["textModel.", "learningRate", "file size in", "MB"]) expect(texts).toContain(line)
    })

    it("orders its table by a column, numbers as numbers, what is absent last both ways", async () => {
      const { page } = await open()
      const rates = () =>
        page
          .locator("#trials tbody tr")
          .evaluateAll((rows) => rows.map((row) => Number(row.getAttribute("data-trial"))))
      const by = madeUpTable().trials
      const rate = (trial: number) => by[trial - 1]!.values["textModel.learningRate"] as number | undefined
      const heads = page.locator("#trials thead").getByRole("button", { name: "textModel.learningRate" })
      await heads.click()
      const rising = (await rates()).map(rate)
      const present = rising.filter((value) => value !== undefined)
      expect(present).toEqual([...present].sort((a, b) => a - b))
      expect(rising.slice(present.length).every((value) => value === undefined)).toBe(true)
      await heads.click()
      expect((await rates()).map(rate).slice(0, present.length)).toEqual(present.toReversed())
    })

    it("thickens a trial that is marked, in every plot", async () => {
      const { page } = await open()
      await page.getByRole("button", { name: "Mark trial 24" }).click()
      for (const plot of ["#parallel", "#validation", "#loss"]) {
        expect(
          await page.locator(`${plot} path[stroke-width='4.5'], ${plot} path[stroke-width='4']`).count(),
          plot,
        ).toBe(1)
      }
    })

    it("draws once while a pointer runs down the table", async () => {
      const { page } = await open()
      const [crossed, drawn] = (await page.evaluate(`(async () => {
        let drawn = 0
        const rows = [...document.querySelectorAll("#trials tbody tr")]
        const seen = new MutationObserver((changes) => { drawn += changes.length })
        seen.observe(document.querySelector("#trials"), { subtree: true, attributeFilter: ["class"] })
        for (const row of rows) row.dispatchEvent(new PointerEvent("pointerenter"))
        await new Promise((done) => setTimeout(done, 500))
        return [rows.length, drawn]
      })()`)) as readonly [number, number]
      expect([crossed, drawn]).toEqual([24, 1])
      expect(await page.locator("#trials tr.lit").getAttribute("data-trial")).toBe(
        await page.locator("#trials tbody tr").last().getAttribute("data-trial"),
      )
    })

    it.each([
      [320, "light"],
      [1200, "light"],
      [1200, "dark"],
    ] as const)(
      "at %d pixels in %s does not scroll sideways, and axe-core finds nothing",
      async (width, colorScheme) => {
        const { page } = await open({
          viewport: { width, height: 900 },
          colorScheme,
          reducedMotion: "reduce",
          bypassCSP: true,
        })
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width)
        await page.evaluate(axe)
        const { violations } = (await page.evaluate("axe.run()")) as {
          violations: { id: string; nodes: { html: string; failureSummary: string }[] }[]
        }
        expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html, nodes[0]?.failureSummary])).toEqual([])
      },
    )

    it("shows every table on paper, and without scripts", async () => {
      const { page } = await open()
      await page.emulateMedia({ media: "print" })
      const still = await open({ javaScriptEnabled: false })
      for (const view of [page, still.page]) {
        const tables = view.locator("main table")
        expect(await tables.count()).toBe(6)
        for (const table of await tables.all()) expect(await table.isVisible()).toBe(true)
      }
      expect(still.complaints).toEqual([])
    })
  },
)
