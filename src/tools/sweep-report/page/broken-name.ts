/** "textModel.learningRate" in lines that are not longer than so many letters, broken where its words begin. */
export const brokenName = (name: string, letters: number): string => {
  const lines: string[] = []
  for (const word of name.split(/(?<=[.\s_-])|(?=\p{Lu})/u)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length <= letters) lines[lines.length - 1] = last + word
    else lines.push(word.length > letters ? `${word.slice(0, letters - 1)}…` : word)
  }
  return lines
    .map((line) => line.trim())
    .slice(-3)
    .join("\n")
}
