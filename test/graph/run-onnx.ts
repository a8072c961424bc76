/** Runs a lowered graph with ONNX Runtime in this process, on one thread. */
import * as ort from "onnxruntime-node"
import type { LoweredGraph } from "../../src/graph/onnx/lower.ts"
import { elementCount } from "../../src/graph/shape.ts"

/** Options under which 16-bit casts and the backward pass's own casts survive; see engine notes on constant folding. */
export const keepCasts = {
  optimization: {
    disable_specified_optimizers:
      "ConstantFolding;FuseFp16InitializerToFp32NodeTransformer;CommonSubexpressionElimination",
  },
}

export const openSession = (
  { bytes, weightPlaces }: LoweredGraph,
  extra: object = {},
  options: object = {},
): Promise<ort.InferenceSession> =>
  ort.InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    executionMode: "sequential",
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: {
      session: { model_external_initializers_file_folder_path: weightPlaces.folder, disable_prepacking: "1" },
      ...extra,
    },
    ...options,
  })

export const runOnnx = async (
  lowered: LoweredGraph,
  feeds: Readonly<Record<string, ArrayLike<number>>>,
  extra: object = {},
): Promise<readonly Float64Array[]> => {
  const session = await openSession(lowered, extra)
  const tensors = lowered.inputs.map(({ name, shape, dtype }) => {
    const fed = feeds[name]
    if (fed?.length !== elementCount(shape)) throw new Error(`${name} is not fed for [${shape}]`)
    const data = dtype === "int64" ? BigInt64Array.from(Array.from(fed, BigInt)) : Float32Array.from(fed)
    return [name, new ort.Tensor(dtype as "float32" | "int64", data, shape)] as const
  })
  const shapes = [...lowered.dynamicShapes].map(
    ([name, extents]) =>
      [name, new ort.Tensor("int64", BigInt64Array.from(extents, BigInt), [extents.length])] as const,
  )
  const results = await session.run(Object.fromEntries([...tensors, ...shapes]))
  const values = lowered.outputNames.map((name) => Float64Array.from(results[name]!.data as Float32Array, Number))
  await session.release()
  return values
}
