/**
 * Snapshots: the whole state of a training run between two steps, as a safetensors file. It is written and read matrix by matrix,
 * so that an adapter of any size has one.
 *
 * Adapter matrices and embedding rows, both Adam moments, the number of updates done and the loss average. Random streams are named by the
 * step and need no state. Equal states give equal bytes, and a run continued from a snapshot is bit-identical to one
 * that was never interrupted.
 */
import { Effect } from "effect"
import type { BadFile } from "../../formats/bad-file.ts"
import type { EmbeddingRows } from "../../formats/embedding-file.ts"
import type { LoraModuleToCome } from "../../formats/lora-file.ts"
import {
  readFloat32Into,
  readSafetensorsHeader,
  readTensor,
  readTensorAsFloat32,
  type SafetensorsHeader,
} from "../../formats/safetensors.ts"
import type { StoredDType, TensorValues } from "../../formats/stored-dtype.ts"
import { safetensorsPieces, type TensorToCome } from "../../formats/write-safetensors.ts"
import { embeddingTables } from "../../settings/family.ts"
import { type EngineFailure, inputFailure } from "../jobs/engine-failure.ts"
import type { AdamWState } from "./adam-w.ts"
import { type AdapterLayout, matricesOf, viewOf } from "./adapter-layout.ts"
import { writeFile } from "./write-file.ts"

export interface TrainState extends AdamWState {
  /** Updates done. */
  step: number
  /** Exponential mean of the losses, not yet corrected for its start at zero. */
  lossAverage: number
}

/** The flat arrays of a state, under the first part of their tensors' names. */
const arraysOf = (state: AdamWState) =>
  [
    ["adapter", state.parameters],
    ["moment1", state.moment1],
    ["moment2", state.moment2],
  ] as const

export const freshState = (parameters: Float32Array): TrainState => ({
  parameters,
  moment1: new Float32Array(parameters.length),
  moment2: new Float32Array(parameters.length),
  step: 0,
  lossAverage: 0,
})

/** Writes the state to a new file, piece by piece. */
export const writeSnapshot = (
  file: string,
  layout: AdapterLayout,
  state: TrainState,
): Effect.Effect<void, EngineFailure> => {
  const tensors = new Map<string, TensorToCome>()
  const put = (name: string, dtype: StoredDType, shape: readonly number[], data: TensorValues): void => {
    tensors.set(name, { dtype, shape, data: Effect.succeed(data) })
  }
  for (const [part, array] of arraysOf(state)) {
    for (const matrix of matricesOf(layout))
      put(`${part}/${matrix.name}`, "F32", matrix.fileShape, viewOf(array, matrix))
  }
  put("step", "I64", [1], BigInt64Array.of(BigInt(state.step)))
  put("loss_average", "F64", [1], Float64Array.of(state.lossAverage))
  return writeFile(`the snapshot after step ${state.step}`, file, safetensorsPieces(tensors, { loom_snapshot: "1" }))
}

const unfit = (why: string): EngineFailure =>
  inputFailure(
    "the snapshot to go on from",
    `it does not fit this run (${why})`,
    "Start the training from its first step",
  )

/** The state in a snapshot's file, read to where it belongs; fails when it is of another network or rank. */
export const readSnapshot = Effect.fn("readSnapshot")(function* (file: string, layout: AdapterLayout) {
  const opened = <A>(work: Effect.Effect<A, BadFile>) => Effect.mapError(work, ({ message }) => unfit(message))
  const header = yield* opened(readSafetensorsHeader(file))
  const state = freshState(new Float32Array(layout.length))
  for (const [part, array] of arraysOf(state)) {
    for (const matrix of matricesOf(layout)) {
      const name = `${part}/${matrix.name}`
      const stored = header.tensors.get(name)?.shape
      if (`${stored}` !== `${matrix.fileShape}`) {
        return yield* unfit(`${name} has shape [${stored ?? "none"}], the run needs [${matrix.fileShape}]`)
      }
      yield* opened(readFloat32Into(header, name, viewOf(array, matrix)))
    }
  }
  state.step = Number((yield* opened(readTensor(header, "step")))[0])
  state.lossAverage = Number((yield* opened(readTensor(header, "loss_average")))[0])
  return state
})

/** The custom embedding's rows in a snapshot, for each text encoder; empty when none was trained. */
export const embeddingIn = (snapshot: SafetensorsHeader): Effect.Effect<readonly EmbeddingRows[], BadFile> =>
  Effect.forEach(
    embeddingTables.map((table) => `adapter/${table}`).filter((name) => snapshot.tensors.has(name)),
    (name) =>
      Effect.map(readTensorAsFloat32(snapshot, name), (data) => ({ data, shape: snapshot.tensors.get(name)!.shape })),
  )

const downName = /^adapter\/(.+)\.lora_down\.weight$/

/** The adapters in a snapshot as modules of a LoRA file; alpha is what such files store in place of the scale. */
export const loraModulesInSnapshot = (
  snapshot: SafetensorsHeader,
  networkScale: number,
): readonly LoraModuleToCome[] => {
  const matrix = (name: string) => readTensorAsFloat32(snapshot, name)
  return [...snapshot.tensors].flatMap(([name, { shape: downShape }]) => {
    const key = downName.exec(name)?.[1]
    if (key === undefined) return []
    const upName = `adapter/${key}.lora_up.weight`
    const upShape = snapshot.tensors.get(upName)!.shape
    return { key, down: matrix(name), up: matrix(upName), downShape, upShape, alpha: networkScale * downShape[0]! }
  })
}
