/**
 * ONNX Runtime sessions: the only file that creates them, and the only import of onnxruntime.
 *
 * The runtime takes its rarer options as untyped strings and ignores a misspelt one, so they are written here once,
 * behind two choices: how many threads, and whether the weights are small enough to be unpacked. A prepared run owns
 * its feed and result arrays: each call reads the first and fills the second, and nothing is allocated in between.
 * Load this file in the host process only: `run` and `create` block their event loop and cannot be cancelled.
 */
import { Context, Effect, type Scope } from "effect"
import { InferenceSession, Tensor } from "onnxruntime-node"
import { readBytes } from "../../formats/file-bytes.ts"
import type { WeightPlaces } from "../../graph/onnx/weight-places.ts"
import { type EngineFailure, wordsOf, workFailure } from "../jobs/engine-failure.ts"
import { forgetSecondResults } from "./second-results.ts"
import { isMapped } from "./weight-memory.ts"

export interface SessionPlan {
  /** What the session computes, for failures. */
  readonly name: string
  /** ONNX protobuf; weights are external. */
  readonly model: Uint8Array
  /** Where they are; see graph/onnx/weight-places.ts. */
  readonly weightPlaces: Pick<WeightPlaces, "folder" | "handedOver">
  /** Bytes of all weights as stored. */
  readonly weightBytes: number
  readonly threads: number
  /** Shapes that the model wants to be fed, by name; see graph/onnx/dynamic-shapes.ts. */
  readonly dynamicShapes?: ReadonlyMap<string, readonly number[]>
  /** Whether the model computes values twice on purpose: then equal nodes must not be merged. */
  readonly recomputes?: boolean
  /** Whether a run's values lie in one block; see run-memory.ts. */
  readonly inBlock?: boolean
}

export interface ArrayInPlace {
  readonly data: Float32Array | BigInt64Array
  readonly shape: readonly number[]
}

/** Where ONNX Runtime shall write a session's profile, for benchmarks; the file is complete when the session is released. */
export const ProfilePrefix = Context.Reference<string | undefined>("loom/engine/ProfilePrefix", {
  defaultValue: () => undefined,
})

/**
 * For benchmarks: whether every value's memory goes back to the system when its last reader is done, so that the memory of the
 * process tells what a run holds. Slow.
 */
export const GivesBackAtOnce = Context.Reference<boolean>("loom/engine/GivesBackAtOnce", { defaultValue: () => false })

/** Reads the feeds, fills the results. */
export type PreparedRun = Effect.Effect<void, EngineFailure>

export interface Session {
  readonly prepare: (
    feeds: Readonly<Record<string, ArrayInPlace>>,
    results: Readonly<Record<string, ArrayInPlace>>,
  ) => PreparedRun
}

/** Optimisers that would undo what a graph says on purpose. */
const disabledOptimisers = ({ weightBytes, recomputes = false }: SessionPlan): readonly string[] => [
  // A mapped weight's casts are made in every run, one layer at a time, and again for the backward pass.
  ...(isMapped(weightBytes) ? ["ConstantFolding", "FuseFp16InitializerToFp32NodeTransformer"] : []),
  ...(isMapped(weightBytes) || recomputes ? ["CommonSubexpressionElimination"] : []),
]

export const sessionOptions = (plan: SessionPlan): InferenceSession.SessionOptions => {
  const mapped = isMapped(plan.weightBytes)
  const disabled = disabledOptimisers(plan)
  return {
    executionProviders: ["cpu"],
    // The level chooses kernels and so the last bits: it belongs to the reproducible facts of a run. "all" copies weights
    // into blocked layouts, and any level renumbers nodes, which changes the order that keeps memory low.
    graphOptimizationLevel: mapped ? "disabled" : "all",
    executionMode: "sequential",
    intraOpNumThreads: plan.threads,
    interOpNumThreads: 1,
    // Never both: the block would lie in the arena, on top of what the first run took.
    enableMemPattern: plan.inBlock ?? false,
    enableCpuMemArena: !plan.inBlock,
    logSeverityLevel: 3,
    extra: {
      session: {
        model_external_initializers_file_folder_path: plan.weightPlaces.folder,
        disable_prepacking: mapped ? "1" : "0",
        // Threads that wait by spinning halve the speed as soon as another process wants the core.
        intra_op: { allow_spinning: "0" },
      },
      // Separated by semicolons; a list with commas is ignored without a word.
      ...(disabled.length > 0 && { optimization: { disable_specified_optimizers: disabled.join(";") } }),
    },
  }
}

const tensorOver = ({ data, shape }: ArrayInPlace): Tensor =>
  data instanceof Float32Array ? new Tensor("float32", data, shape) : new Tensor("int64", data, shape)

const tensorsOver = (arrays: Readonly<Record<string, ArrayInPlace>>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, tensorOver(array)]))

/** Whole files: the runtime copies what it needs of them. */
const handedOver = ({ weightPlaces }: SessionPlan) =>
  Promise.all([...weightPlaces.handedOver].map(async ([path, file]) => ({ path, data: await bytesOf(file) })))

const bytesOf = async (file: string): Promise<Uint8Array> => {
  const { bytes, size } = await readBytes(file, 0, Number.POSITIVE_INFINITY)
  if (bytes.length < size) throw new Error(`${file} became shorter while it was read`)
  return bytes
}

const create = async (plan: SessionPlan, options: InferenceSession.SessionOptions): Promise<InferenceSession> =>
  plan.weightPlaces.handedOver.size === 0
    ? InferenceSession.create(plan.model, options)
    : InferenceSession.create(plan.model, { ...options, externalData: await handedOver(plan) })

/** A session that is released with its scope. */
export const openSession = Effect.fn("openSession")(function* (
  plan: SessionPlan,
): Effect.fn.Return<Session, EngineFailure, Scope.Scope> {
  const failed = (thrown: unknown) =>
    workFailure(plan.name, `ONNX Runtime refused it (${wordsOf(thrown)})`, "Please report this with the model's name")
  const prefix = yield* ProfilePrefix
  const profiling = prefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: prefix }
  const givenBack = (yield* GivesBackAtOnce) ? { enableCpuMemArena: false, enableMemPattern: false } : {}
  const options = { ...sessionOptions(plan), ...profiling, ...givenBack }
  const session = yield* Effect.acquireRelease(
    Effect.tryPromise({ try: () => create(plan, options), catch: failed }),
    (opened) => {
      if (prefix !== undefined) opened.endProfiling()
      return Effect.promise(() => opened.release())
    },
  )
  const shapes = [...(plan.dynamicShapes ?? [])].map(
    ([name, extents]) =>
      [name, tensorOver({ data: BigInt64Array.from(extents, BigInt), shape: [extents.length] })] as const,
  )
  const prepare: Session["prepare"] = (feeds, results) => {
    const feedTensors = { ...tensorsOver(feeds), ...Object.fromEntries(shapes) }
    const resultTensors = tensorsOver(results)
    const resultBytes = Object.values(results).reduce((sum, { data }) => sum + data.byteLength, 0)
    const run = () => {
      forgetSecondResults(resultBytes)
      return session.run(feedTensors, resultTensors)
    }
    return Effect.asVoid(Effect.tryPromise({ try: run, catch: failed }))
  }
  return { prepare }
})
