/**
 * How each operation is written in ONNX opset 21: one form per operation, total over the list.
 *
 * Most are one node of the same name whose inputs are the tensors; the forms below say only what comes on top:
 * attributes, and parameters that ONNX wants as further (constant) inputs.
 */
import type { AttributeProto } from "onnx-buf"
import type { Attributes, NamedLeaf, OperationName } from "../operations.ts"
import type { Node, NodeOf } from "../tensor.ts"
import { float, inlineTensor, int, ints, onnxDType, tensorAttribute, text } from "./onnx-proto.ts"

/** Names of constants by content; equal ones are stored once. */
export interface ConstantPool {
  readonly int64: (values: readonly (number | bigint)[]) => string
  readonly float32: (values: readonly number[], shape?: readonly number[]) => string
  /** A shape as int64 values; perhaps one that ONNX Runtime learns only when it runs. */
  readonly shape: (shape: readonly number[]) => string
}

export interface OnnxForm {
  /** The operation's own name unless given. */
  readonly opType?: string
  readonly domain?: string
  readonly attributes?: readonly AttributeProto[]
  /** Inputs after the tensors; the empty name leaves one out. */
  readonly parameters?: readonly string[]
}

/** An operation that becomes a node of the model. */
type Written = Exclude<OperationName, NamedLeaf>
export type WrittenNode = Extract<Node, { readonly op: Written }>

type FormRule<O extends Written> = (attributes: Attributes[O], pool: ConstantPool) => OnnxForm

const plain = (): OnnxForm => ({})

const reduction = ({ axes, keepdims }: Attributes["ReduceSum"], pool: ConstantPool): OnnxForm => ({
  attributes: [int("keepdims", keepdims)],
  parameters: [pool.int64(axes)],
})

const window = ({ pads, strides }: Attributes["Conv"]): readonly AttributeProto[] => [
  ints("pads", pads),
  ints("strides", strides),
]

/** What counts back beyond the first element: -1 would mean the last one. */
const beforeFirst = -(2n ** 63n)

const fusedMatMul = (transA: boolean, transB: boolean, alpha = 1): OnnxForm => ({
  opType: "FusedMatMul",
  domain: "com.microsoft",
  attributes: [int("transA", transA), int("transB", transB), float("alpha", alpha)],
})

/** Gemm without C by an operation that runs the same kernel, but does not say beforehand that its result has two axes. */
export const productOfUnknownRank = ({ transA, transB, alpha }: Attributes["Gemm"]): OnnxForm =>
  fusedMatMul(transA, transB, alpha)

/** Inputs, weights and constants are initialisers or feeds; only a large filled constant is a node, without inputs. */
const onnxForms: { readonly [O in Written]: FormRule<O> } = {
  Constant: ({ data, shape }, pool) => ({
    opType: "ConstantOfShape",
    attributes: [tensorAttribute("value", inlineTensor("", [1], Float32Array.of(Number(data))))],
    parameters: [pool.shape(shape)],
  }),
  Add: plain,
  Sub: plain,
  Mul: plain,
  Div: plain,
  Neg: plain,
  Exp: plain,
  Log: plain,
  Sqrt: plain,
  Erf: plain,
  Sigmoid: plain,
  Tanh: plain,
  Greater: plain,
  Equal: plain,
  Where: plain,
  Clip: ({ min, max }, pool) => ({ parameters: [pool.float32([min], []), pool.float32([max], [])] }),
  ReduceSum: reduction,
  ReduceMean: reduction,
  // Without allowzero a 0 would mean "as in the input".
  Reshape: ({ shape }, pool) => ({
    parameters: [pool.shape(shape)],
    attributes: shape.includes(0) ? [int("allowzero", 1)] : [],
  }),
  Transpose: ({ perm }) => ({ attributes: [ints("perm", perm)] }),
  Slice: ({ axis, start, end, step }, pool) => ({
    parameters: [
      pool.int64([start]),
      pool.int64([end < 0 ? beforeFirst : end]),
      pool.int64([axis]),
      pool.int64([step]),
    ],
  }),
  Concat: ({ axis }) => ({ attributes: [int("axis", axis)] }),
  Pad: ({ before, after }, pool) => ({ parameters: [pool.int64([...before, ...after])] }),
  Expand: ({ shape }, pool) => ({ parameters: [pool.shape(shape)] }),
  Gather: () => ({ attributes: [int("axis", 0)] }),
  MatMul: ({ transA, transB }) => (transA || transB ? fusedMatMul(transA, transB) : {}),
  Gemm: ({ transA, transB, alpha, beta }) => ({
    attributes: [int("transA", transA), int("transB", transB), float("alpha", alpha), float("beta", beta)],
  }),
  Conv: (attributes) => ({ attributes: window(attributes) }),
  ConvTranspose: (attributes) => ({
    attributes: [...window(attributes), ints("output_padding", attributes.outputPadding)],
  }),
  Resize: ({ factor }, pool) => ({
    // "asymmetric" and "floor": output place i reads input place ⌊i/factor⌋
    attributes: [
      text("mode", "nearest"),
      text("coordinate_transformation_mode", "asymmetric"),
      text("nearest_mode", "floor"),
    ],
    parameters: ["", pool.float32([1, 1, factor, factor])],
  }),
  AveragePool: ({ factor }) => ({
    attributes: [ints("kernel_shape", [factor, factor]), ints("strides", [factor, factor])],
  }),
  Softmax: () => ({ attributes: [int("axis", -1)] }),
  LayerNormalization: ({ epsilon }) => ({ attributes: [int("axis", -1), float("epsilon", epsilon)] }),
  MultiHeadAttention: ({ heads }) => ({ domain: "com.microsoft", attributes: [int("num_heads", heads)] }),
  Gelu: () => ({ attributes: [text("approximate", "none")] }),
  QuickGelu: ({ alpha }) => ({ domain: "com.microsoft", attributes: [float("alpha", alpha)] }),
  Cast: ({ to }) => ({ attributes: [int("to", onnxDType[to])] }),
}

export const onnxForm = <O extends Written>({ op, attributes }: NodeOf<O>, pool: ConstantPool): OnnxForm =>
  onnxForms[op](attributes, pool)
