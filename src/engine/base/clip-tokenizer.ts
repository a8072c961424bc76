/**
 * CLIP's byte-pair tokenizer, made from the files of a model's tokenizer folder.
 *
 * It gives the ids of `CLIPTokenizer` as transformers 5.24 has it, which is the one that diffusers uses. A caption is cut to the model's
 * length, and what was cut off is reported, never dropped in silence.
 */
import { Effect } from "effect"
import { splitAtMentions } from "../../formats/embedding-mention.ts"
import { type EngineFailure, inputFailure } from "../jobs/engine-failure.ts"
import type { BaseModelFiles } from "../jobs/train-job.ts"
import { fileSignature } from "./base-file.ts"
import { bytePairs, spelledText, type Vocabulary } from "./byte-pairs.ts"
import { textPieces } from "./text-pieces.ts"
import { readTokenizerFiles, type TokenizerParts } from "./tokenizer-files.ts"

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
  readonly vocabulary: Vocabulary
  /** The ids of a text alone, without start, end or limit. */
  readonly tokensOf: (text: string) => readonly number[]
  readonly encode: (text: string, embedding?: EmbeddingWord) => TokenizedText
}

/** What a text encoder has places for. */
export interface EncoderRoom {
  /** Tokens of a caption with start and end. */
  readonly positions: number
  /** Rows of the table that token ids point into. */
  readonly rows: number
}

/** For those who only ask how a text is read. */
export const endlessRoom: EncoderRoom = { positions: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY }

/** Reading a vocabulary takes far longer than a caption; the last one of a folder's name is kept for the captions that follow. */
const lastOpened = new Map<string, { readonly signature: string; readonly tokenizer: ClipTokenizer }>()

/** Opens the tokenizer of a folder. Without any limit on length no text can be encoded, only its tokens told. */
export const openClipTokenizer = Effect.fn("openClipTokenizer")(function* (
  files: BaseModelFiles,
  folder: string,
  room: EncoderRoom,
): Effect.fn.Return<ClipTokenizer, EngineFailure> {
  const own = Object.keys(files).filter((path) => path.startsWith(`${folder}/`))
  const signatures = yield* Effect.forEach(own.sort(), (path) => fileSignature(files[path]!))
  const signature = [room.positions, room.rows, ...signatures].join("\n")
  const known = lastOpened.get(folder)
  if (known?.signature === signature) return known.tokenizer
  const parts = yield* readTokenizerFiles(files, folder)
  yield* checkRows(files, folder, parts, room.rows)
  const tokenizer = clipTokenizer(parts, Math.min(parts.maximum, room.positions))
  lastOpened.set(folder, { signature, tokenizer })
  return tokenizer
})

const checkRows = (
  files: BaseModelFiles,
  folder: string,
  { vocabulary, addedIds }: TokenizerParts,
  rows: number,
): Effect.Effect<void, EngineFailure> => {
  const beyond = [...Object.entries(vocabulary), ...addedIds].find(([, id]) => id >= rows)
  if (beyond === undefined) return Effect.void
  const [token, id] = beyond
  const why = `its token ${JSON.stringify(token)} has the number ${id}, the text encoder beside it has rows for 0 to ${rows - 1} (vocab_size)`
  const hint = "Use the tokenizer and the text encoder of one model"
  const path = ["vocab.json", "tokenizer.json"]
    .map((name) => files[`${folder}/${name}`])
    .find((file) => file !== undefined)
  return inputFailure(path ?? folder, why, hint)
}

/** From ids to the words they stand for. */
const wordsReader = ({ vocabulary, addedIds }: TokenizerParts) => {
  const tokens = new Map(Object.entries(vocabulary).map(([token, id]) => [id, token]))
  const added = new Map([...addedIds].map(([content, id]) => [id, content]))
  return (ids: readonly number[]): readonly string[] => {
    const isAdded = (id: number) => added.has(id)
    const texts = ids.map((id) => (isAdded(id) ? ` ${added.get(id)} ` : tokens.get(id)!))
    const runs = ids.reduce<{ readonly added: boolean; readonly texts: string[] }[]>((runs, id, place) => {
      const last = runs.at(-1)
      if (last !== undefined && !last.added && !isAdded(id)) last.texts.push(texts[place]!)
      else runs.push({ added: isAdded(id), texts: [texts[place]!] })
      return runs
    }, [])
    const text = runs.map((run) => (run.added ? run.texts[0]! : spelledText(run.texts))).join("")
    return text.trim().split(/\s+/)
  }
}

const clipTokenizer = (parts: TokenizerParts, length: number): ClipTokenizer => {
  const { vocabulary, words, addedIds } = parts
  const [startId, endId, padId] = [vocabulary[words.start]!, vocabulary[words.end]!, vocabulary[words.pad]!]
  const pieces = textPieces(parts.added)
  const pairs = bytePairs(parts.merges)
  const wordsOf = wordsReader(parts)

  const tokensOf = (text: string): readonly number[] =>
    pieces(text).flatMap((piece) =>
      "word" in piece ? pairs(piece.word).map((token) => vocabulary[token]!) : [addedIds.get(piece.added.content)!],
    )

  const withMentions = (text: string, { keyword, firstId, length: rows }: EmbeddingWord): readonly number[] =>
    splitAtMentions(text, keyword).flatMap((piece, index) => [
      ...(index === 0 ? [] : Array.from({ length: rows }, (_, row) => firstId + row)),
      ...tokensOf(piece),
    ])

  /** The words that a list of ids stands for; an embedding's tokens are one word. */
  const wordsFrom = (ids: readonly number[], embedding: EmbeddingWord | undefined): readonly string[] => {
    const lost: string[] = []
    let run: number[] = []
    const close = () => {
      if (run.length > 0) lost.push(...wordsOf(run))
      run = []
    }
    ids.forEach((id, place) => {
      if (embedding === undefined || id < embedding.firstId) {
        run.push(id)
        return
      }
      close()
      if (id === embedding.firstId || place === 0) lost.push(`<${embedding.keyword}>`)
    })
    close()
    return lost
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
}
