/**
 * The script of a report's page, with the parts of ECharts that it draws with and their licences, as one text.
 *
 * It is built with Loom and lies beside what was built. The sources have it made when it is asked for, by the same build.
 */
import { readFile } from "node:fs/promises"

/** Not spelled out as an import, so that what is built does not take the build along. */
const builder = "../../../.package/report-page.ts"

const make = async (): Promise<string> => {
  const { buildReportPage } = (await import(new URL(builder, import.meta.url).href)) as {
    readonly buildReportPage: () => Promise<{ readonly script: string }>
  }
  return (await buildReportPage()).script
}

let made: Promise<string> | undefined

export const pageScript = (): Promise<string> => {
  made ??= import.meta.url.endsWith(".ts") ? make() : readFile(new URL("./report-page.js", import.meta.url), "utf8")
  return made
}
