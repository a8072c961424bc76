/**
 * `node test/documents/write-sweep-pictures.ts output/blueprint-sweep` puts the sheet and the report of `pipelines/06-sweep.ts` into the
 * docs as pictures. It needs Chromium.
 */
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import sharp from "sharp"
import { openBrowser } from "../tools/sweep-report/browser.ts"

const folder = resolve(process.argv[2] ?? "output/blueprint-sweep")
const pictures = resolve(import.meta.dirname, "../../pipelines/sweep")

const browser = await openBrowser()
const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, deviceScaleFactor: 1 })
await page.goto(pathToFileURL(join(folder, "sweep.html")).href)
// Rows that say nothing more, and pictures that load when they are looked at.
await page.addStyleTag({ content: "tbody tr:nth-child(n+11) { display: none }" })
await page.evaluate("for (const picture of document.images) picture.loading = 'eager'")
await page.waitForTimeout(2000)
await sharp(await page.screenshot({ fullPage: true }))
  .resize({ width: 900 })
  .jpeg({ quality: 80 })
  .toFile(join(pictures, "report.jpg"))
await browser.close()
await sharp(join(folder, "sweep-sheet.png"))
  .resize({ width: 700, withoutEnlargement: true })
  .jpeg({ quality: 82 })
  .toFile(join(pictures, "sheet.jpg"))
