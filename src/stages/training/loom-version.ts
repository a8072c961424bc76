/** Which Loom this is, for what it writes. */
import { readFileSync } from "node:fs"

const manifest = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
  readonly version: string
}

export const loomVersion: string = manifest.version
