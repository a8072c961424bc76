/** A Chromium of this machine, driven by playwright-core, which brings none. CHROMIUM names one that lies elsewhere. */
import { existsSync } from "node:fs"
import { type Browser, chromium } from "playwright-core"

const places = [
  process.env["CHROMIUM"],
  ...["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"],
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
]

/** undefined: this machine has none. */
export const browserPath: string | undefined = places.find((place) => place !== undefined && existsSync(place))

export const openBrowser = (): Promise<Browser> =>
  // Its sandbox refuses to be started by root, as whom containers often run.
  chromium.launch({ executablePath: browserPath!, args: process.geteuid?.() === 0 ? ["--no-sandbox"] : [] })
