import { describe, expect, it } from "vitest"
import { canonicalJson, type Json, NotJson } from "../../../src/runtime/model/canonical-json.ts"

describe("canonical JSON", () => {
  it("does not depend on the order of members", () => {
    expect(canonicalJson({ b: 1, a: { d: [1, 2], c: null } })).toBe('{"a":{"c":null,"d":[1,2]},"b":1}')
    expect(canonicalJson({ a: { c: null, d: [1, 2] }, b: 1 })).toBe('{"a":{"c":null,"d":[1,2]},"b":1}')
  })

  // RFC 8785, section 3.2.3: the order is that of UTF-16 code units.
  it("sorts members as RFC 8785 does", () => {
    const value = { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\u{1f600}": 5, "\u0080": 6, "\u00f6": 7 }
    expect(canonicalJson(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}')
  })

  it("prints numbers as ECMAScript does", () => {
    expect(canonicalJson([1e21, 1e-7, -0, 0.1, 100])).toBe("[1e+21,1e-7,0,0.1,100]")
  })

  it("takes an undefined member as absent", () => {
    expect(canonicalJson({ a: 1, b: undefined } as unknown as Json)).toBe('{"a":1}')
  })

  it.each([
    ["NaN", { rates: [1, Number.NaN] }, "rates[1]"],
    ["infinity", { rate: Number.POSITIVE_INFINITY }, "rate"],
    ["a date", { at: new Date(0) }, "at"],
    ["bytes", { data: new Uint8Array(1) }, "data"],
    ["a map", { map: new Map() }, "map"],
    ["a function", { f: () => 1 }, "f"],
    ["an undefined element", { list: [undefined] }, "list[0]"],
    ["a hole", { list: Array(1) }, "list[0]"],
    ["a big integer", { big: 1n }, "big"],
  ])("refuses %s and names the path", (_what, value, path) => {
    try {
      canonicalJson(value as unknown as Json)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(NotJson)
      expect((error as NotJson).path).toBe(path)
    }
  })
})
