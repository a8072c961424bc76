/** A table as CSV (RFC 4180), every value in full, for programs to read. What is not there is an empty field; null is written as null. */

export type CsvField = string | number | boolean | null | undefined

/** Quoted where a reader would take it apart. */
const fieldText = (value: CsvField): string => {
  const text = value === undefined ? "" : String(value)
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A line for each row; lines end in CR LF. */
export const csvTable = (rows: readonly (readonly CsvField[])[]): string =>
  rows.map((fields) => `${fields.map(fieldText).join(",")}\r\n`).join("")
