/**
 * What a Markdown page has a reader do, in order, as data: its fenced blocks, and the hidden set-up between them.
 *
 * `sh` is run, `console` is run line by line (`$ command`) and its output compared with what the block shows, where "…" stands for
 * anything; `ts file=PATH` is a file of the project: a part of it where the project has that file, else it is written. What a
 * reader brings along (a model, photos) is put there by a comment, `<!-- sh … -->`.
 */
export type Fence =
  | { readonly kind: "sh"; readonly line: number; readonly text: string }
  | { readonly kind: "console"; readonly line: number; readonly command: string; readonly shown: string }
  | { readonly kind: "ts"; readonly line: number; readonly file: string; readonly text: string }

export class UnknownFence extends Error {}

const read = (info: string, text: string, line: number): Fence => {
  if (info === "sh") return { kind: "sh", line, text }
  if (info === "console") {
    const [first = "", ...shown] = text.split("\n")
    return { kind: "console", line, command: first.replace(/^\$ /, ""), shown: shown.join("\n").trimEnd() }
  }
  const file = /^ts file=(\S+)$/.exec(info)?.[1]
  if (file !== undefined) return { kind: "ts", line, file, text }
  throw new UnknownFence(`line ${line}: a fence "${info}" would not be run; use sh, console or ts file=PATH`)
}

export const fencesOf = (markdown: string): readonly Fence[] => {
  const pattern = /^```([^\n]*)\n([\s\S]*?)^```$|^<!-- (sh)\n([\s\S]*?)^-->$/gm
  return [...markdown.matchAll(pattern)].map(({ 1: info, 2: text = "", 3: setUp = "", 4: commands = "", index }) => {
    const line = markdown.slice(0, index).split("\n").length
    return info === undefined ? read(setUp, commands, line) : read(info.trim(), text, line)
  })
}
