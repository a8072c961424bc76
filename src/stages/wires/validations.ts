/** Validation losses on the wires: of each checkpoint, and what of a training they depend on. */
import { Schema } from "effect"
import { Blob } from "../../runtime/model/blob.ts"
import type { Wire } from "../../runtime/model/wire.ts"
import { named } from "../../runtime/model/word.ts"
import { TrainedStart } from "../../settings/trained-start.ts"

/**
 * A checkpoint as far as its validation loss goes. What only drives a training (rates, steps) is left out, so that more steps leave
 * the losses of earlier checkpoints as they are.
 */
export const ValidatedCheckpoint = named(
  "checkpoint to validate",
  Schema.Struct({
    /** 0: before the first step. */
    step: Schema.Int,
    adapter: Schema.NullOr(Blob),
    embedding: Schema.NullOr(Blob),
    /** What the training started from. */
    trained: TrainedStart,
  }),
)
export interface ValidatedCheckpoint extends Schema.Schema.Type<typeof ValidatedCheckpoint> {}

/** Mean squared errors of one checkpoint: over everything, by quarter of denoising (the noisy start first), and by picture. */
export const ValidationLoss = named(
  "validation loss",
  Schema.Struct({
    /** Of the checkpoint; 0: before the first step. */
    step: Schema.Int,
    /** Over all pictures and timesteps. */
    loss: Schema.Finite,
    /** By quarter of denoising, the noisy start first. */
    bands: Schema.Array(Schema.Finite),
    /** By file name. */
    pictures: Schema.Array(Schema.Struct({ key: Schema.String, loss: Schema.Finite })),
  }),
)
export interface ValidationLoss extends Schema.Schema.Type<typeof ValidationLoss> {}

/** Losses of all checkpoints in order, the untrained state first. */
export const Validation = named(
  "validation",
  Schema.Struct({
    /** Of the LoRA. */
    name: Schema.String,
    losses: Schema.Array(ValidationLoss),
    /** The losses as a table, for reading and for spreadsheets. */
    table: Blob,
  }),
)
export interface Validation extends Schema.Schema.Type<typeof Validation> {}

/** The wire that `validate` gives. */
export interface ValidatedCheckpoints extends Wire<"validation", Validation> {}
