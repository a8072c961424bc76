/**
 * Doubling a picture by nearest neighbour and convolving it 3×3, without ever making the doubled picture.
 *
 * A doubled picture repeats each place, so of the nine places a kernel meets many are the same. In one dimension, with x the
 * picture and w the kernel:
 *   y[2i]     = w₀·x[i − 1] + (w₁ + w₂)·x[i]
 *   y[2i + 1] = (w₀ + w₁)·x[i] + w₂·x[i + 1]
 * So each of the four places that one becomes is a 2×2 convolution with sums of the weights: 16 products instead of 36. (The sums
 * differ from the plain form by rounding alone.) The sums are products of the weight with a small matrix, since nothing else
 * adds up neighbours as fast.
 */
import { concat, constant, conv, gemm, reshape, transpose } from "../graph/build.ts"
import type { Edges } from "../graph/operations.ts"
import type { Tensor } from "../graph/tensor.ts"

type Half = 0 | 1
const halves: readonly Half[] = [0, 1]

/** Which of the two places a kernel's three meet: for the first half w₀ | w₁ + w₂, for the second w₀ + w₁ | w₂. */
const meets = (half: Half, kernelPlace: number): Half => (kernelPlace > half ? 1 : 0)

/** [9, 4]: from a kernel of 3×3 to the sums of one of 2×2. */
const sums = (vertical: Half, horizontal: Half): Tensor => {
  const matrix = new Float32Array(9 * 4)
  for (let place = 0; place < 9; place++) {
    const [row, column] = [Math.floor(place / 3), place % 3]
    matrix[4 * place + 2 * meets(vertical, row) + meets(horizontal, column)] = 1
  }
  return constant(matrix, [9, 4])
}

/** x [batch, channels, height, width], w [out, channels, 3, 3] → [batch, out, 2 · height, 2 · width] */
export const doublingConv = (x: Tensor, w: Tensor, bias: Tensor): Tensor => {
  const [batch, channels, height, width] = x.shape as readonly [number, number, number, number]
  const out = w.shape[0]!
  const kernels = reshape(w, [out * channels, 9])
  const quarters = halves.flatMap((vertical) =>
    halves.map((horizontal) => {
      const small = reshape(gemm(kernels, sums(vertical, horizontal)), [out, channels, 2, 2])
      // the first half looks back by one place, the second ahead
      const pads: Edges = [1 - vertical, 1 - horizontal, vertical, horizontal]
      return reshape(conv(x, small, { bias, pads }), [batch, out, 1, height * width])
    }),
  )
  const side = reshape(concat(quarters, 2), [batch * out, 2, 2, height, width])
  return reshape(transpose(side, [0, 3, 1, 4, 2]), [batch, out, 2 * height, 2 * width])
}
