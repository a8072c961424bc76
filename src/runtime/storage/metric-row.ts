/**
 * A row of metrics as text, and back. JSON has no NaN and no infinities, and a loss that became one of them is what a reader of the record
 * looks for, so they are written as words.
 */
type Row = Readonly<Record<string, number>>

const notInJson = new Set(["NaN", "Infinity", "-Infinity"])

export const metricJson = (row: Row): string =>
  JSON.stringify(row, (_, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? `${value}` : value,
  )

/** What an older record left out, because it was no number, reads as null. */
export const metricValues = (text: string): Row =>
  JSON.parse(text, (_, value: unknown) =>
    value === null || (typeof value === "string" && notInJson.has(value)) ? Number(value ?? Number.NaN) : value,
  ) as Row
