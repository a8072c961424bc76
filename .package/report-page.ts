/**
 * Builds the script of a sweep report's page: its sources and the parts of ECharts that they use, as one text that stands in an HTML file,
 * with the licences of what is built in.
 */
import { join, resolve } from "node:path"
import { type OutputChunk, rolldown } from "rolldown"
import { licenceTexts } from "./licences.ts"

const root = resolve(import.meta.dirname, "..")

export interface ReportPage {
  readonly script: string
  /** Paths of all modules that were built in. */
  readonly modules: readonly string[]
}

/**
 * Nothing in a script may end the element that it stands in, or begin a comment of the document; and it has to be what a browser
 * reads, which knows one kind of line end.
 */
const fitForHtml = (code: string): string =>
  code
    .replace(/<\/(script)/gi, "<\\/$1")
    .replaceAll("<!--", "\\x3C!--")
    .replace(/\r\n?/g, "\n")

export const buildReportPage = async (): Promise<ReportPage> => {
  const bundle = await rolldown({
    input: join(root, "src/tools/sweep-report/page/page.ts"),
    platform: "browser",
    tsconfig: false,
    transform: { define: { "process.env.NODE_ENV": '"production"', __DEV__: "false" } },
  })
  const { output } = await bundle.generate({ format: "iife", minify: true, comments: false })
  await bundle.close()
  const chunks = output.filter((made): made is OutputChunk => made.type === "chunk")
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds)
  const code = chunks.map((chunk) => chunk.code).join("\n")
  return { script: fitForHtml(`/*!\n${licenceTexts(root, modules, "this page")}*/\n${code}`), modules }
}
