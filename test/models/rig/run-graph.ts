/** Lowers a graph, runs it once in ONNX Runtime on one thread, weights in place, and compares results. */
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node"
import { lowerToOnnx, type WeightLocation } from "../../../src/graph/onnx/lower.ts"
import type { Tensor } from "../../../src/graph/tensor.ts"

export interface Values {
  readonly shape: readonly number[]
  readonly data: Float32Array | BigInt64Array
}

const feedOf = ({ data, shape }: Values): OrtTensor =>
  data instanceof Float32Array ? new OrtTensor("float32", data, [...shape]) : new OrtTensor("int64", data, [...shape])

export const runGraph = async (model: {
  readonly outputs: Readonly<Record<string, Tensor>>
  readonly gradients?: Readonly<Record<string, Tensor>>
  readonly locate: (weightName: string) => WeightLocation
  readonly feeds: Readonly<Record<string, Values>>
}): Promise<Readonly<Record<string, Float32Array>>> => {
  const { bytes, inputs, outputNames, weightPlaces } = lowerToOnnx(model)
  const session = await InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    enableMemPattern: false,
    executionMode: "sequential",
    extra: { session: { model_external_initializers_file_folder_path: weightPlaces.folder } },
  })
  const feeds = Object.fromEntries(inputs.map(({ name }) => [name, feedOf(model.feeds[name]!)]))
  const results = await session.run(feeds)
  await session.release()
  return Object.fromEntries(outputNames.map((name) => [name, results[name]!.data as Float32Array]))
}

const largest = (data: ArrayLike<number>): number => {
  let most = 0
  for (let index = 0; index < data.length; index++) most = Math.max(most, Math.abs(data[index]!))
  return most
}

/** Largest difference over largest reference value; `floor` bounds what is divided by from below. */
export const relativeError = (actual: Float32Array, expected: Values, floor = 0): number => {
  const reference = expected.data as Float32Array
  if (actual.length !== reference.length) return Number.POSITIVE_INFINITY
  const differences = actual.map((value, index) => value - reference[index]!)
  if (differences.some(Number.isNaN)) return Number.POSITIVE_INFINITY
  return largest(differences) / Math.max(largest(reference), floor)
}

export const largestOf = (values: Values): number => largest(values.data as Float32Array)
