/** The picture of the terminal is what the reporter shows today, and needs nothing to be seen. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { root } from "./page.ts"
import { quickStartPicture } from "./terminal/quick-start-picture.ts"
import { frames } from "./terminal/screens.ts"

const picture = readFileSync(join(root, "docs/terminal.svg"), "utf8")

it("docs/terminal.svg is what `node test/documents/terminal/write-picture.ts` makes", async () => {
  expect(await quickStartPicture()).toBe(picture)
})

it("the picture is smaller than 60 kB and loads nothing from elsewhere", () => {
  expect(Buffer.byteLength(picture)).toBeLessThan(60_000)
  expect(picture).not.toMatch(/url\(|<script|<image|href="(?!#)|@import/)
})

it("every screen says something, the first what was typed, the last that the run is done", async () => {
  const screens = (await frames()).map(({ lines }) => lines.map((runs) => runs.map(({ text }) => text).join(" ")))
  expect(screens.filter((lines) => lines.every((line) => line === ""))).toEqual([])
  expect(screens[0]?.[0]).toBe("$ npm start")
  expect(screens.at(-1)).toContain("11 stages run, 0 reused, in 28 s")
})

it("where motion is not wanted the last screen stands still", async () => {
  const last = (await frames()).length - 1
  expect(picture).toContain(
    `g[id^=f]{visibility:hidden}#f${last}{visibility:visible}\n@media (prefers-reduced-motion:no-preference){`,
  )
})
