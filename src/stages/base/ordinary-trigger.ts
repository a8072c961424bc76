/**
 * Whether a trigger word already means something to the base model: then training bends that meaning instead of giving a new one.
 *
 * CLIP's vocabulary is in order of frequency (byte-pair merges are learned from the most frequent on), so a word that is a
 * single token, or put together of such words, and stands well before the end of the vocabulary, is an ordinary word. "dog" is;
 * "sks" is a single token too, but one of the rarest. One unknown word in a phrase is enough to make it new.
 *
 * Where the tokens do not tell (a small vocabulary, short words as in "my dog"), the text state does, once the text encoder runs:
 * a trigger whose state is as good as an ordinary word's is taken for that word.
 */
import { Effect } from "effect"
import { endlessRoom, openClipTokenizer } from "../../engine/base/clip-tokenizer.ts"
import type { BaseModelFiles } from "../../engine/jobs/train-job.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"

/** A smaller vocabulary was not learned from the language as people use it, and its order says nothing. */
const smallestTelling = 10_000
/** The last fifth holds what is too rare to mean much ("sks" is number 48136 of 49408). */
const ordinaryShare = 0.8
/** Shorter pieces ("a", "ly") are part of any invented word. */
const shortestPiece = 3

export interface Words {
  /** Token to number. */
  readonly vocabulary: ReadonlyMap<string, number>
  /** The tokens of a text. */
  readonly tokens: (text: string) => readonly string[]
}

const endOfWord = "</w>"

const isOrdinaryWord = (word: string, { vocabulary }: Words): boolean => {
  const id = vocabulary.get(`${word}${endOfWord}`)
  return word.length >= shortestPiece && id !== undefined && id < ordinaryShare * vocabulary.size
}

/** What an ordinary trigger is to the base model, as a clause; undefined for one that is new to it. */
export const ordinaryTrigger = (trigger: string, words: Words): string | undefined => {
  if (words.vocabulary.size < smallestTelling) return undefined
  const spoken = trigger.trim().split(/\s+/)
  const readings = spoken.map((word) => words.tokens(word).map((token) => token.replace(endOfWord, "")))
  const isOrdinary = readings.every(
    (pieces) => pieces.length > 0 && pieces.every((piece) => isOrdinaryWord(piece, words)),
  )
  if (!isOrdinary) return undefined
  if (spoken.length > 1) return "all of its words are ordinary words of this base model"
  const [pieces = []] = readings
  if (pieces.length === 1) return "it is an ordinary word of this base model, a single frequent token"
  return `this base model reads it as ${pieces.map((piece) => `"${piece}"`).join(" + ")}, all of them ordinary words`
}

const hint = 'Training will change what it means already; an invented word such as "ohwx" starts from nothing'

/**
 * Cosine from which on a trigger is taken for the nearest word. Measured on the shipped base: one invented word in a hundred comes this close
 * to one of its words; every word that is a token of its own does, and a third of them with "the" in front.
 */
export const takenFor = 0.9

/** A warning for a trigger whose text state is an ordinary word's. */
export const likeProblems = (
  trigger: string | null,
  like: { readonly word: string; readonly likeness: number } | null,
): readonly Problem[] => {
  if (trigger === null || like === null) return []
  const much = like.likeness.toFixed(2)
  const why = `this base model takes it for "${like.word}": their text states are alike (cosine ${much} of 1)`
  return [{ field: `trigger "${trigger}"`, why, hint, severity: "warning" }]
}

const readWords = Effect.fnUntraced(function* (files: BaseModelFiles) {
  const { vocabulary, tokensOf } = yield* openClipTokenizer(files, "tokenizer", endlessRoom)
  const names = new Map(Object.entries(vocabulary).map(([token, id]) => [id, token]))
  const tokens = (word: string): readonly string[] => tokensOf(word).map((id) => names.get(id) ?? "")
  return { vocabulary: new Map(Object.entries(vocabulary)), tokens } satisfies Words
})

/** A warning for a trigger word that is an ordinary word. What is wrong with the tokenizer itself is told elsewhere. */
export const triggerProblems = Effect.fn("triggerProblems")(function* (
  trigger: string | null,
  files: BaseModelFiles,
): Effect.fn.Return<readonly Problem[]> {
  if (trigger === null) return []
  const words = yield* Effect.orElseSucceed(readWords(files), () => undefined)
  const why = words === undefined ? undefined : ordinaryTrigger(trigger, words)
  if (why === undefined) return []
  return [{ field: `trigger "${trigger}"`, why, hint, severity: "warning" }]
})
