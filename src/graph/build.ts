/**
 * The door for whoever builds graphs: one builder per operation and a few small composites, all pure.
 *
 * A builder checks that its operands fit and throws `InvalidGraph` when they do not. It makes no simplification that
 * would merge or drop a computation.
 */
export {
  add,
  cast,
  clip,
  div,
  equal,
  erf,
  exp,
  greater,
  log,
  meanOfAll,
  mul,
  neg,
  type Operand,
  reduceMean,
  reduceSum,
  scaled,
  sigmoid,
  sqrt,
  square,
  sub,
  tanh,
  where,
} from "./arithmetic.ts"
export {
  averagePool,
  type ConvOptions,
  type ConvTransposeOptions,
  conv,
  convTranspose,
  type GemmOptions,
  gemm,
  matMul,
  upsampleNearest,
} from "./contraction.ts"
export { InvalidGraph } from "./invalid-graph.ts"
export { constant, input, ones, weight, zeros } from "./leaves.ts"
export {
  concat,
  expand,
  gather,
  matrixTranspose,
  pad,
  padAxis,
  reshape,
  reversed,
  type SliceRange,
  slice,
  split,
  transpose,
} from "./movement.ts"
export {
  gelu,
  groupNormalization,
  layerNormalization,
  multiHeadAttention,
  quickGelu,
  silu,
  softmax,
} from "./normalisation.ts"
