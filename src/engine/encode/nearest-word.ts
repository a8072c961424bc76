/**
 * The ordinary word that a phrase comes closest to in the text encoder: what the base model takes the phrase for.
 *
 * Compared are the states at the end of the text, which have seen all of it, less the mean over the words (they all
 * have much in common). Words are the tokens that stand for a whole word, the most frequent first. Attention looks
 * back only, so a text needs no padding, and a few hundred words cost less than a picture. Of two encoders the first is
 * asked.
 */
import { Effect } from "effect"
import { input } from "../../graph/build.ts"
import { clipText } from "../../models/clip-text.ts"
import { weightsFrom } from "../../models/model-weights.ts"
import { openTextNetworks, type TextNetwork } from "../base/text-networks.ts"
import type { EngineFailure } from "../jobs/engine-failure.ts"
import type { NearestWord, NearestWordJob } from "../jobs/host-protocol.ts"
import { Sessions } from "../session/sessions.ts"

const mostWords = 512
/** Fewer are no language, and say nothing of what is ordinary in it. */
const fewestWords = 100
/** Shorter tokens are mostly ends of other words. */
const shortestWord = 3
const wholeWord = new RegExp(`^(\\p{Ll}{${shortestWord},})</w>$`, "u")

/** Tokens by id, lowest first: the vocabulary is in order of frequency. */
const ordinaryWords = ({ encoder, tokenizer }: TextNetwork): readonly string[] =>
  Object.entries(tokenizer.vocabulary)
    .filter(([, id]) => id < encoder.config.vocab_size)
    .sort(([, a], [, b]) => a - b)
    .flatMap(([token]) => wholeWord.exec(token)?.[1] ?? [])
    .slice(0, mostWords)

/** The state at the end token of each text; all texts have the same number of ids. */
const endStates = Effect.fnUntraced(function* (
  { encoder, skip, hasFinalNorm: finalNorm }: TextNetwork,
  texts: readonly (readonly number[])[],
) {
  const [count, tokens] = [texts.length, texts[0]!.length]
  const session = yield* (yield* Sessions).get({
    kind: "the text encoder",
    facts: ["unpadded", skip, `${finalNorm}`, count, tokens],
    weights: encoder.weights,
    build: () => {
      const scope = { weights: weightsFrom(encoder.weights.header), adapters: new Map() }
      const tokenIds = input("token_ids", [count, tokens], "int64")
      return { outputs: { states: clipText(scope, encoder.config, { tokenIds, skip, finalNorm }).states } }
    },
  })
  const width = encoder.config.hidden_size
  const states = new Float32Array(count * tokens * width)
  yield* session.prepare(
    { token_ids: { data: BigInt64Array.from(texts.flat(), BigInt), shape: [count, tokens] } },
    { states: { data: states, shape: [count, tokens, width] } },
  )
  return texts.map((_, text) => states.subarray(((text + 1) * tokens - 1) * width, (text + 1) * tokens * width))
})

const meanOf = (vectors: readonly Float32Array[]): Float64Array => {
  const mean = new Float64Array(vectors[0]!.length)
  for (const vector of vectors) for (let at = 0; at < mean.length; at++) mean[at]! += vector[at]! / vectors.length
  return mean
}

/** Cosine of two vectors, both less the same mean. */
const likeness = (a: Float32Array, b: Float32Array, mean: Float64Array): number => {
  let [dot, lengthA, lengthB] = [0, 0, 0]
  for (let at = 0; at < mean.length; at++) {
    const [x, y] = [a[at]! - mean[at]!, b[at]! - mean[at]!]
    dot += x * y
    lengthA += x * x
    lengthB += y * y
  }
  return dot / Math.sqrt(lengthA * lengthB)
}

export const nearestWord = Effect.fn("nearestWord")(function* ({
  base,
  phrase,
  encoding,
}: NearestWordJob): Effect.fn.Return<NearestWord | null, EngineFailure, Sessions> {
  const network = (yield* openTextNetworks(base, encoding))[0]!
  const { tokenizer } = network
  const unpadded = (text: string): readonly number[] => {
    const { ids } = tokenizer.encode(text)
    return ids.slice(0, ids.indexOf(tokenizer.endId, 1) + 1)
  }
  const words = ordinaryWords(network).filter((word) => unpadded(word).length === 3)
  if (words.length < fewestWords) return null
  const known = yield* endStates(network, words.map(unpadded))
  const [wanted] = yield* endStates(network, [unpadded(phrase)])
  const mean = meanOf(known)
  return words
    .map((word, index): NearestWord => ({ word, likeness: likeness(wanted!, known[index]!, mean) }))
    .reduce((nearest, one) => (one.likeness > nearest.likeness ? one : nearest))
})
