/** How names of axes are broken into lines beside a plot. */
import { describe, expect, it } from "vitest"
import { brokenName } from "../../../src/tools/sweep-report/page/broken-name.ts"

const lines = (name: string, letters = 14) => brokenName(name, letters).split("\n")

describe("a name in lines", () => {
  it("stays in one line where it fits", () => {
    expect(lines("networkDim")).toEqual(["networkDim"])
    expect(lines("networkDim", 10)).toEqual(["networkDim"])
  })

  it("is broken where its words begin, and behind a point", () => {
    expect(lines("unetLearningRate")).toEqual(["unetLearning", "Rate"])
    expect(lines("textModel.learningRate")).toEqual(["textModel.", "learningRate"])
    expect(lines("customEmbedding.stopAtStep")).toEqual(["custom", "Embedding.", "stopAtStep"])
    expect(lines("validation loss", 12)).toEqual(["validation", "loss"])
    expect(lines("of_a-kind", 5)).toEqual(["of_a-", "kind"])
  })

  it("keeps letters of one short form together", () => {
    expect(lines("file size in MB")).toEqual(["file size in", "MB"])
    expect(lines("meanSNR of all", 8)).toEqual(["meanSNR", "of all"])
  })

  it("is cut in a word that no line holds, and before the last three lines", () => {
    expect(lines("incomprehensibilities")).toEqual(["incomprehensi…"])
    expect(lines("🚲🚲🚲🚲", 3)).toEqual(["🚲🚲…"])
    expect(lines("one two six ten", 3)).toEqual(["…t…", "six", "ten"])
    expect(lines("first second third fourth", 8)).toEqual(["…second", "third", "fourth"])
  })

  it.each(["", ".", "...", "A", "ABC", " ", "a  b", "🚲 bicycle"])("of any kind (%j) loses no letter", (name) => {
    expect(lines(name, 40).join("")).toBe(name.trim())
  })
})
