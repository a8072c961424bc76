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

/** Of several text encoders: their states joined, and the pooled vector of the one that gives it. */
export const joinConditions = <A>(
  conditions: readonly TextCondition<A>[],
  joinStates: (states: readonly A[]) => A,
): TextCondition<A> => ({
  states: joinStates(conditions.map(({ states }) => states)),
  pooled: conditions.find(({ pooled }) => pooled !== null)?.pooled ?? null,
})

/** The parts that there are, by name, states first. */
export const presentParts = <A>({ states, pooled }: TextCondition<A>): Readonly<Record<string, A>> =>
  pooled === null ? { states } : { states, pooled }

export const conditionParts = <A>(condition: TextCondition<A>): readonly A[] => Object.values(presentParts(condition))
