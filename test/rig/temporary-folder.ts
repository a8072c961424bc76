/**
 * The folder every temporary file of one test run lies in: made before the first test, removed after the last one, so
 * that a run leaves nothing behind in the machine's own temporary folder.
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Vitest's global set-up. The workers inherit TMPDIR, and with it so does every process a test starts. */
export default () => {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "loom-test-"))
  process.env["TMPDIR"] = folder
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
}
