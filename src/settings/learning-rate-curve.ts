/**
 * The curves a learning rate can follow after warm-up, as data; what they give at each update: `diffusion/learning-rate.ts`.
 *
 * They count in updates of their own and never look at the length of the run, so that two plans which agree up to an
 * update give the same training up to there.
 */
import { Schema } from "effect"

/** What the curve comes down to. */
const floor = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

export const LearningRateCurve = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("constant") }),
  /** Half a cosine from the peak, after warm-up, down to `floor` at update `steps` and held there. */
  Schema.Struct({
    kind: Schema.Literal("cosine"),
    floor,
    steps: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)),
  }),
  /** Half cosines from the peak to `floor`, one each `stepsBetweenRestarts` − 1 updates, not delayed by warm-up. */
  Schema.Struct({
    kind: Schema.Literal("cosine-restarts"),
    floor,
    stepsBetweenRestarts: Schema.Int.check(Schema.isGreaterThanOrEqualTo(2)),
  }),
])
export type LearningRateCurve = typeof LearningRateCurve.Type
