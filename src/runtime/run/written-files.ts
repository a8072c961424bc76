/**
 * What Loom has written into an output folder: pairs of path and digest, in the folder's `.written.jsonl`.
 *
 * The list only grows, a line at a time, and a line is there before the file is. So whoever finds a file of Loom's finds it in the list as
 * well, however many runs write into the folder at once, and none needs a lock. A line that cannot be read is no reason to fail: it only
 * makes the next write more careful.
 */
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Option, Schema } from "effect"

const listName = ".written.jsonl"
/** A list of an earlier Loom, which knew one digest for each path. */
const formerListName = ".written.json"

export const isListName = (name: string): boolean => name === listName || name === formerListName

const Line = Schema.fromJsonString(Schema.Struct({ path: Schema.String, sha256: Schema.String }))
const decodeLine = Schema.decodeUnknownOption(Line)
const decodeFormer = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Record(Schema.String, Schema.String)))

export interface WrittenFiles {
  /** Digests of all that was ever written at a path of the folder. */
  readonly at: (path: string) => Promise<ReadonlySet<string>>
  /** To be called before the file appears. */
  readonly note: (path: string, sha256: string) => Promise<void>
}

export const writtenFiles = (folder: string): WrittenFiles => {
  const file = path.join(folder, listName)
  const known = new Map<string, Set<string>>()
  let [readBytes, isFormerRead] = [0, false]
  const learn = (name: string, sha256: string): void =>
    void known.set(name, (known.get(name) ?? new Set<string>()).add(sha256))

  const readFormer = async (): Promise<void> => {
    isFormerRead = true
    const text = await fs.readFile(path.join(folder, formerListName), "utf8").catch(() => "{}")
    const former = Option.getOrElse(decodeFormer(text), () => ({}))
    for (const [name, sha256] of Object.entries(former)) learn(name, sha256)
  }

  /** What was appended since, up to the last whole line. */
  const readOn = async (): Promise<void> => {
    if (!isFormerRead) await readFormer()
    const bytes = await bytesFrom(file, readBytes)
    const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1)
    readBytes += whole.length
    for (const line of whole.toString("utf8").split("\n")) {
      const { path: name, sha256 } = Option.getOrElse(decodeLine(line), () => ({ path: "", sha256: "" }))
      if (name !== "") learn(name, sha256)
    }
  }

  const at = async (name: string): Promise<ReadonlySet<string>> => {
    await readOn()
    return known.get(name) ?? new Set()
  }
  return {
    at,
    note: async (name, sha256) => {
      if ((await at(name)).has(sha256)) return
      await fs.mkdir(folder, { recursive: true })
      // The first line break ends a line that a killed process left unfinished.
      await fs.appendFile(file, `\n${JSON.stringify({ path: name, sha256 })}\n`)
      learn(name, sha256)
    },
  }
}

/** Empty where there are none: the file is gone, or was cut. */
const bytesFrom = async (file: string, start: number): Promise<Buffer> => {
  const opened = await fs.open(file, "r").catch(() => undefined)
  if (opened === undefined) return Buffer.alloc(0)
  try {
    const bytes = Buffer.alloc(Math.max(0, (await opened.stat()).size - start))
    const { bytesRead } = await opened.read(bytes, 0, bytes.length, start)
    return bytes.subarray(0, bytesRead)
  } finally {
    await opened.close()
  }
}
