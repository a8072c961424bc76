/** `loom restore`: writes the pipeline and the captions that a LoRA file was made from. */
import { existsSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { Effect, Option } from "effect"
import { counted } from "../runtime/model/counted.ts"
import { FileMemo } from "../runtime/storage/file-memo.ts"
import { Store } from "../runtime/storage/store.ts"
import { codeChange, commonFolder, machineChange, openOrigin, writeRestored } from "../tools/restore.ts"
import type { CliFailure } from "./ending/cli-failure.ts"
import { fromRunEnd } from "./ending/run-troubles.ts"
import { results } from "./ending/standard-streams.ts"
import { locateLora } from "./loading/find-lora.ts"
import { withCache } from "./loading/project.ts"
import { jsonVersion } from "./reporters/json-reporter.ts"
import { fromHere, style, wantsColor } from "./reporters/words.ts"
import { sayTrouble } from "./show-failure.ts"

export interface RestoreInput {
  readonly lora: string
  readonly into: string
  readonly pictures: Option.Option<string>
  readonly base: Option.Option<string>
  readonly cache: string
  readonly output: string
  readonly json: boolean
  readonly verbose: boolean
  readonly noColor: boolean
}

/** Where this machine last saw a file of these bytes. */
const whereabouts = Effect.fnUntraced(function* (sha256: string) {
  const { attempt, tables } = yield* Store
  const memo = yield* FileMemo
  const rows = yield* attempt("Looking up a file", () => tables.files.byDigest(sha256))
  const sizeBytes = rows[0]?.sizeBytes
  if (sizeBytes === undefined) return undefined
  return Option.getOrUndefined(yield* memo.find({ sha256: sha256 as never, sizeBytes }))
})

/** The folder that holds the files, by digest and by their paths inside it. */
const folderOf = (files: readonly (readonly [name: string, sha256: string])[]) =>
  Effect.map(
    Effect.forEach(files, ([name, sha256]) =>
      Effect.map(whereabouts(sha256), (path) => {
        if (path === undefined || !path.split("\\").join("/").endsWith(`/${name}`)) return undefined
        return name.split("/").reduce((folder) => dirname(folder), path)
      }),
    ),
    commonFolder,
  )

type Digests = readonly (readonly [name: string, sha256: string])[]

/** Where pictures and base model lie: as told, or where the cache has seen them. */
const places = Effect.fnUntraced(function* (input: RestoreInput, pictures: Digests, base: Digests) {
  const told = { pictures: Option.getOrUndefined(input.pictures), base: Option.getOrUndefined(input.base) }
  if (!existsSync(resolve(input.cache))) return told
  const seen = Effect.all([folderOf(pictures), folderOf(base)])
  const [seenPictures, seenBase] = yield* withCache(input.cache, seen)
  return { pictures: told.pictures ?? seenPictures, base: told.base ?? seenBase }
})

export const restore = Effect.fn("loom restore")(function* (input: RestoreInput): Effect.fn.Return<void, CliFailure> {
  const file = yield* locateLora(input.lora, input.output, input.cache)
  const opened = yield* Effect.mapError(openOrigin(file), fromRunEnd)
  const { pictures, base } = opened.origin
  const digests = pictures.map(({ key, sha256 }) => [key, sha256] as const)
  const known = yield* places(input, digests, Object.entries(base))
  const written = yield* Effect.mapError(writeRestored({ ...opened, ...known, into: input.into }), fromRunEnd)
  const machine = machineChange(opened.origin)
  const done = { file, ...opened, ...written, known, machine, change: yield* codeChange(opened.origin) }
  if (input.json) return tellJson(done)
  tell(done, input)
})

interface Done {
  readonly file: string
  readonly origin: Effect.Success<ReturnType<typeof openOrigin>>["origin"]
  readonly files: readonly string[]
  readonly places: { readonly pictures: string; readonly base: string }
  readonly known: { readonly pictures: string | undefined; readonly base: string | undefined }
  readonly change: string | null
  readonly machine: string | null
}

const tellJson = ({ file, files, places, known, change, machine }: Done): void => {
  const found = { pictures: known.pictures !== undefined, base: known.base !== undefined }
  results.write(
    `${JSON.stringify({ version: jsonVersion, type: "restored", from: file, files, places, found, change, machine })}\n`,
  )
}

const tell = ({ file, origin, files, places, known, change, machine }: Done, { noColor }: RestoreInput): void => {
  const paint = style(wantsColor(process.stderr, noColor))
  const warn = (where: string, why: string, hint: string) =>
    process.stderr.write(`${sayTrouble({ where, why, hint, severity: "warning" }, paint)}\n`)
  if (change !== null) warn(file, `${change}, so a run may give other bytes`, "The settings are the same")
  if (machine !== null)
    warn(file, `${machine}: other last bits are to be expected`, "The LoRA is as good; only its bytes differ")
  if (known.pictures === undefined) {
    const hint = `Put them into ${places.pictures} beside the pipeline, or restore with --pictures FOLDER`
    warn("pictures", `this machine has not seen the ${counted(origin.pictures.length, "picture")}`, hint)
  }
  if (known.base === undefined) {
    const hint = `Put it into ${places.base} beside the pipeline, or restore with --base FOLDER`
    warn("base model", `this machine has not seen ${origin.baseName}`, hint)
  }
  const [pipeline, expected] = files as readonly [string, string]
  const rows: readonly (readonly [string, string])[] = [
    [fromHere(pipeline), "pipeline"],
    [fromHere(expected), "digests of pictures and base model"],
    [`${fromHere(dirname(files[2] ?? pipeline))}/`, counted(origin.pictures.length, "caption")],
  ]
  const width = Math.max(...rows.map(([path]) => path.length))
  results.write(rows.map(([path, what]) => `${path.padEnd(width)}  ${what}\n`).join(""))
  process.stderr.write(`\nRun it with: loom run ${fromHere(pipeline)}\n`)
}
