/** `node test/documents/terminal/write-picture.ts` makes `docs/terminal.svg` anew. */
import { writeFileSync } from "node:fs"
import { quickStartPicture } from "./quick-start-picture.ts"

writeFileSync(new URL("../../../docs/terminal.svg", import.meta.url), await quickStartPicture())
