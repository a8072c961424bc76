/** What `tpe` suggests: the same for the same results, near what is good, nothing twice. */
import { describe, expect, it } from "vitest"
import { asha } from "../../../src/runtime/search/asha.ts"
import type { Dimension, Point } from "../../../src/runtime/search/dimension.ts"
import { random } from "../../../src/runtime/search/random.ts"
import { NothingAccepted, type Searched, type Seen } from "../../../src/runtime/search/searcher.ts"
import { UnfitSearcher } from "../../../src/runtime/search/searcher-problem.ts"
import { problemsOf } from "../../../src/runtime/search/searcher-problems.ts"
import { type TpeOptions, tpe } from "../../../src/runtime/search/tpe.ts"
import { choice, complete, integer, logReal, onlyWhere, ordered, pointsOf, real, searched } from "./made-search.ts"
import { workOff } from "./rig/executor.ts"
import { randomNumbers } from "./rig/random-numbers.ts"

const space = [
  logReal("rate", 1e-5, 1e-2),
  integer("steps", 100, 1000, 50),
  choice("schedule", 3),
  ordered("rank", 4),
  choice("text", 2),
  onlyWhere("text", 1, logReal("textRate", 1e-6, 1e-3)),
  real("fixed", 0.5, 0.5),
]

const lossOf = ({ rate, rank, text }: Point): number => (Math.log10(rate!) + 3.5) ** 2 + 0.1 * rank! - 0.5 * text!

/** Trials of a search, each with its result before the next is suggested. */
const searchFor = (
  from: Searched,
  count: number,
  loss: (point: Point) => number | undefined = lossOf,
  options: TpeOptions = {},
): readonly Seen[] => {
  const search = tpe(options).begin(from)
  const seen: Seen[] = []
  for (let trial = 1; trial <= count; trial++) {
    const point = search.suggest({ trial, seen: seen.slice() })
    if (point === undefined) break
    const value = loss(point)
    seen.push(value === undefined ? { trial, point, state: { kind: "failed" } } : complete(trial, point, value))
  }
  return seen
}

const points = (seen: readonly Seen[]): readonly Point[] => seen.map(({ point }) => point)
const share = <A>(all: readonly A[], holds: (one: A) => boolean): number => all.filter(holds).length / all.length
const next = (from: Searched, seen: readonly Seen[]): Point | undefined =>
  tpe()
    .begin(from)
    .suggest({ trial: seen.length + 1, seen })

describe("a search by TPE", () => {
  it("begins with the points of random search until ten trials have a result, failed ones not counted", () => {
    const failing = ({ rate }: Point): number | undefined => (rate! < 1e-3 ? undefined : 1)
    const seen = searchFor(searched(space), 40, failing)
    const firsts = seen.findIndex(
      (_, index) => share(seen.slice(0, index), ({ state }) => state.kind === "complete") * index >= 10,
    )
    expect(firsts).toBeGreaterThan(10)
    const drawn = pointsOf(random(), searched(space), 40)
    expect(points(seen).slice(0, firsts)).toEqual(drawn.slice(0, firsts))
    expect(points(seen)[firsts]).not.toEqual(drawn[firsts])
  })

  it("stays random for ever where no trial has a result", () => {
    expect(pointsOf(tpe(), searched(space), 20)).toEqual(pointsOf(random(), searched(space), 20))
  })

  it("suggests the same when it is asked again, in another order, or begun afresh", () => {
    const seen = searchFor(searched(space), 30)
    const search = tpe().begin(searched(space))
    const asked = [29, 12, 29, 20].map((index) => search.suggest({ trial: index + 1, seen: seen.slice(0, index) }))
    expect(asked).toEqual([29, 12, 29, 20].map((index) => seen[index]!.point))
  })

  it("goes by the trials it is shown, not by those it was shown before", () => {
    const [one, other] = [7, 8].map((seed) => searchFor(searched(space, { seed }), 20)) as [
      readonly Seen[],
      readonly Seen[],
    ]
    const search = tpe().begin(searched(space))
    search.suggest({ trial: 21, seen: one })
    expect(search.suggest({ trial: 21, seen: other })).toEqual(next(searched(space), other))
  })

  it("suggests the same in whatever order the dimensions are written", () => {
    const [text, textRate, ...others] = [space[4]!, space[5]!, space[0]!, space[1]!, space[2]!, space[3]!, space[6]!]
    const turned = [...others.toReversed(), text, textRate]
    const seen = searchFor(searched(space), 30)
    expect(points(searchFor(searched(turned), 30))).toEqual(points(seen))
  })

  it("suggests otherwise for another seed, and for other results", () => {
    const seen = searchFor(searched(space), 20)
    expect(next(searched(space, { seed: 8 }), seen)).not.toEqual(next(searched(space), seen))
    const turned = seen.map(({ trial, point }) => complete(trial, point, -lossOf(point)))
    expect(next(searched(space), turned)).not.toEqual(next(searched(space), seen))
  })

  it("goes by the order of the values alone", () => {
    const seen = searchFor(searched(space), 30)
    expect(points(searchFor(searched(space), 30, (point) => Math.exp(3 * lossOf(point))))).toEqual(points(seen))
  })

  it("gathers where results are good, along ranges of every kind", () => {
    const late = points(searchFor(searched(space), 80)).slice(40)
    expect(share(late, ({ rate }) => Math.abs(Math.log10(rate!) + 3.5) < 0.5)).toBeGreaterThan(0.7)
    expect(share(late, ({ rank }) => rank === 0)).toBeGreaterThan(0.5)
    expect(share(late, ({ text }) => text === 1)).toBeGreaterThan(0.6)
  })

  it("gives values of the ranges, a dimension where its option was taken, in the order in which they are written", () => {
    for (const point of points(searchFor(searched(space), 60))) {
      const names = space.map(({ name }) => name).filter((name) => name !== "textRate" || point["text"] === 1)
      expect(Object.keys(point)).toEqual(names)
      expect([0, 1, 2]).toContain(point["schedule"])
      expect((point["steps"]! - 100) % 50).toBe(0)
      expect(point["fixed"]).toBe(0.5)
    }
  })

  it("learns what belongs to an option from the trials that took it", () => {
    const loss = ({ text, textRate }: Point): number => (text === 1 ? Math.abs(Math.log10(textRate!) + 4) : 1)
    const late = points(searchFor(searched(space), 80, loss)).slice(40)
    const rates = late.flatMap(({ textRate }) => (textRate === undefined ? [] : [Math.log10(textRate)]))
    expect(rates.length).toBeGreaterThan(25)
    expect(share(rates, (rate) => Math.abs(rate + 4) < 0.5)).toBeGreaterThan(0.7)
  })

  const optional = [real("x", 0, 1), choice("a", 2), onlyWhere("a", 1, real("y", 0, 1))]
  const suggestedAfter = (seen: readonly Seen[], option: number): readonly Point[] =>
    Array.from({ length: 60 }, (_, seed) => next(searched(optional, { seed }), seen)!).filter(({ a }) => a === option)

  it("takes what belongs to an option in view of what was chosen before", () => {
    const random = randomNumbers(2)
    const seen = Array.from({ length: 100 }, (_, index) => {
      const corner = index % 2 === 0 ? 0.1 : 0.9
      if (index >= 90) return complete(index + 1, { x: corner, a: 1, y: corner }, 0)
      return complete(index + 1, { x: random(), a: index % 2, ...(index % 2 === 1 && { y: random() }) }, 1)
    })
    const found = suggestedAfter(seen, 1)
    expect(found.length).toBeGreaterThan(40)
    expect(share(found, ({ x, y }) => x! < 0.5 === y! < 0.5)).toBeGreaterThan(0.95)
  })

  it("draws evenly what belongs to an option that fewer than ten trials took", () => {
    const seen = Array.from({ length: 30 }, (_, index) =>
      complete(index + 1, { x: index / 30, ...(index < 9 ? { a: 1, y: 0.9 } : { a: 0 }) }, index),
    )
    const found = suggestedAfter(seen, 1)
    expect(found.length).toBeGreaterThan(40)
    expect(share(found, ({ y }) => y! < 0.5)).toBeGreaterThan(0.35)
  })

  it("leaves a region in which trials fail", () => {
    const failing = ({ x }: Point): number | undefined => (x! > 0.5 && x! < 0.7 ? undefined : Math.abs(x! - 0.6))
    const late = searchFor(searched([real("x", 0, 1)]), 100, failing).slice(50)
    expect(share(late, ({ state }) => state.kind === "failed")).toBeLessThan(0.5)
  })

  it("keeps away from trials that are under way", () => {
    const from = searched([real("x", 0, 1), real("y", 0, 1)])
    const seen = searchFor(from, 30, ({ x, y }) => Math.abs(x! - 0.5) + Math.abs(y! - 0.5))
    const distances = Array.from({ length: 20 }, (_, seed) => {
      const seeded = searched(from.dimensions, { seed })
      const best = next(seeded, seen)!
      const under = Array.from({ length: 8 }, (_, more) => ({
        trial: 31 + more,
        point: { ...best },
        state: { kind: "pending" } as const,
      }))
      const other = tpe()
        .begin(seeded)
        .suggest({ trial: 31, seen: [...seen, ...under] })!
      return Math.hypot(other["x"]! - best["x"]!, other["y"]! - best["y"]!)
    })
    expect(share(distances, (distance) => distance > 0.01)).toBeGreaterThan(0.9)
  })
})

describe("a search by TPE in a space with limits", () => {
  const small = [choice("a", 4), integer("b", 1, 6)]

  it("tries each of 24 points once in 24 trials, and ends", () => {
    const found = points(searchFor(searched(small), 30, ({ a, b }) => a! + b!))
    expect(new Set(found.map((point) => JSON.stringify(point))).size).toBe(24)
    expect(found).toHaveLength(24)
  })

  it("suggests nothing that the constraints refuse", () => {
    const accepts = ({ a, b }: Point): boolean => (a! + b!) % 2 === 0
    const found = points(searchFor(searched(small, { accepts }), 30, ({ a, b }) => a! + b!))
    expect(found).toHaveLength(12)
    expect(found.every(accepts)).toBe(true)
  })

  it("says so when the constraints refuse everything", () => {
    expect(() => searchFor(searched(small, { accepts: () => false }), 1)).toThrow(NothingAccepted)
    const seen = searchFor(searched([real("x", 0, 1)]), 12, () => 1)
    expect(() => next(searched([real("x", 0, 1)], { accepts: () => false }), seen)).toThrow(NothingAccepted)
  })

  it.each([
    ["nothing", []],
    ["one point", [choice("a", 1), real("x", 2, 2)]],
  ] as const)("has one trial where the space is %s", (_, dimensions: readonly Dimension[]) => {
    expect(searchFor(searched(dimensions), 15, () => 1, { startupTrials: 1 })).toHaveLength(1)
  })

  it("goes on where all values are equal", () => {
    expect(searchFor(searched(space), 40, () => 1)).toHaveLength(40)
  })
})

describe("tpe within asha", () => {
  const rules = (seed: number) => {
    const { searcher, halving, virtualWorkers } = asha({ rungs: [50, 150, 300], searcher: tpe() })
    return { ...searched(space, { seed }), searcher, halving, virtualWorkers, trials: 40, stepsOf: () => 300 }
  }

  it("decides the same with 1 to 8 real workers, whatever jobs last and however often the sweep dies", () => {
    const resultOf = ({
      point,
      rung,
      trial,
    }: {
      readonly point: Point
      readonly rung: number
      readonly trial: number
    }) =>
      trial % 7 === 0
        ? ({ kind: "failed", why: "made up" } as const)
        : ({ kind: "value", value: lossOf(point) + 1 / (rung + 1) } as const)
    const decided = [1, 2, 3, 8].map((workers) =>
      workOff(rules(3), resultOf, {
        workers,
        random: randomNumbers(workers),
        deaths: workers === 3 ? 0.1 : 0,
      }).decided(),
    )
    expect(decided[0]!.some(({ rung }) => rung === 2)).toBe(true)
    for (const other of decided.slice(1)) expect(other).toEqual(decided[0])
  })
})

describe("the options of tpe", () => {
  it("are ten trials at random and 24 candidates where nothing else is said", () => {
    expect(tpe()).toMatchObject({ kind: "tpe", adaptive: true, options: { startupTrials: 10, candidates: 24 } })
  })

  it("say how many trials are at random, and how many candidates are drawn", () => {
    const drawn = pointsOf(random(), searched(space), 12)
    const found = points(searchFor(searched(space), 12, lossOf, { startupTrials: 3 }))
    expect(found.slice(0, 3)).toEqual(drawn.slice(0, 3))
    expect(found[3]).not.toEqual(drawn[3])
    expect(points(searchFor(searched(space), 20, lossOf, { candidates: 2 }))).not.toEqual(
      points(searchFor(searched(space), 20)),
    )
  })

  it("are told what is wrong with them", () => {
    expect(problemsOf(tpe({ startupTrials: 1, candidates: 10_000 }), space)).toEqual([])
    expect(problemsOf(tpe({ startupTrials: 0, candidates: 10_001 }), space)).toEqual([
      {
        field: "startupTrials",
        why: "it has to be a whole number from 1 on; this is the number 0",
        hint: "Leave it out to have 10",
      },
      {
        field: "candidates",
        why: "it has to be a whole number from 1 to 10000; this is the number 10001",
        hint: "Leave it out to have 24",
      },
    ])
    expect(problemsOf(tpe({ candidates: 2.5 }), space)).toHaveLength(1)
    expect(() => tpe({ candidates: 0 }).begin(searched(space))).toThrow(UnfitSearcher)
  })
})
