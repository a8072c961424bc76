/**
 * Texts of others, made fit for a terminal: names of files, stages and items may hold anything, escape sequences that move the
 * cursor too. What cannot be seen is written as it would be in a string.
 */
import type { RunEvent } from "../../runtime/model/events.ts"
import type { SweepEvent } from "../../runtime/sweep/sweep-events.ts"

/** Control characters, what turns the direction of writing, and halves of characters. */
const unseen = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

const shortWords: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }

const escaped = (letter: string): string =>
  shortWords[letter] ?? `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`

/** A text that may have several lines. */
export const printable = (text: string): string =>
  text.replace(unseen, (letter) => (letter === "\n" || letter === "\t" ? letter : escaped(letter)))

/** A place, in one line and whole. */
export const printablePlace = (place: string): string => place.replace(unseen, escaped)

/** Letters of a name that are shown; more say nothing more. */
const nameLetters = 200

/** A name, in one line and not longer than people read. */
export const printableName = (name: string): string => {
  const shown = printablePlace(name)
  return shown.length <= nameLetters ? shown : `${[...shown].slice(0, nameLetters - 1).join("")}…`
}

/** Members of events that hold names, and those that hold places; what else is text may have lines. */
const names: ReadonlySet<string> = new Set(["label", "item", "unit", "upstream", "owner"])
const places: ReadonlySet<string> = new Set(["field", "path", "file", "where"])

const printedText = (text: string, member: string): string => {
  if (names.has(member)) return printableName(text)
  return places.has(member) ? printablePlace(text) : printable(text)
}

const printed = (value: unknown, member: string): unknown => {
  if (typeof value === "string") return printedText(value, member)
  if (Array.isArray(value)) return value.map((one) => printed(one, member))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inside]) => [printableName(name), printed(inside, name)]))
}

/** The same event with every text fit for a terminal. */
export const printableEvent = <Event extends RunEvent | SweepEvent>(event: Event): Event => printed(event, "") as Event
