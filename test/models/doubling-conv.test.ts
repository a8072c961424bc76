/** The convolution of a doubled picture without the doubled picture: the same numbers as the plain form, forward and backward. */
import { describe, expect, it } from "vitest"
import { conv, input, meanOfAll, square, upsampleNearest } from "../../src/graph/build.ts"
import { gradients } from "../../src/graph/gradients/autodiff.ts"
import { elementCount } from "../../src/graph/shape.ts"
import type { Tensor } from "../../src/graph/tensor.ts"
import { doublingConv } from "../../src/models/doubling-conv.ts"
import { relativeError } from "../graph/closeness.ts"
import { seededValues } from "../graph/seeded-values.ts"
import { interpret } from "../rig/interpret.ts"

const shapes = { x: [2, 3, 4, 5], w: [4, 3, 3, 3], bias: [4] }
const [x, w, bias] = Object.entries(shapes).map(([name, shape]) => input(name, shape)) as [Tensor, Tensor, Tensor]
const values = Object.fromEntries(
  Object.entries(shapes).map(([name, shape], at) => [name, seededValues(elementCount(shape), at)]),
)

/** The picture, and the gradients of all that goes in. */
const computed = (y: Tensor) => interpret([y, ...gradients(meanOfAll(square(y)), [x, w, bias])], values)

describe("a doubling convolution", () => {
  const [plain, folded] = [conv(upsampleNearest(x, 2), w, { bias, pads: [1, 1, 1, 1] }), doublingConv(x, w, bias)]

  it("gives a picture of twice the size", () => {
    expect(folded.shape).toEqual([2, 4, 8, 10])
    expect(folded.shape).toEqual(plain.shape)
  })

  it.each(["the picture", "x's gradient", "w's gradient", "the bias's gradient"])(
    "%s is that of the plain form",
    (what) => {
      const at = ["the picture", "x's gradient", "w's gradient", "the bias's gradient"].indexOf(what)
      expect(relativeError(computed(folded)[at]!, computed(plain)[at]!)).toBeLessThan(1e-13)
    },
  )
})
