/**
 * How many columns a text takes on a terminal, and a line cut to so many.
 *
 * Counted are graphemes, what a reader takes for one letter: East Asian ones and emoji take two columns, marks that sit on the
 * letter before them none, everything else one. Terminals differ over rare cases; where they do, the wider answer is taken, since a
 * line too long wraps and a line too short does not. Escape sequences take no room.
 */

/** Wide or fullwidth by Unicode's EastAsianWidth.txt, in blocks. */
const wideBlocks: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18cff],
  [0x1aff0, 0x1b2ff],
  [0x1f200, 0x1f2ff],
  [0x20000, 0x3fffd],
]

/** Control characters, and what has no form of its own. */
const invisible = /^[\p{Cc}\p{Cf}\p{Mn}\p{Me}\u2028\u2029]+$/u
/** Drawn as a picture: by itself, by a variation selector, or as a flag of two letters. */
const pictorial = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|[0-9#*]\ufe0f|\p{Regional_Indicator}{2}/u

const isWide = (codePoint: number): boolean =>
  wideBlocks.some(([first, last]) => codePoint >= first && codePoint <= last)

const widthOfGrapheme = (grapheme: string): number => {
  if (invisible.test(grapheme)) return 0
  return isWide(grapheme.codePointAt(0)!) || pictorial.test(grapheme) ? 2 : 1
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" })

/** Colours and cursor movements, as ECMA-48 writes them, and links. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one.
const escapeSequence = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g

/** Columns that the text takes in one line. */
export const displayWidth = (text: string): number => {
  let columns = 0
  for (const { segment } of graphemes.segment(text.replace(escapeSequence, ""))) columns += widthOfGrapheme(segment)
  return columns
}

/**
 * The line cut to at most so many columns. Of what is cut off the escape sequences stay, so that every colour that was
 * opened is closed again.
 */
export const cutToWidth = (line: string, columns: number): string => {
  let left = columns
  let isFull = false
  const cut = (text: string): string => {
    let kept = ""
    for (const { segment } of graphemes.segment(text)) {
      left -= widthOfGrapheme(segment)
      isFull ||= left < 0
      if (isFull) break
      kept += segment
    }
    return kept
  }
  let kept = ""
  let from = 0
  for (const { 0: sequence, index } of line.matchAll(escapeSequence)) {
    kept += cut(isFull ? "" : line.slice(from, index)) + sequence
    from = index + sequence.length
  }
  return kept + cut(isFull ? "" : line.slice(from))
}

/** Spaces behind a text until it takes so many columns. */
export const padToWidth = (text: string, columns: number): string =>
  text + " ".repeat(Math.max(0, columns - displayWidth(text)))
