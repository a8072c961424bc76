/** Tables and lists as Markdown, whatever their texts hold. */

export interface MarkdownColumn {
  readonly title: string
  readonly isNumber: boolean
}

/** Of a text only what it says: no mark-up, no tag, no second line, no end of the cell. */
const plainText = (text: string): string =>
  text.replace(/[\\`*_[\]<>|~&#!]/g, (mark) => `\\${mark}`).replace(/[\p{Cc}\u2028\u2029]+/gu, " ")

export const markdownTable = (columns: readonly MarkdownColumn[], rows: readonly (readonly string[])[]): string => {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`
  return [
    line(columns.map(({ title }) => plainText(title))),
    line(columns.map(({ isNumber }) => (isNumber ? "---:" : "---"))),
    ...rows.map((row) => line(row.map(plainText))),
  ].join("")
}

/** To follow a table; nothing where there are no lines. */
export const markdownList = (lines: readonly string[]): string =>
  lines.length === 0 ? "" : `\n${lines.map((line) => `- ${plainText(line)}\n`).join("")}`
