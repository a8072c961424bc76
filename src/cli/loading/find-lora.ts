/**
 * Finds the LoRA file a user means: a path, or the name of a LoRA among the finished files or in the cache.
 *
 * The newest one counts when several have the name.
 */
import { existsSync, readdirSync, statSync } from "node:fs"
import { join, resolve } from "node:path"
import { Effect, Option, Schema } from "effect"
import { nearestName } from "../../runtime/model/nearest-name.ts"
import { Blobs } from "../../runtime/storage/blobs.ts"
import { Store } from "../../runtime/storage/store.ts"
import { Checkpoints } from "../../stages/wires/checkpoints.ts"
import { CliFailure } from "../ending/cli-failure.ts"
import { withCache } from "./project.ts"

const ending = ".safetensors"

const foldersIn = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => join(folder, name))
    : []

/** The LoRA files of an output folder, newest first. */
const finishedFiles = (output: string): readonly string[] =>
  [output, ...foldersIn(output)]
    .flatMap((folder) =>
      existsSync(folder)
        ? readdirSync(folder)
            .filter((name) => name.endsWith(ending))
            .map((name) => join(folder, name))
        : [],
    )
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)

const nameOf = (path: string): string => path.split(/[/\\]/).at(-1)!.slice(0, -ending.length)

/** How far back the cache is searched. */
const mostResults = 1000

const inCache = Effect.fnUntraced(function* (name: string) {
  const { attempt, tables } = yield* Store
  const blobs = yield* Blobs
  const rows = yield* attempt("Looking for a LoRA", () => tables.results.recent("checkpoint", mostResults))
  const known: string[] = []
  for (const { output } of rows) {
    const checkpoints = Schema.decodeUnknownOption(Schema.fromJsonString(Checkpoints))(output)
    if (Option.isNone(checkpoints)) continue
    known.push(checkpoints.value.name)
    const file = checkpoints.value.files.find(({ fileName }) => fileName === `${name}${ending}`)
    if (file === undefined) continue
    const path = yield* Effect.option(blobs.path(file.file))
    if (Option.isSome(path)) return { path: path.value, known }
  }
  return { path: undefined, known }
})

const unknown = (wanted: string, known: readonly string[]): CliFailure => {
  const names = [...new Set(known)]
  const nearest = nearestName(wanted, names)
  const list = names.length === 0 ? "Give the path of a LoRA file" : `There are ${names.slice(0, 12).join(", ")}`
  const hint = nearest === undefined ? list : `Did you mean ${nearest}? ${list}`
  return CliFailure.one(3, { where: wanted, why: "there is neither such a file nor a LoRA of that name", hint })
}

/** The file for what was typed. A cache folder is looked into when there is one, and never made. */
export const locateLora = Effect.fn("locateLora")(function* (
  wanted: string,
  output: string,
  cache: string,
): Effect.fn.Return<string, CliFailure> {
  const path = resolve(wanted)
  if (existsSync(path) && statSync(path).isFile()) return path
  const finished = finishedFiles(resolve(output))
  const name = wanted.endsWith(ending) ? wanted.slice(0, -ending.length) : wanted
  const named = finished.find((file) => nameOf(file) === name)
  if (named !== undefined) return named
  const kept = existsSync(resolve(cache)) ? yield* withCache(cache, inCache(name)) : { path: undefined, known: [] }
  return kept.path ?? (yield* unknown(wanted, [...finished.map(nameOf), ...kept.known]))
})
