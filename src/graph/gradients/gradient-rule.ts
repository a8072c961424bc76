/**
 * What a gradient rule is.
 *
 * A rule receives one node and the gradient of the loss with respect to its first output, and says for every input how
 * the gradient goes on: a function that builds it, or `none` where there is none. Functions, because the walk calls
 * only those whose input leads to a target: a frozen weight's gradient is never built.
 * A rule may return the gradient in the shape of the output; the walk sums away what broadcasting had repeated.
 */
import type { OperationName } from "../operations.ts"
import type { NodeOf, Tensor } from "../tensor.ts"

export interface Backward<O extends OperationName> {
  readonly node: NodeOf<O>
  /** The node's inputs as the rule shall read them: frozen 16-bit weights come as a cast of their own. */
  readonly inputs: readonly Tensor[]
  /** First output. A rule that reads it keeps it in memory until the backward pass. */
  readonly y: Tensor
  /** Gradient of the loss with respect to y. */
  readonly g: Tensor
}

export const none = undefined
/** The gradient of the loss with respect to one input. */
export type InputGradient = (() => Tensor) | typeof none

/** One per input. */
export type GradientRule<O extends OperationName> = (backward: Backward<O>) => readonly InputGradient[]

/** This operation passes no gradient on, for a reason. */
export class NoGradient {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}
