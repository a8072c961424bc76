/**
 * A text in the pieces that CLIP's tokenizer sees: added tokens as they stand, and between them words, single digits and runs of
 * signs, in lower case and composed characters.
 *
 * Normalisation, expression and the order of it all are those of `CLIPTokenizer` in transformers 5.24 on tokenizers 0.23. Its lower
 * case goes character by character, so Greek knows no final sigma; its white space is Unicode's, so U+FEFF is none.
 */
import type { AddedToken } from "./added-tokens.ts"

export type TextPiece = { readonly word: string } | { readonly added: AddedToken }

const whiteSpace = /\p{White_Space}+/gu

const lowerCase = (text: string): string => Array.from(text, (character) => character.toLowerCase()).join("")

export const normalizedText = (text: string): string => lowerCase(text.normalize("NFC").replace(whiteSpace, " "))

const contractions = "'s|'t|'re|'ve|'m|'ll|'d"
const signs = "[^\\p{White_Space}\\p{L}\\p{N}]+"
const words = new RegExp(`<\\|startoftext\\|>|<\\|endoftext\\|>|${contractions}|\\p{L}+|\\p{N}|${signs}`, "gu")
/** The byte letters' own expression, which takes apart what the first one held together. */
const parts = new RegExp(`${contractions}|\\p{L}+|\\p{N}+|${signs}`, "gu")

const wordsIn = (text: string): readonly TextPiece[] =>
  (text.match(words) ?? []).flatMap((found) => (found.match(parts) ?? []).map((word) => ({ word })))

const wordCharacter = "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]"
const touchedBefore = new RegExp(`${wordCharacter}$`, "u")
const touchedAfter = new RegExp(`^${wordCharacter}`, "u")

const isTouched = (text: string, start: number, end: number): boolean =>
  touchedBefore.test(text.slice(0, start)) || touchedAfter.test(text.slice(end))

const escaped = (content: string): string => content.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")

type Part = string | AddedToken

/** Takes one text apart at the tokens, the longest that fits at each place. */
const splitterAt = (tokens: readonly (AddedToken & { readonly sought: string })[]) => {
  if (tokens.length === 0) return (text: string): readonly Part[] => [text]
  const bySought = new Map(tokens.map((token) => [token.sought, token]))
  const longestFirst = [...bySought.keys()].sort((a, b) => b.length - a.length)
  const pattern = new RegExp(longestFirst.map(escaped).join("|"), "gu")
  return (text: string): readonly Part[] => {
    const found: Part[] = []
    let done = 0
    for (const { 0: sought, index } of text.matchAll(pattern)) {
      const token = bySought.get(sought)!
      const end = index + sought.length
      if (index < done || (token.isWord && isTouched(text, index, end))) continue
      const before = text.slice(done, index)
      found.push(token.takesBefore ? before.replace(/\p{White_Space}+$/u, "") : before, token)
      done = token.takesAfter ? end + (text.slice(end).match(/^\p{White_Space}+/u)?.[0].length ?? 0) : end
    }
    found.push(text.slice(done))
    return found
  }
}

/** From a text to its pieces, for a tokenizer's own added tokens. */
export const textPieces = (added: readonly AddedToken[]): ((text: string) => readonly TextPiece[]) => {
  const written = added
    .filter(({ isNormalized }) => !isNormalized)
    .map((token) => ({ ...token, sought: token.content }))
  const normalized = added
    .filter(({ isNormalized }) => isNormalized)
    .map((token) => ({ ...token, sought: normalizedText(token.content) }))
  const asWritten = splitterAt(written)
  const asNormalized = splitterAt(normalized)
  const inNormalized = (text: string): readonly TextPiece[] =>
    asNormalized(normalizedText(text)).flatMap((part) => (typeof part === "string" ? wordsIn(part) : [{ added: part }]))
  return (text) =>
    asWritten(text).flatMap((part) => (typeof part === "string" ? inNormalized(part) : [{ added: part }]))
}
