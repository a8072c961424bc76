/**
 * Lowers a graph to the bytes of an ONNX model (opset 21, IR 10, com.microsoft 1 for what opset 21 lacks).
 *
 * The one idea: nothing is optimised or merged here; nodes are written so that they run in the order that
 * `execution-order.ts` decides, and everything else is naming. Values are called after their operation and place in
 * that order, so equal graphs give equal bytes whenever and in whatever process they were built. Weights keep their
 * names and stay in the user's file; equal constants and weights of one name are stored once.
 *
 * For sessions: the folder option must be `weightPlaces.folder`, and `weightPlaces.handedOver` must be given; to keep 16-bit casts out of constant folding, and
 * the backward pass's own casts from being merged with the forward's, the session must switch those optimisers off.
 */
import systemPath, { type PlatformPath } from "node:path"
import { create, toBinary } from "@bufbuild/protobuf"
import { ModelProtoSchema } from "onnx-buf"
import { executionOrder } from "../execution-order.ts"
import type { Shape, Tensor, TensorType } from "../tensor.ts"
import type { GraphShapes } from "./dynamic-shapes.ts"
import { GraphWriter } from "./graph-writer.ts"
import type { WeightLocation } from "./onnx-proto.ts"
import { type WeightPlaces, weightPlaces } from "./weight-places.ts"

export type { WeightLocation } from "./onnx-proto.ts"

export interface GraphToLower {
  /** By the name each gets in the model; forward outputs first. */
  readonly outputs: Readonly<Record<string, Tensor>>
  /** Adapter gradients, first layer to last. */
  readonly gradients?: Readonly<Record<string, Tensor>>
  readonly locate: (weightName: string) => WeightLocation
  /** Of the system that the weights lie on; this one's unless given. */
  readonly path?: PlatformPath
  /** "static" unless given; see `dynamic-shapes.ts`. */
  readonly shapes?: GraphShapes
}

export interface LoweredInput extends TensorType {
  readonly name: string
}

export interface LoweredGraph {
  readonly bytes: Uint8Array
  /** What must be fed, in the order of first use. */
  readonly inputs: readonly LoweredInput[]
  /** Shapes that must be fed too, as int64, by name. */
  readonly dynamicShapes: ReadonlyMap<string, Shape>
  readonly outputNames: readonly string[]
  /** Where the session finds the weights. */
  readonly weightPlaces: WeightPlaces
}

export const lowerToOnnx = ({
  outputs,
  gradients = {},
  locate,
  shapes = "static",
  path = systemPath,
}: GraphToLower): LoweredGraph => {
  const results = [...Object.entries(outputs), ...Object.entries(gradients)]
  const order = executionOrder(Object.values(outputs), Object.values(gradients))
  const used = new Set([...order.flatMap(({ inputs }) => inputs), ...results.map(([, tensor]) => tensor)])
  const places = weightPlaces(
    order.flatMap((node) => (node.op === "Weight" ? [locate(node.attributes.name).file] : [])),
    path,
  )
  const writer = new GraphWriter(locate, places, results, shapes)
  for (const node of order) writer.write(node, used)
  const model = create(ModelProtoSchema, {
    irVersion: 10n,
    producerName: "lora-loom",
    opsetImport: [
      { domain: "", version: 21n },
      { domain: "com.microsoft", version: 1n },
    ],
    graph: writer.finish(),
  })
  return {
    bytes: toBinary(ModelProtoSchema, model),
    inputs: [...writer.inputs].map(([name, type]) => ({ name, ...type })),
    dynamicShapes: writer.dynamic?.feeds ?? new Map(),
    outputNames: results.map(([name]) => name),
    weightPlaces: places,
  }
}
