/** Trained adapters on the wires: at every step that was asked for, with what made them. */
import { Schema } from "effect"
import { Blob } from "../../runtime/model/blob.ts"
import type { Wire } from "../../runtime/model/wire.ts"
import { named } from "../../runtime/model/word.ts"
import { TrainSettings } from "../../settings/train-settings.ts"

/** What training gives: the adapters at every step that was asked for, and what made them. */
export const Trained = named(
  "trained adapters",
  Schema.Struct({
    /** In order; the last one is the result. A LoRA file and an embedding file, without metadata; null: not trained. */
    saves: Schema.Array(
      Schema.Struct({ step: Schema.Int, adapter: Schema.NullOr(Blob), embedding: Schema.NullOr(Blob) }),
    ),
    /** Every parameter of the training that decides the numbers, with defaults filled in. */
    settings: TrainSettings,
    /** Digest of the code that trained. */
    code: Schema.String,
    /** Kind of machine that it was trained on, which decides the last bits. */
    machine: Schema.String,
  }),
)
export interface Trained extends Schema.Schema.Type<typeof Trained> {}

/** The wire that `train` gives. */
export interface TrainedAdapters extends Wire<"trained adapters", Trained> {}
