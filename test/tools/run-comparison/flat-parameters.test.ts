import { describe, expect, it } from "vitest"
import { flatParameters } from "../../../src/tools/run-comparison/flat-parameters.ts"

describe("parameters as single values", () => {
  it("have names with dots for what lies in records; lists, null and empty records are values", () => {
    const parameters = { a: 1, b: { c: null, d: { e: "x" } }, list: [{ f: 1 }], none: {} }
    expect([...flatParameters(parameters)]).toEqual([
      ["a", 1],
      ["b.c", null],
      ["b.d.e", "x"],
      ["list", [{ f: 1 }]],
      ["none", {}],
    ])
  })

  it("keep apart a name that holds a dot and a record in a record", () => {
    const names = [...flatParameters({ "a.b": 1, a: { b: 2 } }).keys()]
    expect(new Set(names).size).toBe(2)
  })

  it("are none where there are none", () => {
    expect(flatParameters({}).size).toBe(0)
  })
})
