/**
 * CLIP's byte-pair tokenizer, made from the files of a model's tokenizer folder.
 *
 * Models carry vocab.json and merges.txt, and some tokenizer.json, which is used when the first two are absent. The
 * pipeline of normalisation, splitting and merging is the one that `CLIPTokenizer` of transformers builds
 * (models/clip/tokenization_clip.py, version 5.24). A caption is cut to the model's length, and what was cut off is
 * reported, never dropped in silence.
 */
import { Tokenizer } from "@huggingface/tokenizers"
import { Effect, Schema } from "effect"
import { splitAtMentions } from "../../formats/embedding-mention.ts"
import { type EngineFailure, inputFailure, wordsOf } from "../jobs/engine-failure.ts"
import type { BaseModelFiles } from "../jobs/train-job.ts"
import { fileSignature, hasBaseFile, readBaseJson, readBaseText } from "./base-file.ts"

export interface TokenizedText {
  /** Exactly `length` ids: start, text, end, padding. */
  readonly ids: readonly number[]
  /** The words that no longer fitted. */
  readonly truncated: readonly string[]
  /** How often the embedding is in the ids, counting a mention that was cut in two. */
  readonly mentions: number
}

/** An embedding stands in a text by its keyword, and among the ids as `firstId` to `firstId + length − 1`. */
export interface EmbeddingWord {
  readonly keyword: string
  readonly firstId: number
  readonly length: number
}

export interface ClipTokenizer {
  /** Tokens of a caption with start and end, 77 for every CLIP. */
  readonly length: number
  /** The end-of-text token by the tokenizer's own word; many a config.json names another, wrong one. */
  readonly endId: number
  /** Token to id. */
  readonly vocabulary: Readonly<Record<string, number>>
  /** The ids of a text alone, without start, end or limit. */
  readonly tokensOf: (text: string) => readonly number[]
  readonly encode: (text: string, embedding?: EmbeddingWord) => TokenizedText
}

/** A special token is written as a word or as a record around one. */
const Token = Schema.Union([Schema.String, Schema.Struct({ content: Schema.String })])
const OptionalToken = Schema.optionalKey(Schema.NullOr(Token))
const SpecialTokens = Schema.Struct({
  bos_token: OptionalToken,
  eos_token: OptionalToken,
  pad_token: OptionalToken,
  unk_token: OptionalToken,
  model_max_length: Schema.optionalKey(Schema.NullOr(Schema.Number)),
})
const Vocabulary = Schema.Record(Schema.String, Schema.Int)
const TokenizerFile = Schema.Struct({ model: Schema.Struct({ vocab: Vocabulary }) })

interface SpecialWords {
  readonly start: string
  readonly end: string
  readonly pad: string
  readonly unknown: string
}

const wordOf = (token: typeof Token.Type | null | undefined): string | undefined =>
  typeof token === "string" ? token : token?.content

/** tokenizer_config.json and, in older folders, special_tokens_map.json; silence means CLIP's original tokens. */
const readSpecialTokens = Effect.fn("readSpecialTokens")(function* (files: BaseModelFiles, folder: string) {
  const read = (path: string) =>
    hasBaseFile(files, path) ? readBaseJson(files, path, SpecialTokens) : Effect.succeed<typeof SpecialTokens.Type>({})
  const map = yield* read(`${folder}/special_tokens_map.json`)
  const config = yield* read(`${folder}/tokenizer_config.json`)
  const end = wordOf(config.eos_token) ?? wordOf(map.eos_token) ?? "<|endoftext|>"
  const words: SpecialWords = {
    start: wordOf(config.bos_token) ?? wordOf(map.bos_token) ?? "<|startoftext|>",
    end,
    pad: wordOf(config.pad_token) ?? wordOf(map.pad_token) ?? end,
    unknown: wordOf(config.unk_token) ?? wordOf(map.unk_token) ?? end,
  }
  return { words, maximum: config.model_max_length ?? Number.POSITIVE_INFINITY }
})

/** What tokenizer.json would hold, had the model brought one. */
const pipelineOf = (vocabulary: typeof Vocabulary.Type, merges: readonly string[], words: SpecialWords) => ({
  added_tokens: [...new Set([words.start, words.end, words.pad, words.unknown])].map((content) => ({
    id: vocabulary[content],
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: {
    type: "Sequence",
    normalizers: [
      { type: "NFC" },
      { type: "Replace", pattern: { Regex: "\\s+" }, content: " " },
      { type: "Lowercase" },
    ],
  },
  pre_tokenizer: {
    type: "Sequence",
    pretokenizers: [
      {
        type: "Split",
        pattern: {
          Regex: "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+",
        },
        behavior: "Removed",
        invert: true,
      },
      { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    ],
  },
  post_processor: {
    type: "RobertaProcessing",
    sep: [words.end, vocabulary[words.end]],
    cls: [words.start, vocabulary[words.start]],
    trim_offsets: false,
    add_prefix_space: false,
  },
  decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: {
    type: "BPE",
    unk_token: words.unknown,
    continuing_subword_prefix: "",
    end_of_word_suffix: "</w>",
    fuse_unk: false,
    vocab: vocabulary,
    merges,
  },
})

/** The lines of merges.txt without its version line. */
const mergesIn = (text: string): readonly string[] =>
  text.split(/\r?\n/).filter((line, index) => line !== "" && !(index === 0 && line.startsWith("#version")))

const readPipeline = Effect.fn("readPipeline")(function* (files: BaseModelFiles, folder: string, words: SpecialWords) {
  const [vocabFile, mergesFile, wholeFile] = ["vocab.json", "merges.txt", "tokenizer.json"].map((n) => `${folder}/${n}`)
  if (hasBaseFile(files, vocabFile!) && hasBaseFile(files, mergesFile!)) {
    const vocabulary = yield* readBaseJson(files, vocabFile!, Vocabulary)
    const merges = mergesIn(yield* readBaseText(files, mergesFile!))
    return { source: files[vocabFile!]!, vocabulary, pipeline: pipelineOf(vocabulary, merges, words) as object }
  }
  if (hasBaseFile(files, wholeFile!)) {
    const pipeline = yield* readBaseJson(files, wholeFile!, Schema.Record(Schema.String, Schema.Unknown))
    const { model } = yield* readBaseJson(files, wholeFile!, TokenizerFile)
    return { source: files[wholeFile!]!, vocabulary: model.vocab, pipeline: pipeline as object }
  }
  return yield* inputFailure(
    `${folder}/vocab.json`,
    "the base model has no tokenizer (neither vocab.json with merges.txt nor tokenizer.json)",
    "Give the whole diffusers folder, with its tokenizer folder",
  )
})

/** Reading a vocabulary takes far longer than a caption; the last one of a folder's name is kept for the captions that follow. */
const lastOpened = new Map<string, { readonly signature: string; readonly tokenizer: ClipTokenizer }>()

/** Opens the tokenizer of a folder; `positions` is how many tokens the text encoder has places for. */
export const openClipTokenizer = Effect.fn("openClipTokenizer")(function* (
  files: BaseModelFiles,
  folder: string,
  positions: number,
): Effect.fn.Return<ClipTokenizer, EngineFailure> {
  const own = Object.keys(files).filter((path) => path.startsWith(`${folder}/`))
  const signatures = yield* Effect.forEach(own.sort(), (path) => fileSignature(files[path]!))
  const signature = [positions, ...signatures].join("\n")
  const known = lastOpened.get(folder)
  if (known?.signature === signature) return known.tokenizer
  const tokenizer = yield* readTokenizer(files, folder, positions)
  lastOpened.set(folder, { signature, tokenizer })
  return tokenizer
})

const readTokenizer = Effect.fn("readTokenizer")(function* (
  files: BaseModelFiles,
  folder: string,
  positions: number,
): Effect.fn.Return<ClipTokenizer, EngineFailure> {
  const { words, maximum } = yield* readSpecialTokens(files, folder)
  const { source, vocabulary, pipeline } = yield* readPipeline(files, folder, words)
  for (const word of [words.start, words.end, words.pad]) {
    if (vocabulary[word] === undefined) {
      return yield* inputFailure(source, `its vocabulary lacks the special token ${word}`, "Fetch the tokenizer again")
    }
  }
  const tokenizer = yield* Effect.try({
    try: () => new Tokenizer(pipeline, {}),
    catch: (thrown) => inputFailure(source, `it makes no tokenizer (${wordsOf(thrown)})`, "Fetch the tokenizer again"),
  })
  const length = Math.min(maximum, positions)
  const [startId, endId, padId] = [vocabulary[words.start]!, vocabulary[words.end]!, vocabulary[words.pad]!]

  const tokensOf = (text: string): readonly number[] => tokenizer.encode(text, { add_special_tokens: false }).ids

  const withMentions = (text: string, { keyword, firstId, length: rows }: EmbeddingWord): readonly number[] =>
    splitAtMentions(text, keyword).flatMap((piece, index) => [
      ...(index === 0 ? [] : Array.from({ length: rows }, (_, row) => firstId + row)),
      ...tokensOf(piece),
    ])

  /** The words that a list of ids stands for; an embedding's tokens are one word. */
  const wordsFrom = (ids: readonly number[], embedding: EmbeddingWord | undefined): readonly string[] => {
    const words: string[] = []
    let run: number[] = []
    const close = () => {
      if (run.length > 0) words.push(...tokenizer.decode(run).trim().split(/\s+/))
      run = []
    }
    ids.forEach((id, place) => {
      if (embedding === undefined || id < embedding.firstId) {
        run.push(id)
        return
      }
      close()
      if (id === embedding.firstId || place === 0) words.push(`<${embedding.keyword}>`)
    })
    close()
    return words
  }

  const encode = (text: string, embedding?: EmbeddingWord): TokenizedText => {
    const all = embedding === undefined ? tokensOf(text) : withMentions(text, embedding)
    const kept = all.slice(0, length - 2)
    const rest = all.slice(length - 2)
    const padding = new Array<number>(length - 2 - kept.length).fill(padId)
    return {
      ids: [startId, ...kept, endId, ...padding],
      truncated: wordsFrom(rest, embedding),
      mentions: embedding === undefined ? 0 : kept.filter((id) => id === embedding.firstId).length,
    }
  }
  return { length, endId, vocabulary, tokensOf, encode }
})
