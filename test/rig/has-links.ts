/** Whether links to files can be made here: Windows lets not everybody, and Wine says that it did and makes none. */
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export const hasLinks = (): boolean => {
  const folder = mkdtempSync(join(tmpdir(), "loom-links-"))
  const link = join(folder, "link")
  try {
    writeFileSync(join(folder, "file"), "")
    symlinkSync(join(folder, "file"), link)
    return existsSync(link)
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
