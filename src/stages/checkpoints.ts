/** LoRA files on the wires, one per saved step. */
import { Schema } from "effect"
import { Blob } from "../runtime/blob.ts"
import type { Output } from "../runtime/wire.ts"
import type { TrainedAdapters } from "./trained.ts"

export const Checkpoints = Schema.Struct({
  /** Of the LoRA, without step or extension. */
  name: Schema.String,
  files: Schema.Array(
    Schema.Struct({
      step: Schema.Int,
      fileName: Schema.String,
      file: Blob,
      /** Whether it is written to the output folder. */
      isKept: Schema.Boolean,
      /** `sshs_model_hash`: by it A1111 and Civitai recognise the file. */
      modelHash: Schema.String,
    }),
  ),
})
export type Checkpoints = typeof Checkpoints.Type

/** LoRA files, with what they were made from. */
export interface LoraCheckpoints extends Output<Checkpoints> {
  readonly lora: TrainedAdapters
}
