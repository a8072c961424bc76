/** A table as Markdown, whatever its texts hold. */

export interface MarkdownColumn {
  readonly title: string
  readonly isNumber: boolean
}

/** Of a text only what it says: no mark-up, no tag, no second line, no end of the cell. */
const cellText = (text: string): string =>
  text.replace(/[\\`*_[\]<>|~&#!]/g, (mark) => `\\${mark}`).replace(/[\p{Cc}\u2028\u2029]+/gu, " ")

export const markdownTable = (columns: readonly MarkdownColumn[], rows: readonly (readonly string[])[]): string => {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`
  return [
    line(columns.map(({ title }) => cellText(title))),
    line(columns.map(({ isNumber }) => (isNumber ? "---:" : "---"))),
    ...rows.map((row) => line(row.map(cellText))),
  ].join("")
}
