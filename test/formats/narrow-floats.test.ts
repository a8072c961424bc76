import { expect, test } from "vitest"
import { narrow, widen } from "../../src/formats/narrow-floats.ts"

const every16 = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits)

test.each(["F16", "BF16"] as const)("every %s value comes back from float32 with its own bits", (format) => {
  const values = widen(format, every16)
  const back = narrow(format, values)
  for (const bits of every16) {
    if (Number.isNaN(values[bits]!)) expect(widen(format, back.subarray(bits, bits + 1))[0]).toBeNaN()
    else if (back[bits] !== bits) expect([bits, back[bits]]).toEqual([bits, bits])
  }
})

test.each(["F16", "BF16"] as const)("%s rounds to the nearest neighbour, and to the even one between two", (format) => {
  const values = widen(format, every16)
  const finite = 0x7bff
  for (let bits = 0; bits < finite; bits += 37) {
    const [low, high] = [values[bits]!, values[bits + 1]!]
    // Floats halfway between neighbours, and one float32 to either side, exist wherever float32 is finer.
    const middle = Math.fround((low + high) / 2)
    if (middle === low || middle === high) continue
    const even = bits % 2 === 0 ? bits : bits + 1
    const nearly = (high - low) / 8
    expect(Array.from(narrow(format, Float32Array.of(middle, middle - nearly, middle + nearly)))).toEqual([
      even,
      bits,
      bits + 1,
    ])
  }
})

test("too large for float16 becomes infinity, from the midpoint to the next power of two on", () => {
  expect(Array.from(narrow("F16", Float32Array.of(65519.996, 65520, -1e30, Number.POSITIVE_INFINITY)))).toEqual([
    0x7bff, 0x7c00, 0xfc00, 0x7c00,
  ])
})

test("the smallest float16 and half of it keep their sign", () => {
  expect(Array.from(narrow("F16", Float32Array.of(2 ** -24, -(2 ** -25), -0, 2 ** -25 * 1.01)))).toEqual([
    1, 0x8000, 0x8000, 1,
  ])
})
