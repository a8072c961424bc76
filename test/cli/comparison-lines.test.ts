/** What a comparison says below its table, in lines. */
import { describe, expect, it } from "vitest"
import { comparisonLines } from "../../src/cli/reporters/comparison-lines.ts"
import type { Run, RunId } from "../../src/runtime/storage/store.ts"
import type { Comparison } from "../../src/tools/run-comparison/comparison.ts"
import type { Difference } from "../../src/tools/run-comparison/differences.ts"

const [first, second, third] = [1, 2, 3] as unknown as readonly [RunId, RunId, RunId]

const linesOf = (told: Partial<Comparison>): readonly string[] =>
  comparisonLines({
    runs: [first, second, third].map((id) => ({ id }) as Run),
    parameters: [],
    results: [],
    files: [],
    unfinished: [],
    differences: [],
    ...told,
  })

const differing = (run: RunId, stage: string, ...sentences: readonly string[]): Difference => ({
  run,
  against: first,
  stage,
  changes: [],
  sentences,
})

describe("below the table", () => {
  it("runs that differ in the same way share a line", () => {
    const differences = [differing(second, "a", "x", "y"), differing(third, "b", "z"), differing(third, "a", "x", "y")]
    expect(linesOf({ differences })).toEqual(["runs 2, 3 against 1: a: x; y", "run 3 against 1: b: z"])
  })

  it("stages that a run has more or less stand in one line each", () => {
    const differences = [
      { ...differing(second, "a", "…"), absentFrom: second },
      { ...differing(second, "b", "…"), absentFrom: first },
      { ...differing(second, "c", "…"), absentFrom: second },
    ]
    expect(linesOf({ differences })).toEqual([
      "run 2 against 1: without the stages a, c",
      "run 2 against 1: with the stage b besides",
    ])
  })

  it("a sentence stays in its line and steers no terminal", () => {
    const reason = "it\nburst \u001b[2J"
    const [line] = linesOf({ unfinished: [{ run: second, stage: "a", state: "stopped", reason }] })
    expect(line).toBe("run 2: a was stopped: it burst \\u001b[2J")
  })
})
