/** Small turns of phrase of the command line: colours, durations, sizes, times, sentences. */
import systemPath, { type PlatformPath } from "node:path"

export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

const ansi =
  (open: number, close: number, isOn: boolean) =>
  (text: string): string =>
    isOn ? `\u001b[${open}m${text}\u001b[${close}m` : text

export const style = (isOn: boolean): Style => ({
  bold: ansi(1, 22, isOn),
  dim: ansi(2, 22, isOn),
  red: ansi(31, 39, isOn),
  green: ansi(32, 39, isOn),
  yellow: ansi(33, 39, isOn),
  cyan: ansi(36, 39, isOn),
})

/** Colour on a terminal; NO_COLOR and a dumb terminal say no, FORCE_COLOR says yes. https://no-color.org */
export const wantsColor = (stream: NodeJS.WriteStream, noColor: boolean): boolean => {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: term } = process.env
  if (noColor || (no !== undefined && no !== "") || term === "dumb") return false
  return (force !== undefined && force !== "" && force !== "0" && force !== "false") || stream.isTTY === true
}

const twoDigits = (value: number): string => String(value).padStart(2, "0")

/** "0.4 s", "12 s", "3:07 min", "2:05:00 h" */
export const duration = (milliseconds: number): string => {
  const seconds = milliseconds / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  return hours > 0
    ? `${hours}:${twoDigits(minutes)}:${twoDigits(whole % 60)} h`
    : `${minutes}:${twoDigits(whole % 60)} min`
}

/** "612 MB"; decimal, as disks are labelled. */
export const size = (bytes: number): string => {
  if (bytes < 1e3) return `${bytes} bytes`
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, "kB"] : bytes < 1e9 ? [bytes / 1e6, "MB"] : [bytes / 1e9, "GB"]
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/** "25 Nov 10:02", and "25 Nov 2024 10:02" when it is not the year of `now`. */
export const moment = (epochMs: number, nowMs: number = Date.now()): string => {
  const date = new Date(epochMs)
  const year = date.getFullYear() === new Date(nowMs).getFullYear() ? "" : ` ${date.getFullYear()}`
  const time = `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`
  return `${date.getDate()} ${months[date.getMonth()]}${year} ${time}`
}

/** A word of the language; paths, file names, flags, parameters and numbers are none. */
const ordinaryWord = /^\p{Ll}[\p{Ll}'’-]*[,;.?!]?$/u

/** A capital in front where the text begins with an ordinary word; a name stays as it is written. */
const capitalized = (text: string): string => {
  const [first = ""] = text.split(/\s/, 1)
  return ordinaryWord.test(first) ? `${text.charAt(0).toUpperCase()}${text.slice(1)}` : text
}

/** One mark at the end: what closes a sentence already stays. */
export const closed = (text: string): string => {
  const trimmed = text.trim().replace(/(?<![./\\])\.$/, "")
  return trimmed === "" ? "" : `${trimmed}${/[?!…]$/.test(trimmed) ? "" : "."}`
}

/** A hint as a sentence: a capital in front, one full stop at the end. What begins with a path or a name keeps its letters. */
export const sentence = (text: string): string => capitalized(closed(text))

/**
 * Paths in a text, as seen from `folder`; a longer path that only holds its name is another one. What is left of a Windows path has
 * slashes, which every shell there takes.
 */
export const fromHere = (text: string, folder: string = process.cwd(), path: PlatformPath = systemPath): string => {
  const inside = folder.endsWith(path.sep) ? folder : `${folder}${path.sep}`
  if (inside === path.parse(inside).root) return text
  return text.replace(pathInside(inside, path), (_, rest: string) =>
    path.sep === "\\" ? rest.replaceAll("\\", "/") : rest,
  )
}

/** Windows does not tell capitals from small letters. */
const pathInside = (folder: string, { sep }: PlatformPath): RegExp => {
  const start = folder.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")
  return new RegExp(`(?<![\\w./~\\\\-])${start}([^\\s"'<>|:*?]*)`, sep === "\\" ? "gi" : "g")
}
