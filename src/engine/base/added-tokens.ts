/**
 * Tokens that stand in a text as they are: CLIP's start and end, and those that a model's owner has added to the vocabulary.
 *
 * Which there are, and what of case and white space counts when they are looked for, follows from several files; the order in
 * which one overrules the other is that of transformers 5.24 (`PreTrainedTokenizerBase._from_pretrained`,
 * `TokenizersBackend.__init__`), of which diffusers takes its `CLIPTokenizer`.
 */
import { Schema } from "effect"

const Flag = Schema.optionalKey(Schema.Boolean)

const tokenFields = {
  content: Schema.String,
  normalized: Flag,
  special: Flag,
  lstrip: Flag,
  rstrip: Flag,
  single_word: Flag,
}
const TokenRecord = Schema.Struct(tokenFields)
/** A token is written as a word or as a record around one. */
const Token = Schema.Union([Schema.String, TokenRecord])
type Token = typeof Token.Type

const OptionalToken = Schema.optionalKey(Schema.NullOr(Token))
const OptionalTokens = Schema.optionalKey(Schema.NullOr(Schema.Array(Token)))

const namedFields = {
  bos_token: OptionalToken,
  eos_token: OptionalToken,
  unk_token: OptionalToken,
  pad_token: OptionalToken,
  additional_special_tokens: OptionalTokens,
  extra_special_tokens: OptionalTokens,
}
/** special_tokens_map.json */
export const SpecialTokensMap = Schema.Struct(namedFields)
/** tokenizer_config.json, as far as it decides anything here. */
export const TokenizerConfig = Schema.Struct({
  ...namedFields,
  model_max_length: Schema.optionalKey(Schema.NullOr(Schema.Number)),
  added_tokens_decoder: Schema.optionalKey(Schema.Record(Schema.String, TokenRecord)),
})
/** added_tokens.json */
export const AddedTokensFile = Schema.Record(Schema.String, Schema.Int)
/** What tokenizer.json lists of them. */
export const NumberedToken = Schema.Struct({ ...tokenFields, id: Schema.Int })

export interface AddedToken {
  readonly content: string
  /** Looked for in the normalised text, so in any case, instead of in the text as it was written. */
  readonly isNormalized: boolean
  /** Takes the white space before or after it along. */
  readonly takesBefore: boolean
  readonly takesAfter: boolean
  /** Only where no letter, digit or underscore touches it. */
  readonly isWord: boolean
  /** The number that a file gives it. */
  readonly statedId: number | undefined
}

export interface SpecialWords {
  readonly start: string
  readonly end: string
  readonly pad: string
  readonly unknown: string
}

/** What the files say. */
export interface TokenFiles {
  readonly config: typeof TokenizerConfig.Type
  readonly map: typeof SpecialTokensMap.Type
  readonly added: typeof AddedTokensFile.Type
  readonly listed: readonly (typeof NumberedToken.Type)[]
}

const wordOf = (token: Token | null | undefined): string | undefined =>
  typeof token === "string" ? token : token?.content

const tokenFrom = (token: Token, isSpecial: boolean, statedId?: number): AddedToken => {
  const written = typeof token === "string" ? { content: token } : token
  const { content, lstrip = false, rstrip = false, single_word = false } = written
  const { normalized = !(written.special ?? isSpecial) } = written
  return { content, isNormalized: normalized, takesBefore: lstrip, takesAfter: rstrip, isWord: single_word, statedId }
}

/** The older special_tokens_map.json counts only where tokenizer_config.json does not number its tokens, and then counts more. */
const namedIn = ({ config, map }: TokenFiles) =>
  config.added_tokens_decoder === undefined ? { ...config, ...map } : config

/** Silence means CLIP's original tokens. */
export const specialWordsIn = (files: TokenFiles): SpecialWords => {
  const named = namedIn(files)
  const end = "<|endoftext|>"
  return {
    start: wordOf(named.bos_token) ?? "<|startoftext|>",
    end: wordOf(named.eos_token) ?? end,
    pad: wordOf(named.pad_token) ?? end,
    unknown: wordOf(named.unk_token) ?? end,
  }
}

/** Those with a number, lowest first. */
const numberedIn = (files: TokenFiles, special: ReadonlySet<string>): readonly AddedToken[] => {
  const decoder = files.config.added_tokens_decoder
  const numbered =
    decoder === undefined
      ? [
          ...Object.entries(files.added).map(([content, id]) => tokenFrom(content, special.has(content), id)),
          ...files.listed.map((token) => tokenFrom(token, false, token.id)),
        ]
      : Object.entries(decoder).map(([id, token]) => tokenFrom(token, false, Number(id)))
  return numbered.toSorted((a, b) => a.statedId! - b.statedId!)
}

/** All of them, each content once; those without a number of their own come last. */
export const addedTokensIn = (files: TokenFiles): readonly AddedToken[] => {
  const { start, end, unknown, pad } = specialWordsIn(files)
  const named = namedIn(files)
  const special = [
    named.bos_token ?? start,
    named.eos_token ?? end,
    named.unk_token ?? unknown,
    named.pad_token ?? pad,
    ...(named.additional_special_tokens ?? []),
    ...(named.extra_special_tokens ?? []),
  ]
  const numbered = numberedIn(files, new Set(special.map((token) => wordOf(token)!)))
  const known = new Set(numbered.map(({ content }) => content))
  const others = special.map((token) => tokenFrom(token, true)).filter(({ content }) => !known.has(content))
  return [...new Map([...numbered, ...others].map((token) => [token.content, token])).values()].filter(
    ({ content }) => content !== "",
  )
}
