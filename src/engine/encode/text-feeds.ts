/**
 * Captions as feeds of a graph that holds text encoders: token ids, where the rows of an embedding stand in them, and
 * where a caption ends for the pooled vector.
 *
 * An id from `firstId` on is a row of the embedding. The frozen table has no such row, so the graph is fed id 0 there, with a
 * mask that takes the frozen row out again and a placement that puts the learned one in. The inputs of several encoders differ in
 * the endings of their names.
 */
import { input } from "../../graph/build.ts"
import type { Tensor } from "../../graph/tensor.ts"
import { clipText } from "../../models/clip-text.ts"
import type { ModelScope } from "../../models/lora-branch.ts"
import type { TextCondition } from "../../settings/text-condition.ts"
import type { TextNetwork } from "../base/text-networks.ts"
import type { ArrayInPlace } from "../session/session.ts"

/** What the parts of a condition are called where it is fed to a UNet's graph. */
export const conditionNames = { states: "text_states", pooled: "text_embeds" } as const

export const conditionFeeds = <A>({ states, pooled }: TextCondition<A>): Readonly<Record<string, A>> => ({
  [conditionNames.states]: states,
  ...(pooled !== null && { [conditionNames.pooled]: pooled }),
})

/** Captions of one run. */
export interface Captions {
  readonly count: number
  /** Of each; all encoders of a model have the same. */
  readonly tokens: number
}

/** The graph's side: states, and from the encoder that gives it the pooled vector. `rows` are an embedding's, null without one. */
export const textGraph = (
  network: TextNetwork,
  scope: ModelScope,
  { count, tokens }: Captions,
  rows: Tensor | null,
): TextCondition<Tensor> => {
  const named = (name: string): string => `${name}${network.ending}`
  return clipText(scope, network.encoder.config, {
    tokenIds: input(named("token_ids"), [count, tokens], "int64"),
    skip: network.skip,
    finalNorm: network.hasFinalNorm,
    ...(network.isPooled && { pooledRows: input(named("pooled_rows"), [count], "int64") }),
    ...(rows && {
      learned: {
        rows,
        placement: input(named("learned_placement"), [count * tokens, rows.shape[0]!]),
        kept: input(named("learned_kept"), [count * tokens, 1]),
      },
    }),
  })
}

export interface TextFeeds {
  readonly feeds: Readonly<Record<string, ArrayInPlace>>
  /** Puts a caption in its place among those of a run. */
  readonly fill: (tokenIds: readonly number[], place: number) => void
}

/** `learned`: how many rows an embedding has in this graph; 0: none. */
export const textFeeds = (network: TextNetwork, { count, tokens }: Captions, learned: number): TextFeeds => {
  const firstId = learned === 0 ? Number.POSITIVE_INFINITY : network.encoder.config.vocab_size
  const ids = new BigInt64Array(count * tokens)
  const ends = new BigInt64Array(count)
  const placement = new Float32Array(count * tokens * learned)
  const kept = new Float32Array(count * tokens)
  const feeds: Record<string, ArrayInPlace> = {
    token_ids: { data: ids, shape: [count, tokens] },
    ...(network.isPooled && { pooled_rows: { data: ends, shape: [count] } }),
    ...(learned > 0 && {
      learned_placement: { data: placement, shape: [count * tokens, learned] },
      learned_kept: { data: kept, shape: [count * tokens, 1] },
    }),
  }
  return {
    feeds: Object.fromEntries(Object.entries(feeds).map(([name, array]) => [`${name}${network.ending}`, array])),
    fill: (tokenIds, place) => {
      placement.fill(0, place * tokens * learned, (place + 1) * tokens * learned)
      ends[place] = BigInt(place * tokens + tokenIds.indexOf(network.tokenizer.endId))
      tokenIds.forEach((id, position) => {
        const at = place * tokens + position
        const isLearned = id >= firstId
        ids[at] = BigInt(isLearned ? 0 : id)
        kept[at] = isLearned ? 0 : 1
        if (isLearned) placement[at * learned + id - firstId] = 1
      })
    },
  }
}
