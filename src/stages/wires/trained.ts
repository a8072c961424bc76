/** Trained adapters on the wires: at every step that was asked for, with what made them. */
import { Schema } from "effect"
import { Blob } from "../../runtime/model/blob.ts"
import type { Output } from "../../runtime/model/wire.ts"
import { TrainSettings } from "../../settings/train-settings.ts"
import type { BaseModel } from "./base-files.ts"
import type { Dataset } from "./dataset.ts"

/** What training gives: the adapters at every step that was asked for, and what made them. */
export const Trained = Schema.Struct({
  /** In order; the last one is the result. A LoRA file and an embedding file, without metadata; null: not trained. */
  saves: Schema.Array(
    Schema.Struct({ step: Schema.Int, adapter: Schema.NullOr(Blob), embedding: Schema.NullOr(Blob) }),
  ),
  settings: TrainSettings,
  /** Digest of the code that trained. */
  code: Schema.String,
})
export type Trained = typeof Trained.Type

/** Trained adapters, with the dataset and the base model they belong to. */
export interface TrainedAdapters extends Output<Trained> {
  readonly dataset: Output<Dataset>
  readonly base: BaseModel
}
