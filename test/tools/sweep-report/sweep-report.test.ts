/** The report of a sweep as a file: what stands in it without any script, what it lets in, what no name can do to it. */
import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { sweepReport } from "../../../src/tools/sweep-report/sweep-report.ts"
import { objectiveWords } from "../../../src/tools/sweep-report/value-words.ts"
import { madeUpTable } from "./made-up-table.ts"

const hostile = `</script><script>alert(1)</script>"'><img src=x onerror=alert(2)><!-- \u0000\ud800 &lt;`
const prompts = ["a red bicycle", hostile]
const picture = () => new TextEncoder().encode("no picture, but bytes")
const table = madeUpTable({ prompts, picture, objectives: 2 })
const report = await sweepReport({ table })

/** All elements of a name, as start tag and content; the file's own, since nothing else can be one. */
const elements = (text: string, name: string) =>
  [...text.matchAll(new RegExp(`<${name}\\b([^>]*)>([\\s\\S]*?)</${name}>`, "g"))].map(([, tag, inside]) => ({
    tag: tag!,
    inside: inside!,
  }))

const rowsWithin = (text: string, title: string): number =>
  elements(text, "table")
    .filter(({ inside }) => inside.includes(title))
    .flatMap(({ inside }) => [...inside.matchAll(/<tr data-trial/g)]).length

describe("the report of a sweep", () => {
  it("has the same bytes for the same table", async () => {
    expect(await sweepReport({ table })).toBe(report)
  })

  it("lets nothing be loaded, and no script run but its own", () => {
    const [data, script] = elements(report, "script")
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(report)![1]!.replaceAll("&#39;", "'")
    expect(policy).toMatch(/^default-src 'none'; /)
    expect(policy).toContain(`script-src 'sha256-${createHash("sha256").update(script!.inside).digest("base64")}'`)
    expect(data!.tag).toContain("application/json")
    expect([...report.replace(script!.inside, "").matchAll(/(?:src|href)="(?!data:)/g)]).toEqual([])
  })

  it("has a table of every plot's numbers without its script", () => {
    const reached = (steps: number) => table.trials.filter(({ steps: { trained } }) => trained >= steps).length
    expect(rowsWithin(report, "Every trial, best first")).toBe(24)
    expect(rowsWithin(report, "Validation loss by step")).toBe(reached(25))
    expect(rowsWithin(report, "Training loss by step, at 12 of 60 steps")).toBe(24)
    expect(rowsWithin(report, "on the front stands")).toBe(23)
    expect(report).toContain(
      `<th scope="row">unetLearningRate</th><td class="number">0.85</td><td class="number">0.66 to 0.89</td><td class="number">0.2</td><td>stands out from noise</td>`,
    )
  })

  it("tells of each picture its trial, rank, value and prompt", () => {
    const best = table.trials.find(({ rank }) => rank === 1)!
    expect(report).toContain(`alt="trial ${best.trial}, rank 1, validation loss 0.13039: a red bicycle"`)
    expect([...report.matchAll(/<img loading="lazy" decoding="async" alt="trial \d+/g)].length).toBe(
      table.trials.flatMap(({ pictures }) => pictures).length,
    )
  })

  it("names what failed, and why", () => {
    expect(report).toContain("<li>Trial 17 failed. Training: step 12: the loss is not a number.")
  })

  it("shows hostile names, prompts and reasons as texts", async () => {
    const named = await sweepReport({
      table: {
        ...madeUpTable({ name: hostile, prompts, picture }),
        pipeline: hostile,
        search: hostile,
        objectives: [{ name: hostile, direction: "minimise" }],
        axes: [{ name: hostile, kind: "choice", log: false, options: [hostile] }],
        trials: table.trials.map((trial) => ({
          ...trial,
          values: { [hostile]: `${trial.trial}${hostile}` },
          why: hostile,
        })),
      },
    })
    const scripts = elements(named, "script")
    expect(scripts.length).toBe(2)
    expect(JSON.parse(scripts[0]!.inside).table.name).toBe(hostile)
    const written = scripts.reduce((text, { inside }) => text.replace(inside, ""), named)
    expect(written.match(/<img[^>]*>/g)?.every((tag) => tag.startsWith('<img loading="lazy"'))).toBe(true)
    expect(written).not.toMatch(/alert\(1\)<\/script>|<!--|\0/)
  })

  it("carries the licences of what draws it", () => {
    for (const name of ["echarts 6", "zrender 6", "Apache License", "The Apache Software Foundation", "Baidu Inc"]) {
      expect(report).toContain(name)
    }
  })

  it("has the means of the best 20 trials with their spread where they were repeated, and nothing of it elsewhere", async () => {
    const many = madeUpTable({ trials: 40 })
    const repeated = many.trials.map((trial) => ({ ...trial, spread: trial.trial === 9 ? null : trial.trial / 1000 }))
    const text = await sweepReport({ table: { ...many, trials: repeated } })
    expect(text).toContain("The 20 best trials: the mean over repeats")
    expect(rowsWithin(text, "Mean over the repeats")).toBe(20)
    const ranked = repeated.filter(({ rank, trial }) => rank !== null && trial !== 9)
    const [best] = ranked.sort((a, b) => a.rank! - b.rank!)
    expect(text).toContain(
      `<td class="number">${best!.rank}</td><td class="number">${objectiveWords(best!.objectives[0])}</td><td class="number">${objectiveWords(best!.spread)}</td></tr>`,
    )
    expect(report).not.toContain("Mean and spread")
    const one = { ...many, trials: repeated.slice(0, 1).map((trial) => ({ ...trial, rank: 1 })) }
    expect(await sweepReport({ table: one })).toContain("The best trial: the mean over repeats")
  })

  it("says beside a plot what its marks mean, of whiskers where there are any", async () => {
    expect(report).toContain("Diamond: on the front")
    expect(report).toContain("Dashed: what an axis that does nothing exceeds once in twenty times.")
    expect(report).not.toContain("Whisker: standard deviation")
    const repeated = { ...table, trials: table.trials.map((trial) => ({ ...trial, spread: 0.01 })) }
    expect(await sweepReport({ table: repeated })).toContain("Whisker: standard deviation over repeats.")
  })

  it("says what matters, and what is to be kept in mind", () => {
    expect(report).toContain("<h2>What matters</h2>")
    expect(report).toContain('<p class="note">Trials are compared at step 50: the last at which all were measured.</p>')
  })

  it("is there for a sweep without trials, and for one without results", async () => {
    const empty = await sweepReport({ table: { ...madeUpTable(), trials: [], steps: { asked: 0, trained: 0 } } })
    expect(empty).toContain("no trial has a result")
    expect(empty).not.toContain("What matters")
    const waiting = madeUpTable().trials.map((trial) => ({
      ...trial,
      ...{ rank: null, state: "waiting" as const, objectives: [null], rungs: [], loss: [], validation: [] },
    }))
    const report = await sweepReport({ table: { ...madeUpTable({ objectives: 2 }), trials: waiting } })
    expect(report).toContain("24 waiting")
    expect(report).not.toContain("Objectives against each other")
  })
})
