/**
 * The fenced blocks of a Markdown page, in order, as data.
 *
 * `sh` is run, `console` is run line by line (`$ command`) and its output compared where the block shows one, `ts file=PATH`
 * is a file of the project: an empty block stands for the whole file and is filled in by `npm run readme`.
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
  const pattern = /^```([^\n]*)\n([\s\S]*?)^```$/gm
  return [...markdown.matchAll(pattern)].map(([, info = "", text = ""], index, all) => {
    const line = markdown.slice(0, all[index]?.index ?? 0).split("\n").length
    return read(info.trim(), text, line)
  })
}
