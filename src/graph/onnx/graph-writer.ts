/**
 * Collects the parts of one ONNX graph (feeds, initialisers, nodes, results) and gives everything its name.
 *
 * Promises: one name means one thing; weights of one name are stored once; names come from operation and place, never
 * from the process. Nodes must be written in order.
 */
import { create } from "@bufbuild/protobuf"
import {
  type GraphProto,
  GraphProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  type ValueInfoProto,
} from "onnx-buf"
import { demand } from "../invalid-graph.ts"
import { elementCount, printShape, sameShape } from "../shape.ts"
import type { Node, NodeOf, Shape, Tensor, TensorType } from "../tensor.ts"
import { DynamicShapes, type GraphShapes } from "./dynamic-shapes.ts"
import { type OnnxForm, onnxForm, productOfUnknownRank, type WrittenNode } from "./onnx-forms.ts"
import {
  dtypeBytes,
  externalTensor,
  shapelessInfo,
  unknownShapeInfo,
  valueInfo,
  type WeightLocation,
} from "./onnx-proto.ts"
import { isNamedByItself, StoredConstants } from "./stored-constants.ts"
import type { WeightPlaces } from "./weight-places.ts"

export class GraphWriter {
  /** What must be fed, in the order of first use. */
  readonly inputs = new Map<string, TensorType>()
  private readonly locate: (weightName: string) => WeightLocation
  private readonly places: WeightPlaces
  private readonly results: readonly (readonly [string, Tensor])[]
  private readonly weights = new Map<string, TensorType>()
  private readonly names = new Map<Tensor, string>()
  private readonly taken = new Set<string>()
  private readonly nodes: NodeProto[] = []
  private readonly initializers: TensorProto[] = []
  private readonly constants: StoredConstants
  readonly dynamic: DynamicShapes | undefined

  /** Results get their names first, so that the node that makes one can write it under that name. */
  constructor(
    locate: (weightName: string) => WeightLocation,
    places: WeightPlaces,
    results: readonly (readonly [string, Tensor])[],
    shapes: GraphShapes = "static",
  ) {
    this.locate = locate
    this.places = places
    this.results = results
    this.dynamic = shapes === "dynamic" ? new DynamicShapes() : undefined
    this.constants = new StoredConstants((name, tensor) => this.addConstant(name, tensor), this.dynamic)
    for (const [name, tensor] of results) {
      this.claim(name)
      if (!isNamedByItself(tensor.node) && !this.names.has(tensor)) this.names.set(tensor, name)
    }
  }

  /** Adds a node; outputs behind the last one in `used` are left out. */
  write(node: Node, used: ReadonlySet<Tensor>): void {
    if (node.op === "Input") this.writeInput(node)
    else if (node.op === "Weight") this.writeWeight(node)
    else if (node.op === "Constant" && isNamedByItself(node))
      this.names.set(node.outputs[0]!, this.constants.constant(node.attributes))
    else this.writeOperation(node, used)
  }

  /** The graph, after every node has been written. */
  finish(): GraphProto {
    for (const name of this.dynamic?.feeds.keys() ?? []) this.claim(name)
    for (const [name, tensor] of this.results) {
      if (this.names.get(tensor) === name) continue
      this.nodes.push(
        create(NodeProtoSchema, { name, opType: "Identity", input: [this.nameOf(tensor)], output: [name] }),
      )
    }
    return create(GraphProtoSchema, {
      name: "graph",
      // Backwards: see execution-order.ts. ONNX Runtime sorts the nodes itself.
      node: this.nodes.toReversed(),
      initializer: this.initializers,
      input: [
        ...[...this.inputs].map(([name, type]) => this.feedOrResult(name, type)),
        ...[...(this.dynamic?.feeds.keys() ?? [])].map(unknownShapeInfo),
      ],
      output: this.results.map(([name, tensor]) => this.feedOrResult(name, tensor)),
    })
  }

  private feedOrResult(name: string, type: TensorType): ValueInfoProto {
    return this.dynamic === undefined ? valueInfo(name, type) : shapelessInfo(name, type.dtype)
  }

  private writeInput({ attributes, outputs }: NodeOf<"Input">): void {
    const { name } = attributes
    if (this.isNew(this.inputs, name, outputs[0]!))
      this.inputs.set(name, { shape: attributes.shape, dtype: attributes.dtype })
    this.names.set(outputs[0]!, name)
  }

  private writeWeight({ attributes, outputs }: NodeOf<"Weight">): void {
    const { name, shape, dtype } = attributes
    if (this.isNew(this.weights, name, outputs[0]!)) {
      const location = this.locate(name)
      const expected = elementCount(shape) * dtypeBytes[dtype]
      const isSame = location.dtype === dtype && location.lengthBytes === expected
      demand(
        isSame,
        `weight ${name}`,
        () =>
          `${dtype}${printShape(shape)} in the graph, ${location.lengthBytes} bytes of ${location.dtype} in the file`,
        `see ${location.file}`,
      )
      this.weights.set(name, { shape, dtype })
      this.initializers.push(externalTensor(name, shape, location, this.places.locationOf(location.file)))
    }
    this.names.set(
      outputs[0]!,
      this.dynamic !== undefined && dtypeBytes[dtype] === 2 ? this.withDynamicShape(name, shape) : name,
    )
  }

  /** The same bytes under another name, so that the shape of what is made of them is not known either. */
  private withDynamicShape(name: string, shape: Shape): string {
    const own = `${name}:${this.nodes.length}`
    this.claim(own)
    const input = [name, this.constants.shape(shape)]
    this.nodes.push(create(NodeProtoSchema, { name: own, opType: "Reshape", input, output: [own] }))
    return own
  }

  /** False when the name is known for the same thing; refuses a second thing of that name. */
  private isNew(known: ReadonlyMap<string, TensorType>, name: string, type: TensorType): boolean {
    const before = known.get(name)
    if (before === undefined) {
      this.claim(name)
      return true
    }
    const isSame = before.dtype === type.dtype && sameShape(before.shape, type.shape)
    const both = (): string => `${before.dtype}${printShape(before.shape)} and ${type.dtype}${printShape(type.shape)}`
    demand(isSame, "lowering", () => `"${name}" is asked for as ${both()}`, "one name means one tensor")
    return false
  }

  private writeOperation(node: WrittenNode, used: ReadonlySet<Tensor>): void {
    const form = this.formOf(node)
    const name = `${node.op}:${this.nodes.length}`
    const outputCount = node.outputs.findLastIndex((output) => used.has(output)) + 1
    this.nodes.push(
      create(NodeProtoSchema, {
        name,
        opType: form.opType ?? node.op,
        domain: form.domain ?? "",
        input: [...node.inputs.map((input) => this.nameOf(input)), ...(form.parameters ?? [])],
        output: node.outputs.slice(0, outputCount).map((output) => this.nameOutput(output, name)),
        attribute: [...(form.attributes ?? [])],
      }),
    )
  }

  private formOf(node: WrittenNode): OnnxForm {
    if (this.dynamic !== undefined && node.op === "Gemm" && node.inputs.length === 2)
      return productOfUnknownRank(node.attributes)
    return onnxForm(node, this.constants)
  }

  private nameOutput(output: Tensor, nodeName: string): string {
    const name = this.names.get(output)
    if (name !== undefined) return name
    const own = output.index === 0 ? nodeName : `${nodeName}:${output.index}`
    this.claim(own)
    this.names.set(output, own)
    return own
  }

  private nameOf(tensor: Tensor): string {
    const name = this.names.get(tensor)
    demand(
      name !== undefined,
      "lowering",
      () => `${tensor.node.op} is read before it is written`,
      "write nodes in order",
    )
    return name
  }

  private addConstant(name: string, tensor: TensorProto): void {
    this.claim(name)
    this.initializers.push(tensor)
  }

  private claim(name: string): void {
    const isFree = !this.taken.has(name) && name !== ""
    demand(
      isFree,
      "lowering",
      () => `two things are called "${name}"`,
      "give outputs, inputs and weights distinct names",
    )
    this.taken.add(name)
  }
}
