import { describe, expect, it } from "vitest"
import { exhaustive } from "../../../src/runtime/search/exhaustive.ts"
import { NothingAccepted } from "../../../src/runtime/search/searcher.ts"
import { UnfitSearcher } from "../../../src/runtime/search/searcher-problem.ts"
import { problemsOf } from "../../../src/runtime/search/searcher-problems.ts"
import { choice, integer, onlyWhere, pointsOf, real, searched } from "./made-search.ts"

const space = [integer("rank", 4, 12, 8), choice("text", 2), onlyWhere("text", 1, integer("tokens", 1, 2))]

const inOrder = [
  { rank: 4, text: 0 },
  { rank: 4, text: 1, tokens: 1 },
  { rank: 4, text: 1, tokens: 2 },
  { rank: 12, text: 0 },
  { rank: 12, text: 1, tokens: 1 },
  { rank: 12, text: 1, tokens: 2 },
]

describe("an exhaustive search", () => {
  it("tries every point once, the first dimension changing most slowly, and ends", () => {
    expect(pointsOf(exhaustive(), searched(space), 10)).toEqual(inOrder)
  })

  it("begins a longer sweep with the trials of the shorter one", () => {
    expect(pointsOf(exhaustive(), searched(space), 2)).toEqual(inOrder.slice(0, 2))
  })

  it("suggests the same for a trial when it is asked again, or in another order", () => {
    const search = exhaustive().begin(searched(space))
    expect([4, 1, 9, 4].map((trial) => search.suggest({ trial, seen: [] }))).toEqual([
      inOrder[3],
      inOrder[0],
      undefined,
      inOrder[3],
    ])
  })

  it("leaves out what the constraints refuse", () => {
    const accepts = ({ rank, tokens }: { readonly rank?: number; readonly tokens?: number }): boolean =>
      rank === 12 || tokens === undefined
    expect(pointsOf(exhaustive(), searched(space, { accepts }), 10)).toEqual([inOrder[0], ...inOrder.slice(3)])
  })

  it("says each time that the constraints refuse every point", () => {
    const search = exhaustive().begin(searched(space, { accepts: () => false }))
    for (const trial of [1, 2]) expect(() => search.suggest({ trial, seen: [] })).toThrow(NothingAccepted)
  })

  it("has one trial in a space without dimensions", () => {
    expect(pointsOf(exhaustive(), searched([]), 3)).toEqual([{}])
  })

  it("takes a range of real numbers with one value for that value", () => {
    expect(pointsOf(exhaustive(), searched([real("noise", 0.1, 0.1), integer("rank", 1, 2)]), 9)).toEqual([
      { noise: 0.1, rank: 1 },
      { noise: 0.1, rank: 2 },
    ])
  })

  it("cannot try all of a range of real numbers, and says for which one", () => {
    const endless = [...space, real("noise", 0, 1)]
    expect(problemsOf(exhaustive(), space)).toEqual([])
    const problems = problemsOf(exhaustive(), endless)
    expect(problems.map(({ field }) => field)).toEqual(["noise"])
    expect(problems[0]!.why).toContain("real numbers")
    expect(() => exhaustive().begin(searched(endless))).toThrow(UnfitSearcher)
  })
})
