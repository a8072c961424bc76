/**
 * Where a caption or prompt mentions a custom embedding.
 *
 * A mention is `<keyword>` anywhere, or the bare keyword as a word of its own; case does not matter, as it does not to
 * CLIP's tokenizer. The text between mentions is tokenized as it stands, and each mention becomes the embedding's tokens.
 */

const inWord = "[\\p{L}\\p{M}\\p{N}_]"

const mentions = (keyword: string): RegExp => new RegExp(`<${keyword}>|(?<!${inWord})${keyword}(?!${inWord})`, "giu")

/** The texts before, between and behind the mentions: always one more than there are mentions. */
export const splitAtMentions = (text: string, keyword: string): readonly string[] => text.split(mentions(keyword))

export const countMentions = (text: string, keyword: string): number => splitAtMentions(text, keyword).length - 1

/** Where the mentions stand in the text. */
export const mentionPlaces = (
  text: string,
  keyword: string,
): readonly { readonly start: number; readonly end: number }[] =>
  [...text.matchAll(mentions(keyword))].map(({ index, 0: found }) => ({ start: index, end: index + found.length }))

/**
 * The text with each mention said otherwise, as a word of its own: white space is put around it where there is neither white
 * space nor one of the characters that may stand there.
 */
export const sayMentions = (
  text: string,
  keyword: string,
  word: string,
  mayStand = { before: "(", after: ",)" },
): string => {
  const [first = "", ...rest] = splitAtMentions(text, keyword)
  return rest.reduce((said, piece) => {
    const isApartBefore = said === "" || /\s$/.test(said) || mayStand.before.includes(said.at(-1)!)
    const isApartAfter = piece === "" || /^\s/.test(piece) || mayStand.after.includes(piece[0]!)
    return `${said}${isApartBefore ? "" : " "}${word}${isApartAfter ? "" : " "}${piece}`
  }, first)
}
