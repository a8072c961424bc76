/**
 * What a UNet is told of a text: states, one row per token, and in some families a pooled vector of the whole text.
 *
 * The two belong together wherever they go, as tensors of a graph, as numbers, as shapes or as feeds; `Value` says as what.
 */
import { Schema } from "effect"

export interface TextCondition<Value> {
  /** [tokens, width]; of several encoders, their widths side by side. */
  readonly states: Value
  /** [width]; null in families whose UNet takes none. */
  readonly pooled: Value | null
}

/** The shapes of a condition's parts. */
export const ConditionShape = Schema.Struct({
  states: Schema.Array(Schema.Int),
  pooled: Schema.NullOr(Schema.Array(Schema.Int)),
})
export type ConditionShape = TextCondition<readonly number[]>

/** Each part, with the same part of another condition that has the same parts. */
export const mapCondition = <A, B>(
  { states, pooled }: TextCondition<A>,
  of: (value: A, part: keyof TextCondition<A>) => B,
): TextCondition<B> => ({ states: of(states, "states"), pooled: pooled === null ? null : of(pooled, "pooled") })

/** The parts that there are, states first. */
export const conditionParts = <A>({ states, pooled }: TextCondition<A>): readonly A[] =>
  pooled === null ? [states] : [states, pooled]
