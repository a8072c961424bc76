/**
 * From a file name on the command line to what the file exports: a pipeline or a sweep.
 *
 * Everything that can be wrong with a file that somebody wrote by hand becomes a sentence with the file and, where Node
 * knows it, the line.
 */
import { readdir, stat } from "node:fs/promises"
import { dirname, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { Effect } from "effect"
import { unlessHopeless } from "../../runtime/define/hopeless-waits.ts"
import { isPipeline, type Pipeline } from "../../runtime/define/pipeline.ts"
import { nearestName } from "../../runtime/model/nearest-name.ts"
import { isSweep, type Sweep } from "../../runtime/sweep/sweep.ts"
import { CliFailure } from "../ending/cli-failure.ts"
import { admitForeignCode } from "../ending/foreign-code.ts"

export const invalid = (file: string, why: string, hint: string, detail?: string): CliFailure =>
  CliFailure.one(3, { where: file, why, hint, ...(detail === undefined ? {} : { detail }) })

const namesIn = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => [])

const missing = Effect.fnUntraced(function* (file: string, typed: string) {
  const folder = dirname(file)
  const beside = (yield* Effect.promise(() => namesIn(folder))).filter((name) => name.endsWith(".ts"))
  const inPipelines = (yield* Effect.promise(() => namesIn(resolve("pipelines")))).filter((name) =>
    name.endsWith(".ts"),
  )
  const known = [
    ...beside.map((name) => resolve(folder, name)),
    ...inPipelines.map((name) => resolve("pipelines", name)),
  ]
  const byName = (path: string) => path.split("/").at(-1)?.replace(/\.ts$/, "") ?? path
  const nearest = nearestName(byName(file), known.map(byName))
  const meant = known.find((path) => byName(path) === nearest)
  return invalid(
    typed,
    "there is no such file",
    meant === undefined
      ? "Give the path of a pipeline file, such as pipelines/03-quickstart.ts"
      : `Did you mean ${meant}?`,
  )
})

/** Line of the pipeline file that an error came from, as "file:line". */
export const lineIn = (file: string, { stack = "" }: Error): string => {
  for (const name of [pathToFileURL(file).href, file]) {
    const at = stack.indexOf(`${name}:`)
    const line = at < 0 ? null : /^\d+/.exec(stack.slice(at + name.length + 1))
    if (line !== null) return `${file}:${line[0]}`
  }
  return file
}

const codeOf = (error: Error): string => String((error as NodeJS.ErrnoException).code ?? "")

/** Of the file itself, not of something it parses while it runs: then Node puts the place before the message. */
const isSyntax = (error: Error): boolean =>
  codeOf(error) === "ERR_INVALID_TYPESCRIPT_SYNTAX" ||
  (error instanceof SyntaxError && (error.stack ?? "").startsWith("file:"))

const importFailure = (file: string, thrown: unknown): CliFailure => {
  if (!(thrown instanceof Error)) return invalid(file, `it threw ${String(thrown)}`, "Throw nothing while wiring")
  const place = lineIn(file, thrown)
  const words = thrown.message.split("\n")[0]?.trim() ?? ""
  const says = (why: string, hint: string) => invalid(place, why, hint, thrown.stack)
  if (codeOf(thrown) === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") {
    return says(words, "Write plain TypeScript: no enum, no namespace, no parameter properties")
  }
  if (/^ERR_(MODULE_NOT_FOUND|PACKAGE_PATH_NOT_EXPORTED)$/.test(codeOf(thrown)) || / export named /.test(words)) {
    return says(`an import leads nowhere: ${importWords(words)}`, "Correct the import")
  }
  if (isSyntax(thrown)) return says(`the file is not TypeScript: ${words}`, "Correct it there")
  return says(`it threw while it was read: ${words}`, "Correct it there")
}

/** Node's words, with paths instead of addresses. */
const importWords = (words: string): string =>
  words
    .replace(/file:\/\/[^\s'"]+/g, (url) => fileURLToPath(url))
    .replace(/ imported from .*$/, "")
    .replace(/^Cannot find (module|package)/, (_, noun) => `there is no ${noun}`)
    .replace(/^The requested module/, "the module")

/** Why a file cannot be a pipeline whatever stands in it, and what to give instead. */
const notAModule = async (file: string): Promise<readonly [why: string, hint: string] | undefined> => {
  const found = await stat(file)
  if (found.isDirectory()) {
    const inside = (await namesIn(file)).filter((name) => isModuleName.test(name))
    const first = inside[0] === undefined ? "such as pipelines/03-quickstart.ts" : `such as ${resolve(file, inside[0])}`
    return ["it is a folder", `Give the path of a pipeline file, ${first}`]
  }
  if (!found.isFile()) return ["it is no file", "Give the path of a pipeline file, such as pipelines/03-quickstart.ts"]
  if (isModuleName.test(file)) return undefined
  return ["it is no TypeScript", "A pipeline is a .ts file (or .js) that exports pipeline(…) as its default"]
}

const isModuleName = /\.[cm]?[jt]s$/

/** What a file exports as its default: a pipeline, or a sweep over one. */
export const importDefinition = Effect.fnUntraced(function* (
  typed: string,
): Effect.fn.Return<Pipeline | Sweep, CliFailure> {
  const file = resolve(typed)
  const names = yield* Effect.promise(() => namesIn(dirname(file)))
  if (!names.some((name) => resolve(dirname(file), name) === file)) return yield* yield* missing(file, typed)
  const unfit = yield* Effect.promise(() => notAModule(file))
  if (unfit !== undefined) return yield* invalid(typed, ...unfit)
  admitForeignCode()
  const reading = Effect.tryPromise({
    try: () => import(pathToFileURL(file).href) as Promise<Readonly<Record<string, unknown>>>,
    catch: (thrown) => importFailure(file, thrown),
  })
  const module = yield* Effect.catchTag(unlessHopeless(reading), "StageFailure", ({ why }) =>
    invalid(file, `it awaits something that never comes: ${why}`, "Await only what comes, at the top of the file too"),
  )
  const exported = module["default"]
  if (isPipeline(exported) || isSweep(exported)) return exported
  return yield* invalid(
    file,
    exported === undefined ? "the file exports no pipeline" : "its default export is no pipeline",
    'Write export default pipeline("name", () => …)',
  )
})
