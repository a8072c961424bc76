/** `loom sweep` and what goes with it: the plan, the table, the files, single trials, stopping and going on. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readCsv } from "../rig/read-csv.ts"
import { ending, loom, makeFolder, startLoom } from "./shell.ts"

/** A pipeline of pure functions that goes step by step as a training does, and whose loss is lowest at a rate of 0.3. */
const walk = `
import { Blob, pipeline, stage, StageContext, StageFailure } from "lora-loom"
import { Effect, Schema } from "effect"

const walk = stage({
  name: "walk",
  code: import.meta.url,
  params: Schema.Struct({ rate: Schema.Finite, dim: Schema.Int, steps: Schema.Int }),
  wires: {},
  output: Schema.Struct({ loss: Schema.Finite }),
  course: {
    of: ({ rate, dim, steps }) => ({ start: [rate, dim], steps: Array.from({ length: steps }, () => 0), unit: "steps" }),
    until: (params, steps) => (steps < params.steps ? { ...params, steps } : params),
  },
  run: Effect.fnUntraced(function* ({ params: { rate, dim, steps } }) {
    const { progress, record } = yield* StageContext
    if (dim === 13) yield* new StageFailure({ what: "walking", where: "dim", why: "13 is no luck", hint: "Less", kind: "work" })
    for (let step = 1; step <= steps; step++) {
      yield* record("train", { step, loss: rate * (step % 3), lossSmoothed: rate / step })
      yield* progress({ done: step, of: steps, unit: "steps" })
      yield* Effect.sleep(2)
    }
    return { loss: (rate - 0.3) ** 2 + 1 / dim + 1 / steps }
  }),
})
const write = stage({
  name: "write",
  code: import.meta.url,
  params: Schema.Struct({ trial: Schema.NullOr(Schema.Struct({ sweep: Schema.String, trial: Schema.Int })) }),
  wires: { walked: Schema.Struct({ loss: Schema.Finite }) },
  output: Schema.Struct({ file: Blob }),
  asTrial: (params, trial) => ({ ...params, trial }),
  artifacts: ({ output: { file } }) => [{ path: "walked.txt", blob: file, label: "walk" }],
  run: Effect.fnUntraced(function* ({ walked, params: { trial } }) {
    const { blobs } = yield* StageContext
    return { file: yield* blobs.put(new TextEncoder().encode(JSON.stringify([walked.loss, trial]))) }
  }),
})
export const walks = pipeline("walks", {
  params: Schema.Struct({ rate: Schema.Finite, dim: Schema.Int, steps: Schema.Int }),
  defaults: { rate: 0.5, dim: 4, steps: 27 },
}, (params) => {
  const walked = walk(params)
  return { walked, file: write(walked, { trial: null }) }
})
`

const loss = 'measure("loss", { result: "walked", value: ({ loss }) => loss })'

const sweepOf = (options: string): string => `
import { asha, exhaustive, logUniform, measure, minimise, oneOf, sweep, uniform } from "lora-loom"
import { walks } from "./walk.ts"
export default sweep(walks, { objective: minimise(${loss}), ${options} })
`

const files = {
  "walk.ts": walk,
  "halving.ts": sweepOf(
    "space: { rate: uniform(0, 1), dim: oneOf(2, 8) }, search: asha({ rungs: [3, 9, 27] }), trials: 9, shown: 2",
  ),
  "unlucky.ts": sweepOf("space: { dim: oneOf(2, 13, 8) }, search: exhaustive()"),
  "luckless.ts": sweepOf("space: { dim: oneOf(13) }, search: exhaustive()"),
  "misspelt.ts": sweepOf("space: { rat: uniform(0, 1) }, trials: 2.5"),
}

let folder: string
let close: () => void
beforeAll(() => {
  ;({ folder, close } = makeFolder(files))
})
afterAll(() => close())

const run = (...args: readonly string[]) => loom(folder, ...args)
const at = (...path: readonly string[]): string => join(folder, "output", "walks-sweep", ...path)

describe("a sweep on the command line", () => {
  it("is planned, runs, writes its files, and knows everything the next time", async () => {
    const project = makeFolder(files)
    const here = (...args: readonly string[]) => loom(project.folder, ...args)
    const planned = await here("plan", "halving.ts")
    expect(planned.stdout).toMatch(/\n9 trials, 243 steps asked, about \d+ to train; how long .*\.\n$/)
    expect((await here("plan", "halving.ts", "--exit-code")).code).toBe(4)
    const first = await here("sweep", "halving.ts")
    expect(ending(first)).toEqual({ code: 0, errors: [], warnings: [] })
    const rows = readCsv(readFileSync(join(project.folder, "output/walks-sweep/sweep.csv"), "utf8"))
    expect(rows.length).toBe(1 + 9)
    expect(first.stdout).toContain("output/walks-sweep/sweep.html")
    const again = await here("sweep", "halving.ts")
    expect(again.stderr).toContain("9 trials, all of them measured already")
    expect(again.stdout).toBe(first.stdout)
    expect((await here("plan", "halving.ts", "--exit-code")).code).toBe(0)
    project.close()
  })

  it("reports the smoothed losses of each trial, from its first step to where it came", async () => {
    await run("sweep", "halving.ts")
    const report = readFileSync(at("sweep.html"), "utf8")
    const { table } = JSON.parse(/<script type="application\/json" id="sweep">(.*?)<\/script>/.exec(report)![1]!)
    expect(table.trials).toHaveLength(9)
    for (const { values, rungs, loss } of table.trials) {
      const steps = Array.from({ length: rungs.at(-1).steps }, (_, before) => before + 1)
      expect(loss).toEqual(steps.map((step) => [step, values.rate / step]))
    }
  })

  it("writes the same table with one worker and with three", async () => {
    const tables = []
    for (const workers of ["1", "3"]) {
      const project = makeFolder(files)
      await loom(project.folder, "sweep", "halving.ts", "--workers", workers, "--cores", "4")
      tables.push(readFileSync(join(project.folder, "output/walks-sweep/sweep.csv"), "utf8"))
      project.close()
    }
    expect(tables[1]).toBe(tables[0])
  })

  it("runs the best trials whole, and their files say whose trial they are", async () => {
    const { stdout } = await run("sweep", "halving.ts", "--json")
    const report = JSON.parse(stdout.trim().split("\n").at(-1)!)
    expect(report).toMatchObject({ type: "sweep-report", isOver: true, name: "walks-sweep" })
    expect(report.whole.length).toBe(2)
    for (const { trial } of report.whole) {
      const [, whose] = JSON.parse(readFileSync(at(`trial-${trial}`, "walked.txt"), "utf8"))
      expect(whose).toEqual({ sweep: "walks-sweep", trial })
    }
  })

  it("tells a trial that fails and goes on with the others", async () => {
    const { code, stderr, stdout } = await run("sweep", "unlucky.ts")
    expect(code).toBe(0)
    expect(stderr).toMatch(/✗ trial 2 +failed: .*13 is no luck/)
    expect(stdout).toMatch(/ 2 +failed/)
  })

  it("ends with 1 when every trial fails, and with 3 when it is wrong, all told at once", async () => {
    expect(ending(await run("sweep", "luckless.ts"))).toMatchObject({ code: 1, errors: ["walks-sweep"] })
    const misspelt = await run("sweep", "misspelt.ts")
    expect(ending(misspelt)).toMatchObject({ code: 3, errors: ["walks-sweep", "walks-sweep.trials"] })
  })

  it("ends with 2 when the command line is wrong", async () => {
    expect(ending(await run("sweep", "halving.ts", "--set", "rate=0.2"))).toMatchObject({ code: 2 })
    expect(ending(await run("sweep", "walk.ts"))).toMatchObject({ code: 3 })
    expect(ending(await run("run", "halving.ts"))).toMatchObject({ code: 3 })
    expect(ending(await run("run", "halving.ts", "--trial", "99"))).toMatchObject({ code: 2 })
  })
})

describe("what a sweep did", () => {
  it("is told by its name: each decision in the log, the trials side by side in a comparison", async () => {
    const project = makeFolder(files)
    const here = (...args: readonly string[]) => loom(project.folder, ...args)
    const early = await here("compare", "walks-sweep")
    expect(early.code).toBe(2)
    const swept = await here("sweep", "halving.ts")
    const { stdout: log } = await here("log", "walks-sweep")
    expect(log).toMatch(/^walks-sweep /)
    expect(log.match(/^ +\d+ {2}trial \d/gm)?.length).toBeGreaterThanOrEqual(9)
    const journal = JSON.parse((await here("log", "walks-sweep", "--json")).stdout)
    expect(journal).toMatchObject({ type: "sweep-journal", sweep: "walks-sweep" })
    expect(swept.stdout.startsWith((await here("compare", "walks-sweep")).stdout)).toBe(true)
    const csv = readFileSync(join(project.folder, "output/walks-sweep/sweep.csv"), "utf8")
    expect((await here("compare", "walks-sweep", "--csv")).stdout).toBe(csv)
    expect((await here("compare", "walks-sweep", "--markdown")).stdout).toMatch(/^\| rank \| trial \|/)
    project.close()
  })
})

describe("a single trial", () => {
  it("is planned, explained and run by its number, with other values where they are set", async () => {
    const project = makeFolder(files)
    const here = (...args: readonly string[]) => loom(project.folder, ...args)
    expect((await here("plan", "halving.ts", "--trial", "3")).stdout).toMatch(/walk +will run/)
    expect((await here("explain", "halving.ts", "walk", "--trial", "3")).stdout).toContain("walk would run")
    expect(ending(await here("run", "halving.ts", "--trial", "3", "--set", "steps=5")).code).toBe(0)
    expect(existsSync(join(project.folder, "output/walks-sweep/trial-3/walked.txt"))).toBe(true)
    project.close()
  })

  it("that halving left behind counts as trained to its end once it was run by hand", async () => {
    const project = makeFolder(files)
    const here = (...args: readonly string[]) => loom(project.folder, ...args)
    const report = async () =>
      JSON.parse((await here("sweep", "halving.ts", "--json")).stdout.trim().split("\n").at(-1)!)
    const before = await report()
    const pruned = before.trials.find(({ state }: { readonly state: string }) => state === "pruned")
    await here("run", "halving.ts", "--trial", String(pruned.trial))
    const after = (await report()).trials[pruned.trial - 1]
    expect(after).toMatchObject({ trial: pruned.trial, state: "complete", byHand: true, values: pruned.values })
    expect(after.objectives[0]).toBeLessThan(pruned.objectives[0])
    project.close()
  })
})

describe.skipIf(process.platform === "win32")("a sweep that is stopped", () => {
  it("tells what it has, ends with 130, and ends in the same table when it is run again", async () => {
    const [project, undisturbed] = [makeFolder(files), makeFolder(files)]
    const running = startLoom(project.folder, ["sweep", "halving.ts"])
    await running.printed("✓ trial 4")
    running.child.kill("SIGINT")
    const stopped = await running.ended
    expect(stopped.code).toBe(130)
    expect(stopped.stderr).toContain("Stopped. What was done is kept")
    await loom(project.folder, "sweep", "halving.ts")
    await loom(undisturbed.folder, "sweep", "halving.ts")
    const [table, expected] = [project, undisturbed].map((one) =>
      readFileSync(join(one.folder, "output/walks-sweep/sweep.csv"), "utf8"),
    )
    expect(table).toBe(expected)
    project.close()
    undisturbed.close()
  })
})
