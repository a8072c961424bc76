/**
 * Snapshots: the whole state of a training run between two steps, as the bytes of a safetensors file.
 *
 * Adapter matrices and embedding rows, both Adam moments, the number of updates done and the loss average. Random streams are named by the
 * step and need no state. Equal states give equal bytes, and a run continued from a snapshot is bit-identical to one
 * that was never interrupted.
 */
import { Effect } from "effect"
import type { EmbeddingRows } from "../../formats/embedding-file.ts"
import type { LoraModule } from "../../formats/lora-file.ts"
import { decodeSafetensors, encodeSafetensors, type TensorToStore } from "../../formats/safetensors.ts"
import { embeddingTables } from "../../settings/family.ts"
import { type EngineFailure, inputFailure, wordsOf } from "../jobs/engine-failure.ts"
import type { AdamWState } from "./adam-w.ts"
import { type AdapterLayout, matricesOf, viewOf } from "./adapter-layout.ts"

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

export const encodeSnapshot = (layout: AdapterLayout, state: TrainState): Uint8Array => {
  const tensors = new Map<string, TensorToStore>()
  for (const [part, array] of arraysOf(state)) {
    for (const matrix of matricesOf(layout)) {
      tensors.set(`${part}/${matrix.name}`, { dtype: "F32", shape: matrix.fileShape, data: viewOf(array, matrix) })
    }
  }
  tensors.set("step", { dtype: "I64", shape: [1], data: BigInt64Array.of(BigInt(state.step)) })
  tensors.set("loss_average", { dtype: "F64", shape: [1], data: Float64Array.of(state.lossAverage) })
  return encodeSafetensors(tensors, { loom_snapshot: "1" })
}

const restore = (layout: AdapterLayout, bytes: Uint8Array): TrainState => {
  const { header, float32, values } = decodeSafetensors(bytes, "the snapshot")
  const state = freshState(new Float32Array(layout.length))
  for (const [part, array] of arraysOf(state)) {
    for (const matrix of matricesOf(layout)) {
      const name = `${part}/${matrix.name}`
      const stored = header.tensors.get(name)?.shape
      if (`${stored}` !== `${matrix.fileShape}`) {
        throw new Error(`${name} has shape [${stored ?? "none"}], the run needs [${matrix.fileShape}]`)
      }
      viewOf(array, matrix).set(float32(name))
    }
  }
  state.step = Number((values("step") as BigInt64Array)[0])
  state.lossAverage = (values("loss_average") as Float64Array)[0]!
  return state
}

/** The state a snapshot holds; fails when it belongs to another network or rank. */
export const decodeSnapshot = (layout: AdapterLayout, bytes: Uint8Array): Effect.Effect<TrainState, EngineFailure> =>
  Effect.try({
    try: () => restore(layout, bytes),
    catch: (thrown) =>
      inputFailure(
        "the snapshot to go on from",
        `it does not fit this run (${wordsOf(thrown)})`,
        "Start the training from its first step",
      ),
  })

/** The custom embedding's rows in a snapshot, for each text encoder; empty when none was trained. */
export const embeddingOf = (snapshot: Uint8Array): readonly EmbeddingRows[] => {
  const { header, float32 } = decodeSafetensors(snapshot, "the snapshot")
  return embeddingTables.flatMap((table) => {
    const name = `adapter/${table}`
    const stored = header.tensors.get(name)
    return stored === undefined ? [] : [{ data: float32(name), shape: stored.shape }]
  })
}

const downName = /^adapter\/(.+)\.lora_down\.weight$/

/** The adapters in a snapshot as modules of a LoRA file; alpha is what such files store in place of the scale. */
export const loraModulesOf = (snapshot: Uint8Array, networkScale: number): readonly LoraModule[] => {
  const { header, float32 } = decodeSafetensors(snapshot, "the snapshot")
  return [...header.tensors].flatMap(([name, { shape: downShape }]) => {
    const key = downName.exec(name)?.[1]
    if (key === undefined) return []
    const upName = `adapter/${key}.lora_up.weight`
    const upShape = header.tensors.get(upName)!.shape
    return { key, down: float32(name), up: float32(upName), downShape, upShape, alpha: networkScale * downShape[0]! }
  })
}
