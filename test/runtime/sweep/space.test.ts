/** Spaces laid flat: what is nested, what is there only with an option, what is listed twice. */
import { describe, expect, it } from "@effect/vitest"
import { integer, logUniform, oneOf, repeats, uniform } from "../../../src/runtime/sweep/axis.ts"
import { flatSpace } from "../../../src/runtime/sweep/space.ts"

describe("a space", () => {
  it("is a dimension for each axis, in the order in which they are written", () => {
    const { dimensions } = flatSpace({ rate: logUniform(1e-4, 1e-2), steps: integer(100, 350, { step: 100 }) })
    expect(dimensions).toEqual([
      { name: "rate", range: { kind: "real", low: 1e-4, high: 1e-2, log: true }, when: [] },
      { name: "steps", range: { kind: "integer", low: 100, high: 300, step: 100, log: false }, when: [] },
    ])
  })

  it("has axes inside an option only where that option is taken", () => {
    const space = flatSpace({ text: oneOf(null, { rate: uniform(0, 1), dim: 4 }) })
    expect(space.dimensions.map(({ name, when }) => [name, when])).toEqual([
      ["text", []],
      ["text.rate", [{ dimension: "text", place: 1 }]],
    ])
    expect(space.valuesOf({ text: 0 })).toEqual({ text: null })
    expect(space.valuesOf({ text: 1, "text.rate": 0.5 })).toEqual({ text: { rate: 0.5, dim: 4 } })
    expect(space.shownOf({ text: 1, "text.rate": 0.5 })).toEqual({ text: "{ rate: …, dim: 4 }", "text.rate": 0.5 })
  })

  it("searches members of a record and keeps the others", () => {
    const space = flatSpace({ denoising: { start: uniform(0, 0.5), end: 1 } })
    expect(space.valuesOf({ "denoising.start": 0.25 })).toEqual({ denoising: { start: 0.25, end: 1 } })
  })

  it("counts an option that is listed twice once, and keeps the order of the first", () => {
    const { dimensions, axes } = flatSpace({ dim: oneOf(8, 4, 8, 16) })
    expect(axes[0]?.options).toEqual(["8", "4", "16"])
    expect(dimensions[0]?.range).toEqual({ kind: "choice", count: 3, ordered: false })
  })

  it("takes numbers that rise or fall as neighbours, and other lists as mere choices", () => {
    const { dimensions } = flatSpace({ a: oneOf(4, 8, 16), b: oneOf(3, 2, 1), c: oneOf(1, 3, 2), d: oneOf("x", "y") })
    expect(dimensions.map(({ range }) => range.kind === "choice" && range.ordered)).toEqual([true, true, false, false])
  })

  it("tells axes of one name in two options apart", () => {
    const space = flatSpace({
      schedule: oneOf({ kind: "cosine", floor: uniform(0, 0.1) }, { kind: "restarts", floor: uniform(0, 0.2) }),
    })
    expect(space.dimensions.map(({ name }) => name)).toEqual(["schedule", "schedule.floor", "schedule.floor (2)"])
    expect(space.axes[0]?.options).toEqual(["cosine", "restarts"])
    expect(space.valuesOf({ schedule: 1, "schedule.floor (2)": 0.2 })).toEqual({
      schedule: { kind: "restarts", floor: 0.2 },
    })
  })

  it("keeps what is repeated apart from what is searched", () => {
    const { dimensions, repeated } = flatSpace({ seed: repeats(3), dim: oneOf(4, 8) })
    expect([dimensions.length, repeated]).toEqual([1, { name: "seed", count: 3 }])
  })
})
