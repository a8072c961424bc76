/** Long names of axes in a few short lines, as they stand beside a plot. */

const mostLines = 3

/** Where words begin: behind a point, a space or a line, and at a capital that follows none. */
const wordStart = /(?<=[.\s_-])|(?<!\p{Lu}|^)(?=\p{Lu})/u

const shortened = (word: string, letters: number): string =>
  word.trim().length > letters ? `${[...word].slice(0, letters - 1).join("")}…` : word

/**
 * "textModel.learningRate" in lines that are not longer than so many letters, broken where its words begin, and behind a point if it
 * can be. Of a name that takes more than three lines the last three are given.
 */
export const brokenName = (name: string, letters: number): string => {
  const lines: string[] = []
  for (const word of name.split(wordStart)) {
    const last = lines.at(-1)
    if (last !== undefined && !last.endsWith(".") && (last + word).trim().length <= letters) {
      lines[lines.length - 1] = last + word
    } else lines.push(shortened(word, letters))
  }
  const [first = "", ...others] = lines.slice(-mostLines).map((line) => line.trim())
  return [lines.length > mostLines ? shortened(`…${first}`, letters) : first, ...others].join("\n")
}
