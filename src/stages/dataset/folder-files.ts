/**
 * The files of a folder, by keys that are the same on every system.
 *
 * A name with accents may be spelt in two ways that look alike: macOS hands out letters and accents apart, other systems mostly
 * together. The key is the composed spelling (Unicode's NFC), so that a project has the same keys, captions and results wherever it
 * lies; the name is what the file system wants to hear.
 */
import { readdir } from "node:fs/promises"
import { Effect } from "effect"

export interface FolderFile {
  readonly key: string
  readonly name: string
}

export const keyOfName = (name: string): string => name.normalize("NFC")

/** In the order of their keys, without hidden ones; undefined when there is no such folder. */
export const filesIn = (folder: string): Effect.Effect<readonly FolderFile[] | undefined> =>
  Effect.promise(() =>
    readdir(folder).then(
      (names) =>
        names
          .filter((name) => !name.startsWith("."))
          .map((name) => ({ key: keyOfName(name), name }))
          .sort((a, b) => (a.key < b.key ? -1 : 1)),
      () => undefined,
    ),
  )
