/** `node test/house/write-rooms.ts` puts the table of rooms into docs/architecture.md. */
import { readFileSync, writeFileSync } from "node:fs"
import { roomsAsMarkdown } from "./rooms.ts"

const page = new URL("../../docs/architecture.md", import.meta.url)
const between = /<!-- rooms -->[\s\S]*<!-- \/rooms -->/

writeFileSync(
  page,
  readFileSync(page, "utf8").replace(between, `<!-- rooms -->\n${roomsAsMarkdown()}\n<!-- /rooms -->`),
)
