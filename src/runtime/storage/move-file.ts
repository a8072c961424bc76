/**
 * Moving a file to a name that may be taken, and removing one, as it has to be done where other programs hold files.
 *
 * Windows refuses both while a viewer, an indexer or a virus scanner has the file open, mostly for moments only, and refuses to
 * replace a read-only file at all. So a refusal is tried again for three seconds, the file in the way made writable first; what is
 * still held then is told in a sentence that names it. Elsewhere a refusal is a matter of rights and stands at once.
 */
import * as fs from "node:fs/promises"
import { setTimeout as pause } from "node:timers/promises"
import { StorageFailure } from "../model/storage-failure.ts"

/** What the system does; a test puts a system of its own in its place. */
export interface FileActs {
  readonly isWindows: boolean
  readonly rename: (from: string, to: string) => Promise<void>
  readonly unlink: (file: string) => Promise<void>
  readonly chmod: (file: string, mode: number) => Promise<void>
  readonly pause: (waitMs: number) => Promise<unknown>
}

const thisSystem: FileActs = {
  isWindows: process.platform === "win32",
  rename: fs.rename,
  unlink: fs.unlink,
  chmod: fs.chmod,
  pause: (waitMs) => pause(waitMs),
}

// Doubled each time: 5 + 10 + … + 1280 + 500 ms, three seconds together.
const waitsMs = [5, 10, 20, 40, 80, 160, 320, 640, 1280, 500]

const refusals: readonly unknown[] = ["EPERM", "EACCES", "EBUSY"]

const codeOf = (cause: unknown): unknown => (cause as NodeJS.ErrnoException | undefined)?.code

/** Does `act`, which a program that holds `file` may refuse, until it is done or the time is up. */
const insist = async (file: string, what: string, act: () => Promise<void>, system: FileActs): Promise<void> => {
  for (const waitMs of [...waitsMs, undefined]) {
    try {
      return await act()
    } catch (cause) {
      if (!system.isWindows || !refusals.includes(codeOf(cause))) throw cause
      if (waitMs === undefined) throw held(file, what)
      // A file that is not there, or not ours to change, is no worse off than before.
      await system.chmod(file, 0o666).catch(() => undefined)
      await system.pause(waitMs)
    }
  }
}

const held = (file: string, what: string): StorageFailure =>
  new StorageFailure({
    what,
    where: file,
    why: "another program has it open, such as a viewer or a virus scanner, or this user may not change it",
    hint: "Close the program and run again; finished work is kept.",
  })

/** Gives a file another name; a file of that name is replaced. Rejects with `StorageFailure` when it is held for too long. */
export const moveFile = (from: string, to: string, system: FileActs = thisSystem): Promise<void> =>
  insist(to, "Replacing a file", () => system.rename(from, to), system)

/** Removes a file; one that is not there is no failure. */
export const removeFile = (file: string, system: FileActs = thisSystem): Promise<void> =>
  insist(
    file,
    "Removing a file",
    () =>
      system.unlink(file).catch((cause: unknown) => {
        if (codeOf(cause) !== "ENOENT") throw cause
      }),
    system,
  )
