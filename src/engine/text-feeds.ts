/**
 * Captions as feeds of a graph that holds the text encoder: token ids, and where the rows of an embedding stand in them.
 *
 * An id from `firstId` on is a row of the embedding. The frozen table has no such row, so the graph is fed id 0 there, with a
 * mask that takes the frozen row out again and a placement that puts the learned one in.
 */
import { input } from "../graph/build.ts"
import type { Tensor } from "../graph/tensor.ts"
import type { LearnedRows } from "../models/clip-text.ts"
import type { ArrayInPlace } from "./session.ts"

/** The ids that stand for an embedding's rows. */
export interface EmbeddingIds {
  readonly firstId: number
  readonly length: number
}

/** The graph's side: `rows` are the embedding's rows, null without one. */
export const textInputs = (
  captions: number,
  tokens: number,
  rows: Tensor | null,
): { readonly tokenIds: Tensor; readonly learned?: LearnedRows } => {
  const tokenIds = input("token_ids", [captions, tokens], "int64")
  if (rows === null) return { tokenIds }
  const placement = input("learned_placement", [captions * tokens, rows.shape[0]!])
  return { tokenIds, learned: { rows, placement, kept: input("learned_kept", [captions * tokens, 1]) } }
}

export interface TextFeeds {
  readonly feeds: Readonly<Record<string, ArrayInPlace>>
  /** Puts a caption in its place among those of a run. */
  readonly fill: (tokenIds: readonly number[], place: number) => void
}

export const textFeeds = (captions: number, tokens: number, embedding: EmbeddingIds | null): TextFeeds => {
  const { firstId = Number.POSITIVE_INFINITY, length = 0 } = embedding ?? {}
  const ids = new BigInt64Array(captions * tokens)
  const placement = new Float32Array(captions * tokens * length)
  const kept = new Float32Array(captions * tokens)
  return {
    feeds: {
      token_ids: { data: ids, shape: [captions, tokens] },
      ...(embedding !== null && {
        learned_placement: { data: placement, shape: [captions * tokens, length] },
        learned_kept: { data: kept, shape: [captions * tokens, 1] },
      }),
    },
    fill: (tokenIds, place) => {
      placement.fill(0, place * tokens * length, (place + 1) * tokens * length)
      tokenIds.forEach((id, position) => {
        const at = place * tokens + position
        const isLearned = id >= firstId
        ids[at] = BigInt(isLearned ? 0 : id)
        kept[at] = isLearned ? 0 : 1
        if (isLearned) placement[at * length + id - firstId] = 1
      })
    },
  }
}
