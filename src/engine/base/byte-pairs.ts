/**
 * Byte-pair merging: a word's bytes as letters, joined pair by pair in the order in which the vocabulary learned its merges
 * (Sennrich et al. 2016, arXiv 1508.07909), the last letter of a word marked `</w>`.
 *
 * Each byte has a letter of its own that can be printed (GPT-2's table), so a vocabulary with all 256 letters, bare and marked,
 * spells every text.
 */

export type Vocabulary = Readonly<Record<string, number>>
export type Merge = readonly [left: string, right: string]

export const endOfWord = "</w>"

const ranges: readonly (readonly [first: number, last: number])[] = [
  [0x21, 0x7e],
  [0xa1, 0xac],
  [0xae, 0xff],
]

const isPrintable = (byte: number): boolean => ranges.some(([first, last]) => byte >= first && byte <= last)

/** The letter of each byte: itself where it can be seen, otherwise the next character from U+0100 on. */
export const byteLetters: readonly string[] = (() => {
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++))
})()

const byteOfLetter = new Map(byteLetters.map((letter, byte) => [letter, byte]))
const utf8 = new TextEncoder()

const spelled = (word: string): string[] => {
  const letters = Array.from(utf8.encode(word), (byte) => byteLetters[byte]!)
  const last = letters.pop()
  return last === undefined ? [] : [...letters, last + endOfWord]
}

/** A space stands in no token, so two tokens with one between them are a key of their own. */
const pairKey = (left: string, right: string): string => `${left} ${right}`

/** Joins the pair of the lowest rank, the leftmost of several, until no pair has one. */
const joined = (letters: string[], ranks: ReadonlyMap<string, number>): readonly string[] => {
  for (;;) {
    let best = Number.POSITIVE_INFINITY
    let at = -1
    for (let i = 0; i + 1 < letters.length; i++) {
      const rank = ranks.get(pairKey(letters[i]!, letters[i + 1]!))
      if (rank !== undefined && rank < best) {
        best = rank
        at = i
      }
    }
    if (at < 0) return letters
    letters.splice(at, 2, letters[at]! + letters[at + 1]!)
  }
}

/** From a word to the tokens of a vocabulary. Words come again and again, so their tokens are kept. */
export const bytePairs = (merges: readonly Merge[]): ((word: string) => readonly string[]) => {
  const ranks = new Map(merges.map(([left, right], rank) => [pairKey(left, right), rank]))
  const known = new Map<string, readonly string[]>()
  return (word) => {
    const tokens = known.get(word) ?? joined(spelled(word), ranks)
    known.set(word, tokens)
    return tokens
  }
}

/** The text that tokens spell, with a space after each word. Bytes that are no whole character become U+FFFD. */
export const spelledText = (tokens: readonly string[]): string => {
  const bytes = tokens.flatMap((token) => {
    const isLast = token.endsWith(endOfWord)
    const letters = [...(isLast ? token.slice(0, -endOfWord.length) : token)].map((letter) => byteOfLetter.get(letter)!)
    return isLast ? [...letters, 0x20] : letters
  })
  return new TextDecoder().decode(Uint8Array.from(bytes))
}
