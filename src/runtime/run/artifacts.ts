/**
 * The files a user finds in the output folder: copies of blobs, put there again whenever they are missing or different.
 *
 * The cache is the truth and the output folder a view of it. A file that Loom wrote is replaced when its content should be
 * another. A file of the same name that Loom did not write, or that was changed since, is moved aside to "name (kept 1).ext"
 * with a warning, never overwritten. To tell them apart the folder holds a list of what was written, `.written.json`; without
 * it every file that differs counts as the user's. Files appear whole: temporary name, then rename.
 */
import { randomUUID } from "node:crypto"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect, Option, Schema, Semaphore } from "effect"
import { Events } from "../model/events.ts"
import { foldedName } from "../model/file-name.ts"
import type { Artifact } from "../model/node.ts"
import { StageFailure } from "../model/stage-failure.ts"
import { type StorageFailure, storageFailure } from "../model/storage-failure.ts"
import { Blobs } from "../storage/blobs.ts"
import { FileMemo } from "../storage/file-memo.ts"
import { moveFile } from "../storage/move-file.ts"
import type { PlacedArtifact } from "./run-outcome.ts"

export interface ArtifactWriter {
  readonly place: (
    stage: string,
    artifacts: readonly Artifact[],
  ) => Effect.Effect<readonly PlacedArtifact[], StageFailure | StorageFailure>
}

const ledgerName = ".written.json"
const Ledger = Schema.Record(Schema.String, Schema.String)
type Ledger = Record<string, string>

/** One output folder during one run. */
interface OutputFolder {
  readonly folder: string
  /** Path → digest of what Loom wrote there last. */
  readonly ledger: Ledger
  /** Who has written what in this run, by file; of names that some system takes for one only one may be written. */
  readonly owners: Map<string, { readonly stage: string; readonly file: string; readonly sha256: string }>
}

export const makeArtifactWriter = Effect.fnUntraced(function* (folder: string) {
  const services = yield* Effect.context<Events | Blobs | FileMemo>()
  const oneAtATime = yield* Semaphore.make(1)
  let output: OutputFolder | undefined
  const placeAll = Effect.fnUntraced(function* (stage: string, artifacts: readonly Artifact[]) {
    output ??= {
      folder,
      ledger: yield* attempt("Reading the list of artifacts", folder, readLedger(folder)),
      owners: new Map(),
    }
    const into = output
    return yield* Effect.forEach(artifacts, (artifact) => placeOne(into, stage, artifact))
  })
  const writer: ArtifactWriter = {
    place: (stage, artifacts) =>
      oneAtATime.withPermit(placeAll(stage, artifacts)).pipe(Effect.provideContext(services)),
  }
  return writer
})

const placeOne = Effect.fnUntraced(function* (output: OutputFolder, stage: string, artifact: Artifact) {
  const events = yield* Events
  const { path: name, blob, label } = artifact
  const file = yield* insideFolder(stage, output.folder, name)
  const owner = output.owners.get(foldedName(file)) ?? { stage, file, sha256: blob.sha256 }
  if (owner.sha256 !== blob.sha256 || owner.file !== file) return yield* takenBy(owner.stage, stage, name)
  output.owners.set(foldedName(file), owner)
  const present = yield* digestOf(file)
  const isSame = Option.contains(present, blob.sha256)
  if (!isSame) {
    if (Option.isSome(present) && output.ledger[name] !== present.value) yield* keepForeign(stage, name, file)
    yield* copyFromCache(stage, artifact, file)
  }
  yield* noteWritten(output, name, blob.sha256)
  const { sha256, sizeBytes } = blob
  const placed: PlacedArtifact = { stage, label, path: name, file, sizeBytes, sha256, written: !isSame }
  const type = isSame ? "artifact-present" : "artifact-written"
  yield* events.publish({ type, label: stage, path: name, file, description: label, sizeBytes })
  return placed
})

const digestOf = Effect.fnUntraced(function* (file: string) {
  const memo = yield* FileMemo
  const there = yield* attempt("Looking for an artifact", file, isThere(file))
  return there ? Option.some<string>((yield* memo.digest(file)).sha256) : Option.none<string>()
})

const keepForeign = Effect.fnUntraced(function* (stage: string, name: string, file: string) {
  const events = yield* Events
  const aside = yield* attempt("Moving a changed file aside", file, moveAside(file))
  const message = `${name} was changed by someone else and has been kept as ${path.basename(aside)}`
  const hint = "Rename it if you want it."
  yield* events.publish({ type: "warning", label: stage, field: name, message, hint })
})

const copyFromCache = Effect.fnUntraced(function* (stage: string, { path: name, blob }: Artifact, file: string) {
  const blobs = yield* Blobs
  const origin = yield* Effect.mapError(blobs.path(blob), (error) => unreadable(stage, name, error))
  yield* attempt("Writing an artifact", file, copyWhole(origin, file))
})

const noteWritten = Effect.fnUntraced(function* ({ folder, ledger }: OutputFolder, name: string, sha256: string) {
  if (ledger[name] === sha256) return
  ledger[name] = sha256
  yield* attempt("Writing the list of artifacts", folder, writeLedger(folder, ledger))
})

const attempt = <A>(what: string, where: string, work: () => Promise<A>): Effect.Effect<A, StorageFailure> =>
  Effect.tryPromise({ try: work, catch: (cause) => storageFailure(what, where, cause) })

const insideFolder = (stage: string, folder: string, name: string): Effect.Effect<string, StageFailure> => {
  const file = path.resolve(folder, name)
  const isInside = file.startsWith(path.resolve(folder) + path.sep) && path.basename(file) !== ledgerName
  if (isInside) return Effect.succeed(file)
  return Effect.fail(
    new StageFailure({
      what: "An artifact has no place in the output folder",
      where: `${stage}: ${name}`,
      why: "its path leads outside the folder",
      hint: "Give a relative path without '..'.",
      kind: "work",
    }),
  )
}

const takenBy = (owner: string, stage: string, name: string): StageFailure =>
  new StageFailure({
    what: "Two stages write the same file",
    where: `${stage}: ${name}`,
    why: `${owner} has written another file there in this run`,
    hint: "Give one of them another name.",
    kind: "input",
  })

const unreadable = (stage: string, name: string, error: { readonly why: string; readonly hint: string }) =>
  new StageFailure({
    what: "An artifact could not be read from the cache",
    where: `${stage}: ${name}`,
    why: error.why,
    hint: error.hint,
    kind: "work",
  })

const isThere = (file: string) => async () => {
  const found = await fs.stat(file).catch(() => undefined)
  return found?.isFile() ?? false
}

const copyWhole = (origin: string, file: string) => async () => {
  await fs.mkdir(path.dirname(file), { recursive: true })
  const temporary = temporaryName(file)
  const mode = await modeOfNew(temporary)
  try {
    await fs.copyFile(origin, temporary, fs.constants.COPYFILE_FICLONE)
    await fs.chmod(temporary, mode)
    // Windows copies a file's date along, and that of a blob says nothing.
    const now = new Date()
    await fs.utimes(temporary, now, now)
    await moveFile(temporary, file)
  } finally {
    await fs.rm(temporary, { force: true })
  }
}

/** Makes the file, so that umask and folder say who may use it; a copy takes over the mode of what is copied. */
const modeOfNew = async (file: string): Promise<number> => {
  const made = await fs.open(file, "wx")
  try {
    return (await made.stat()).mode & 0o777
  } finally {
    await made.close()
  }
}

/** No two writers have the same one, whether they are processes or runs of one process. */
const temporaryName = (file: string): string =>
  path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}.part`)

const moveAside = (file: string) => async () => {
  const { dir, name, ext } = path.parse(file)
  for (let number = 1; ; number++) {
    const aside = path.join(dir, `${name} (kept ${number})${ext}`)
    if (await isThere(aside)()) continue
    await moveFile(file, aside)
    return aside
  }
}

// An unreadable list is no reason to fail: it only makes the next write more careful.
const readLedger = (folder: string) => async (): Promise<Ledger> => {
  const text = await fs.readFile(path.join(folder, ledgerName), "utf8").catch(() => "{}")
  const parsed = Schema.decodeUnknownOption(Schema.fromJsonString(Ledger))(text)
  return { ...Option.getOrElse(parsed, (): Ledger => ({})) }
}

const writeLedger = (folder: string, ledger: Ledger) => async () => {
  const file = path.join(folder, ledgerName)
  await fs.mkdir(folder, { recursive: true })
  const temporary = temporaryName(file)
  try {
    await fs.writeFile(temporary, `${JSON.stringify(ledger, null, 2)}\n`)
    await moveFile(temporary, file)
  } finally {
    await fs.rm(temporary, { force: true })
  }
}
