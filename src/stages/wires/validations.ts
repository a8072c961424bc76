/** Validation losses on the wires: of each checkpoint, and what of a training they depend on. */
import { Schema } from "effect"
import { Blob } from "../../runtime/model/blob.ts"
import { TrainedStart } from "../../settings/trained-start.ts"

/**
 * A checkpoint as far as its validation loss goes. What only drives a training (rates, steps) is left out, so that more steps leave
 * the losses of earlier checkpoints as they are.
 */
export const ValidatedCheckpoint = Schema.Struct({
  /** 0: before the first step. */
  step: Schema.Int,
  adapter: Schema.NullOr(Blob),
  embedding: Schema.NullOr(Blob),
  /** What the training started from. */
  trained: TrainedStart,
})
export type ValidatedCheckpoint = typeof ValidatedCheckpoint.Type

/** Mean squared errors: over everything, by quarter of denoising (the noisy start first), and by picture. */
export const ValidationLoss = Schema.Struct({
  step: Schema.Int,
  loss: Schema.Finite,
  bands: Schema.Array(Schema.Finite),
  pictures: Schema.Array(Schema.Struct({ key: Schema.String, loss: Schema.Finite })),
})
export type ValidationLoss = typeof ValidationLoss.Type

/** Of all checkpoints in order, the untrained state first. */
export const Validation = Schema.Struct({
  name: Schema.String,
  losses: Schema.Array(ValidationLoss),
  /** The losses as a table, for reading and for spreadsheets. */
  table: Blob,
})
export type Validation = typeof Validation.Type
