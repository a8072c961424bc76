/**
 * Flushing a folder, so that a name in it survives a power cut.
 *
 * Not every system can: Windows does not open folders, and some network and user-space file systems refuse to flush them. There
 * the file system's own journal has to do. An error of the disk is an error everywhere.
 */
import * as fs from "node:fs/promises"

interface Flushed {
  readonly sync: () => Promise<void>
  readonly close: () => Promise<void>
}

const cannot: readonly unknown[] = ["EINVAL", "EPERM", "EACCES", "EISDIR", "ENOTSUP", "ENOSYS", "EBADF"]

/** `open`: of the file system, unless a test gives its own. */
export const syncFolder = async (
  folder: string,
  open: (folder: string) => Promise<Flushed> = (path) => fs.open(path, "r"),
): Promise<void> => {
  try {
    const handle = await open(folder)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (cause) {
    if (!cannot.includes((cause as NodeJS.ErrnoException).code)) throw cause
  }
}
