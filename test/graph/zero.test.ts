/** What a graph tells of values that are zero whatever is fed; the interpreter agrees. */
import { describe, expect, it } from "vitest"
import {
  add,
  cast,
  concat,
  conv,
  div,
  exp,
  gelu,
  input,
  matMul,
  mul,
  multiHeadAttention,
  reduceSum,
  reshape,
  sigmoid,
  slice,
  softmax,
  sub,
  transpose,
  zeros,
} from "../../src/graph/build.ts"
import { gradients } from "../../src/graph/gradients/autodiff.ts"
import type { Tensor } from "../../src/graph/tensor.ts"
import { zeroTeller } from "../../src/graph/zero.ts"

const [x, y, none] = [input("x", [2, 3]), input("y", [3, 2]), zeros([2, 3])]
const picture = input("picture", [1, 2, 4, 4])
const [kernel, bias] = [zeros([3, 2, 1, 1]), input("bias", [3])]

const zero: Readonly<Record<string, Tensor>> = {
  "a product with it": matMul(none, y),
  "a product by elements": mul(x, none),
  "its sum with itself": add(none, none),
  "it divided": div(none, x),
  "it under another shape, turned, cut and added up": reduceSum(
    slice(transpose(reshape(none, [3, 2]), [1, 0]), { axis: 0, start: 0, end: 1 }),
    [1],
  ),
  "two of it side by side": concat([none, none], 0),
  "a convolution with it": conv(picture, kernel),
  "an activation of it that goes through zero": gelu(none),
  "it in another type": cast(none, "float16"),
}
const other: Readonly<Record<string, Tensor>> = {
  "what is fed": x,
  "a sum with what is fed": add(none, x),
  "a difference": sub(none, x),
  "its exponential": exp(none),
  "its sigmoid": sigmoid(none),
  "its softmax": softmax(none),
  "it beside something": concat([none, x], 0),
  "a convolution with it and a bias": conv(picture, kernel, { bias }),
  "a product of others": matMul(x, y),
}

describe("zero", () => {
  it.each(Object.entries(zero))("is %s", (_, tensor) => expect(zeroTeller()(tensor)).toBe(true))

  it.each(Object.entries(other))("is not told of %s", (_, tensor) => expect(zeroTeller()(tensor)).toBe(false))

  it.each([
    [1, true],
    [2, false],
  ])("is the gradient of query and key where there is %d key: %s", (keys, isZero) => {
    const [query, key, value] = [input("q", [1, 2, 4]), input("k", [1, keys, 4]), input("v", [1, keys, 4])]
    const tell = zeroTeller()
    const told = gradients(reduceSum(multiHeadAttention(query, key, value, 2), [0, 1, 2]), [query, key, value]).map(
      tell,
    )
    expect(told).toEqual([isZero, isZero, false])
  })
})
