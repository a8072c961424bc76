/**
 * The files of a model's tokenizer folder, read whole and checked against each other.
 *
 * Vocabulary and merges lie in vocab.json and merges.txt, or, where one of these is absent, in tokenizer.json. Of the latter only they
 * and the added tokens count, as for transformers, which builds the rest of CLIP's tokenizer itself.
 */
import { Effect, Schema } from "effect"
import { type EngineFailure, inputFailure } from "../jobs/engine-failure.ts"
import type { BaseModelFiles } from "../jobs/train-job.ts"
import {
  AddedTokensFile,
  addedTokensIn,
  NumberedToken,
  SpecialTokensMap,
  type SpecialWords,
  specialWordsIn,
  type TokenFiles,
  TokenizerConfig,
} from "./added-tokens.ts"
import { hasBaseFile, readBaseJson, readBaseText } from "./base-file.ts"
import type { Merge, Vocabulary } from "./byte-pairs.ts"
import { type TokenizerContent, vocabularyProblem } from "./vocabulary-problem.ts"

const again = "Download the tokenizer again"

const VocabularyFile = Schema.Record(Schema.String, Schema.Int)
const MergeEntry = Schema.Union([Schema.String, Schema.Tuple([Schema.String, Schema.String])])
const TokenizerFile = Schema.Struct({
  added_tokens: Schema.optionalKey(Schema.Array(NumberedToken)),
  model: Schema.Struct({ vocab: VocabularyFile, merges: Schema.Array(MergeEntry) }),
})

/** Vocabulary and merges, and the paths that a failure names. */
interface Learned {
  readonly vocabulary: Vocabulary
  readonly merges: readonly Merge[]
  readonly listed: TokenFiles["listed"]
  readonly vocabularyPath: string
  readonly mergesPath: string
}

export interface TokenizerParts extends TokenizerContent {
  readonly words: SpecialWords
  /** The number of each added token. */
  readonly addedIds: ReadonlyMap<string, number>
  /** Tokens of a caption that the tokenizer is made for, with start and end; infinite where it does not say. */
  readonly maximum: number
}

const mergeOf = (line: string): Merge => line.split(" ") as unknown as Merge

/** The lines of merges.txt without its version line. */
const mergesIn = (text: string): readonly Merge[] =>
  text
    .split(/\r\n|\n|\r/)
    .filter((line, index) => line !== "" && !(index === 0 && line.startsWith("#version")))
    .map(mergeOf)

const readLearned = Effect.fn("readLearned")(function* (
  files: BaseModelFiles,
  folder: string,
): Effect.fn.Return<Learned, EngineFailure> {
  const [vocabularyPath, mergesPath, wholePath] = [
    `${folder}/vocab.json`,
    `${folder}/merges.txt`,
    `${folder}/tokenizer.json`,
  ]
  if (hasBaseFile(files, vocabularyPath) && hasBaseFile(files, mergesPath)) {
    const vocabulary = yield* readBaseJson(files, vocabularyPath, VocabularyFile)
    const merges = mergesIn(yield* readBaseText(files, mergesPath))
    return { vocabulary, merges, listed: [], vocabularyPath, mergesPath }
  }
  if (hasBaseFile(files, wholePath)) {
    const { model, added_tokens = [] } = yield* readBaseJson(files, wholePath, TokenizerFile)
    const merges = model.merges.map((merge) => (typeof merge === "string" ? mergeOf(merge) : merge))
    return { vocabulary: model.vocab, merges, listed: added_tokens, vocabularyPath: wholePath, mergesPath: wholePath }
  }
  return yield* inputFailure(
    vocabularyPath,
    "the base model has no tokenizer (neither vocab.json with merges.txt nor tokenizer.json)",
    "Give the whole diffusers folder, with its tokenizer folder",
  )
})

/** Start, text and end need a place each. */
const shortestLength = 3

/** Transformers writes 1e30 where a tokenizer knows no limit. */
const checkMaximum = (files: BaseModelFiles, path: string, length: number): Effect.Effect<number, EngineFailure> => {
  const isLimit = length >= shortestLength && (Number.isInteger(length) || length === Number.POSITIVE_INFINITY)
  if (isLimit) return Effect.succeed(length)
  const why = `model_max_length = ${length}, expected a whole number of at least ${shortestLength} tokens`
  return inputFailure(
    files[path] ?? path,
    why,
    "Stable Diffusion's tokenizers have 77; take the field out to use the text encoder's own",
  )
}

const numbersOf = ({ vocabulary, added }: TokenizerContent): ReadonlyMap<string, number> => {
  let next = Object.keys(vocabulary).length
  return new Map(
    added.map(({ content }) => [content, Object.hasOwn(vocabulary, content) ? vocabulary[content]! : next++]),
  )
}

/** The tokenizer's folder, of which nothing is taken that does not fit together. */
export const readTokenizerFiles = Effect.fn("readTokenizerFiles")(function* (
  files: BaseModelFiles,
  folder: string,
): Effect.fn.Return<TokenizerParts, EngineFailure> {
  const read = <A, I>(name: string, schema: Schema.Codec<A, I>, absent: A) =>
    hasBaseFile(files, `${folder}/${name}`) ? readBaseJson(files, `${folder}/${name}`, schema) : Effect.succeed(absent)
  const config = yield* read("tokenizer_config.json", TokenizerConfig, {})
  const map = yield* read("special_tokens_map.json", SpecialTokensMap, {})
  const addedFile = yield* read("added_tokens.json", AddedTokensFile, {})
  const { vocabulary, merges, listed, vocabularyPath, mergesPath } = yield* readLearned(files, folder)
  const tokenFiles: TokenFiles = { config, map, added: addedFile, listed }
  const words = specialWordsIn(tokenFiles)
  const content = { vocabulary, merges, added: addedTokensIn(tokenFiles) }
  const addedPath =
    config.added_tokens_decoder === undefined && hasBaseFile(files, `${folder}/added_tokens.json`)
      ? `${folder}/added_tokens.json`
      : `${folder}/tokenizer_config.json`
  const paths = { vocabulary: vocabularyPath, merges: mergesPath, added: listed.length > 0 ? mergesPath : addedPath }
  const missing = [words.start, words.end, words.pad].find((word) => !Object.hasOwn(vocabulary, word))
  const problem =
    missing === undefined
      ? vocabularyProblem(content)
      : ({ file: "vocabulary", why: `its vocabulary lacks the special token ${missing}` } as const)
  if (problem !== undefined) {
    const path = paths[problem.file]
    return yield* inputFailure(files[path] ?? path, problem.why, again)
  }
  const maximum = yield* checkMaximum(
    files,
    `${folder}/tokenizer_config.json`,
    config.model_max_length ?? Number.POSITIVE_INFINITY,
  )
  return { ...content, words, addedIds: numbersOf(content), maximum }
})
