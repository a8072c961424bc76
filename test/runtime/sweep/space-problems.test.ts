/** What is wrong with a space, in the words in which people are told. */
import { describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import { integer, logUniform, oneOf, repeats, uniform } from "../../../src/runtime/sweep/axis.ts"
import { spaceProblems } from "../../../src/runtime/sweep/space-problems.ts"

const schema = Schema.Struct({
  rate: Schema.Finite,
  dim: Schema.Int,
  text: Schema.NullOr(Schema.Struct({ rate: Schema.Finite })),
  seed: Schema.Int,
})
const defaults = { rate: 1e-3, dim: 8, text: null, seed: 1 }
const told = (space: unknown) =>
  spaceProblems(space, { schema, defaults }).map(({ field, why, severity }) => `${severity}: ${field}: ${why}`)

describe("a space is refused", () => {
  it.each<readonly [string, unknown, string]>([
    ["that is no record", 3, "error: space: the space has to be a record; this is the number 3"],
    [
      "for a parameter that is not there",
      { rates: uniform(0, 1) },
      "error: space.rates: the pipeline has no such parameter",
    ],
    [
      "for a value that is no axis",
      { dim: [4, 8] },
      "error: space.dim: what is searched has to be an axis; this is a list",
    ],
    ["for an empty list", { dim: oneOf() }, "error: space.dim: oneOf lists no value"],
    ["for a range that goes down", { rate: uniform(1, 0) }, "error: space.rate: it goes from 1 down to 0"],
    [
      "for an end that is no number",
      { rate: uniform(0, Number.NaN) },
      "error: space.rate: the ends of a range have to be numbers; this is the number NaN",
    ],
    [
      "for a logarithm of 0",
      { rate: logUniform(0, 1) },
      "error: space.rate: it begins at 0, where equal ratios mean nothing",
    ],
    [
      "for a step that leads nowhere",
      { dim: integer(1, 4, { step: 0 }) },
      "error: space.dim: a step of 0 leads nowhere",
    ],
    [
      "for half a step",
      { dim: integer(1, 4, { step: 0.5 }) },
      "error: space.dim: integer() takes whole numbers; this is the number 0.5",
    ],
    [
      "for no repeats",
      { seed: repeats(0) },
      "error: space.seed: so many repeats have to be a whole number from 1 on; this is the number 0",
    ],
    [
      "for repeats inside a value",
      { text: { rate: repeats(2) } },
      "error: space.text.rate: repeats stand inside a value",
    ],
    [
      "for two repeated parameters",
      { seed: repeats(2), dim: repeats(2) },
      "error: space.dim: two parameters are repeated",
    ],
  ])("%s", (_, space, sentence) => {
    expect(told(space)).toEqual([sentence])
  })

  it("for a listed value that the parameter does not take, named by its place", () => {
    expect(told({ dim: oneOf(4, 8.5) })).toEqual([expect.stringMatching(/^error: space\.dim: 8\.5 does not fit: /)])
    expect(told({ text: oneOf(null, { rate: oneOf(0.1, "fast") }) })).toEqual([
      expect.stringMatching(/^error: space\.text\.rate: fast does not fit: /),
    ])
  })
})

describe("a space is taken", () => {
  it("with a warning where a value is listed twice", () => {
    expect(told({ dim: oneOf(4, 8, 4) })).toEqual(["warning: space.dim: 4 is listed more than once, and counts once"])
  })

  it("without a word where everything fits, and where it is empty", () => {
    expect(
      told({ rate: logUniform(1e-4, 1e-2), text: oneOf(null, { rate: uniform(0, 1) }), seed: repeats(3) }),
    ).toEqual([])
    expect(told({})).toEqual([])
  })
})
