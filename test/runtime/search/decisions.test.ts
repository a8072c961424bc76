/** What a sweep decides, against the same rules written once more, on made-up machines of all sizes. */
import { describe, expect, it } from "vitest"
import { beginDecisions, type Decided } from "../../../src/runtime/search/decisions.ts"
import type { Job, JobResult } from "../../../src/runtime/search/job.ts"
import { bestOf, expectedJobs, expectedSeen } from "./rig/decisions-oracle.ts"
import { type ResultOf, workOff } from "./rig/executor.ts"
import { blind, overheard, watchful, x } from "./rig/made-up-searcher.ts"
import { numberFor, randomNumbers } from "./rig/random-numbers.ts"

const plain: Decided = {
  dimensions: [x],
  seed: 1,
  accepts: () => true,
  searcher: blind(),
  trials: 24,
  virtualWorkers: 4,
  halving: null,
  stepsOf: () => 300,
}
const halved: Decided = { ...plain, halving: { rungs: [50, 150, 300], reduction: 3 } }

const value = (value: number): JobResult => ({ kind: "value", value })
const failed: JobResult = { kind: "failed", why: "the loss is NaN" }
/** Some jobs fail, some give no number, and some values are equal. */
const roughly: ResultOf = ({ trial, rung }) => {
  const fate = numberFor(7, trial, rung)
  if (fate < 0.1) return failed
  if (fate < 0.15) return value(Number.NaN)
  if (fate < 0.18) return value(Number.POSITIVE_INFINITY)
  return value(Math.floor(20 * numberFor(8, trial) + 5 * fate) / 10)
}

/** Trials of different lengths, some without steps. */
const uneven = (point: Job["point"]): number | null =>
  [null, 30, 50, 100, 150, 299, 300, 600][Math.floor(8 * point["x"]!)]!

const definitions: readonly Decided[] = Array.from({ length: 60 }, (_, index) => {
  const pick = <A>(...values: readonly A[]): A => values[Math.floor(values.length * numberFor(index, values.length))]!
  return {
    ...plain,
    seed: index,
    searcher: pick(watchful, watchful, blind(), blind(9)),
    trials: pick(0, 1, 2, 5, 13, 24, 24, 40),
    virtualWorkers: pick(1, 2, 4, 4, 7),
    halving: pick(
      null,
      { rungs: [50, 150, 300], reduction: 3 },
      { rungs: [10, 20, 40, 80, 160, 300], reduction: 2 },
      { rungs: [300], reduction: 4 },
      { rungs: [75, 300], reduction: 2.5 },
    ),
    stepsOf: pick(
      () => 300,
      uneven,
      () => null,
    ),
  } satisfies Decided
})

const short = (jobs: readonly Job[]): readonly string[] => jobs.map(({ trial, rung }) => `${trial}:${rung}`)
/** Settles every job as soon as it is decided. */
const workedOff = (rules: Decided, resultOf: ResultOf) =>
  workOff(rules, resultOf, { workers: 1, random: randomNumbers(1) })

describe("the decisions of a sweep", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "follow the rules alone, with %i real workers that finish in any order",
    (workers) => {
      for (const [index, rules] of definitions.entries()) {
        const machine = { workers, random: randomNumbers(100 * workers + index) }
        expect(workOff(rules, roughly, machine).decided()).toEqual(expectedJobs(rules, roughly))
      }
    },
  )

  it.each([1, 3, 8])("are the same when everything dies now and then, with %i real workers", (workers) => {
    for (const [index, rules] of definitions.entries()) {
      const machine = { workers, random: randomNumbers(1000 * workers + index), deaths: 0.3 }
      expect(workOff(rules, roughly, machine).decided()).toEqual(expectedJobs(rules, roughly))
    }
  })

  it("are the same after a death at any result", () => {
    const whole = workedOff({ ...halved, searcher: watchful }, roughly).decided()
    for (const at of whole.keys()) {
      const rules = { ...halved, searcher: watchful }
      const before = beginDecisions(rules)
      for (let count = 0; count < at; count++) {
        const job = before.open().at(-1)!
        before.settle(job.decision, roughly(job))
      }
      const after = beginDecisions(rules)
      for (const job of before.decided()) {
        if (!before.open().includes(job)) after.settle(job.decision, roughly(job))
      }
      expect(after.decided()).toEqual(before.decided())
      expect(after.open()).toEqual(before.open())
      expect(whole.slice(0, after.decided().length)).toEqual(after.decided())
    }
  })

  it("show the searcher what can be seen, and nothing that came early", () => {
    for (const rules of definitions) {
      const { searcher, asked } = overheard(rules.searcher)
      const decided = workOff({ ...rules, searcher }, roughly, { workers: 8, random: randomNumbers(3) }).decided()
      const sights = sightsOf(rules, decided)
      for (const job of decided.filter(({ rung }) => rung === 0)) {
        const before = decided.slice(0, job.decision)
        const seen = expectedSeen(rules, before, sights[job.decision]!, roughly)
        expect(asked.find(({ trial }) => trial === job.trial)).toEqual({ trial: job.trial, seen })
      }
    }
  })

  it("take a trial on only from among the best of its rung, once, rung by rung", () => {
    for (const rules of definitions) {
      const decided = workedOff(rules, roughly).decided()
      const sights = sightsOf(rules, decided)
      expect(new Set(short(decided)).size).toBe(decided.length)
      for (const job of decided.filter(({ rung }) => rung > 0)) {
        const best = bestOf(rules, sights[job.decision]!, job.rung - 1, roughly)
        expect(best.map(({ trial }) => trial)).toContain(job.trial)
      }
    }
  })

  it("tell what each settled job brought about, and are over when nothing is open", () => {
    const decisions = beginDecisions({ ...halved, virtualWorkers: 2, trials: 4 })
    const told = [...decisions.open()]
    while (decisions.open().length > 0) {
      expect(decisions.isOver()).toBe(false)
      const job = decisions.open().at(-1)!
      told.push(...decisions.settle(job.decision, value(job.trial)))
    }
    expect(decisions.isOver()).toBe(true)
    expect(told).toEqual(decisions.decided())
    expect(short(told)).toEqual(["1:0", "2:0", "3:0", "4:0", "1:1"])
  })

  it("number trials and decisions in their order", () => {
    const decided = workedOff(halved, roughly).decided()
    expect(decided.map(({ decision }) => decision)).toEqual(decided.map((_, index) => index))
    const starts = decided.filter(({ rung }) => rung === 0)
    expect(starts.map(({ trial }) => trial)).toEqual(starts.map((_, index) => index + 1))
  })

  it("let a result that comes early wait for those before it on the virtual clock", () => {
    const decisions = beginDecisions({ ...plain, virtualWorkers: 3 })
    expect(decisions.settle(1, value(0.5))).toEqual([])
    expect(decisions.settle(2, value(0.4))).toEqual([])
    expect(decisions.seen().map(({ state }) => state.kind)).toEqual(["pending", "pending", "pending"])
    const next = decisions.settle(0, value(0.6))
    expect(next.map(({ decision, visible }) => [decision, visible])).toEqual([
      [3, 1],
      [4, 2],
      [5, 3],
    ])
  })

  it("let longer trials be seen later", () => {
    const stepsOf = ({ x }: Job["point"]): number => (x === numberFor(1, 1) ? 1000 : 300)
    const decisions = beginDecisions({ ...plain, virtualWorkers: 2, trials: 5, stepsOf })
    expect(short(decisions.settle(1, value(1)))).toEqual(["3:0"])
    expect(short(decisions.settle(2, value(1)))).toEqual(["4:0"])
    expect(short(decisions.settle(3, value(1)))).toEqual(["5:0"])
    expect(short(decisions.settle(4, value(1)))).toEqual([])
    expect(decisions.seen().map(({ state }) => state.kind)).toEqual([
      "pending",
      "complete",
      "complete",
      "complete",
      "pending",
    ])
  })

  it("refuse a result for a job that is not open", () => {
    const decisions = beginDecisions(plain)
    decisions.settle(1, value(1))
    expect(() => decisions.settle(1, value(1))).toThrow("decision 1 is not open")
    expect(() => decisions.settle(9, value(1))).toThrow("decision 9 is not open")
    decisions.settle(0, value(1))
    expect(() => decisions.settle(0, value(1))).toThrow("decision 0 is not open")
  })
})

/** Results that could be seen at each decision: the first so many by the end of their job on the virtual clock. */
const sightsOf = (rules: Decided, decided: readonly Job[]): readonly (readonly Job[])[] => {
  const ends: { readonly job: Job; readonly finish: number }[] = []
  return decided.map((job) => {
    const ended = ends.toSorted((a, b) => a.finish - b.finish || a.job.decision - b.job.decision).slice(0, job.visible)
    const steps = rules.stepsOf(job.point) ?? 1
    const rungs = rules.halving?.rungs ?? [steps]
    const from = job.rung === 0 ? 0 : rungs[job.rung - 1]!
    ends.push({ job, finish: (ended.at(-1)?.finish ?? 0) + (job.untilStep ?? steps) - from })
    return ended.map((end) => end.job)
  })
}

describe("asynchronous halving", () => {
  it("takes the best of each rung further, from the highest rung down", () => {
    const decided = workedOff({ ...halved, virtualWorkers: 1, trials: 10 }, ({ trial }) => value(trial)).decided()
    expect(short(decided)).toEqual([
      "1:0",
      "2:0",
      "3:0",
      "1:1",
      "4:0",
      "5:0",
      "6:0",
      "2:1",
      "7:0",
      "8:0",
      "9:0",
      "3:1",
      "1:2",
      "10:0",
    ])
    expect(decided.map(({ untilStep }) => untilStep)).toEqual([
      50,
      50,
      50,
      150,
      50,
      50,
      50,
      150,
      50,
      50,
      50,
      150,
      null,
      50,
    ])
  })

  it("lets the lower trial number decide between equal values", () => {
    const decided = workedOff(halved, () => value(1)).decided()
    expect(decided.filter(({ rung }) => rung === 1).map(({ trial }) => trial)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(decided.filter(({ rung }) => rung === 2).map(({ trial }) => trial)).toEqual([1, 2])
  })

  it("ends when all trials failed, with none taken further", () => {
    const decisions = workedOff(halved, () => failed)
    expect(short(decisions.decided())).toEqual(Array.from({ length: 24 }, (_, index) => `${index + 1}:0`))
    expect(decisions.seen().every(({ state }) => state.kind === "failed")).toBe(true)
  })

  it("does not count failed trials among those that were beaten", () => {
    const rules = { ...halved, virtualWorkers: 1, trials: 5 }
    const decided = workedOff(rules, ({ trial }) => (trial === 2 ? failed : value(trial))).decided()
    expect(short(decided)).toEqual(["1:0", "2:0", "3:0", "4:0", "1:1", "5:0"])
  })

  it("keeps what a trial reached when it fails at a higher rung, and does not try it again", () => {
    const rules = { ...halved, virtualWorkers: 1, trials: 6 }
    const decisions = workedOff(rules, ({ trial, rung }) => (rung === 1 && trial === 1 ? failed : value(trial)))
    expect(short(decisions.decided())).toEqual(["1:0", "2:0", "3:0", "1:1", "4:0", "5:0", "6:0", "2:1"])
    expect(decisions.seen()[0]?.state).toEqual({ kind: "failed" })
    expect(decisions.seen()[1]?.state).toEqual({ kind: "pruned", value: 2, steps: 150 })
  })

  it.each([
    ["one trial", { trials: 1 }, ["1:0"]],
    ["no trial", { trials: 0 }, []],
    ["one rung", { trials: 3, halving: { rungs: [300], reduction: 3 } }, ["1:0", "2:0", "3:0"]],
    [
      "a reduction above the number of trials",
      { trials: 3, halving: { rungs: [50, 300], reduction: 4 } },
      ["1:0", "2:0", "3:0"],
    ],
    ["a searcher that knows two points", { searcher: blind(2) }, ["1:0", "2:0"]],
    ["trials that end at the first rung", { trials: 4, stepsOf: (): number => 50 }, ["1:0", "2:0", "3:0", "4:0"]],
    ["trials without steps", { trials: 4, stepsOf: (): null => null }, ["1:0", "2:0", "3:0", "4:0"]],
  ] as const)("ends with %s", (_, change, expected) => {
    const decisions = workedOff({ ...halved, ...change }, ({ trial }) => value(trial))
    expect(short(decisions.decided())).toEqual(expected)
    expect(decisions.isOver()).toBe(true)
  })

  it("trains a trial that is shorter than a rung to its own end", () => {
    const rules = {
      ...halved,
      virtualWorkers: 1,
      trials: 9,
      stepsOf: ({ x }: Job["point"]) => (x === numberFor(1, 1) ? 100 : 300),
    }
    const decisions = workedOff(rules, ({ trial }) => value(trial))
    const jobs = decisions.decided().filter(({ trial }) => trial === 1)
    expect(jobs.map(({ rung, untilStep }) => [rung, untilStep])).toEqual([
      [0, 50],
      [1, null],
    ])
    expect(decisions.seen()[0]?.state).toEqual({ kind: "complete", value: 1 })
  })

  it("asks for a trial no more once the searcher knows none", () => {
    const { searcher, asked } = overheard(blind(2))
    workedOff({ ...halved, searcher }, ({ trial }) => value(trial))
    expect(asked.map(({ trial }) => trial)).toEqual([1, 2, 3])
  })

  it("begins a sweep of more trials like the smaller one", () => {
    for (let seed = 0; seed < 50; seed++) {
      const smaller = workedOff({ ...halved, seed }, ({ trial, rung }) => value(numberFor(seed, trial, rung))).decided()
      const larger = workedOff({ ...halved, seed, trials: 48 }, ({ trial, rung }) =>
        value(numberFor(seed, trial, rung)),
      )
      const common = smaller.findIndex(({ trial }) => trial === 24)
      expect(larger.decided().slice(0, common)).toEqual(smaller.slice(0, common))
      expect(short(larger.decided())).toEqual(expect.arrayContaining([...short(smaller)]))
    }
  })
})
