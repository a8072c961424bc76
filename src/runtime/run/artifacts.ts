/**
 * The files a user finds in the output folder: copies of blobs, put there again whenever they are missing or different.
 *
 * The cache is the truth and the output folder a view of it, which several runs may put right at once. A file that Loom wrote is
 * replaced when its content should be another. What Loom did not write, or was changed since, is moved aside to "name (kept 1).ext" with
 * a warning, be it a file, a folder, a link or anything else; written-files.ts tells them apart. Files appear whole: temporary
 * name, then rename.
 */
import { randomUUID } from "node:crypto"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect, Semaphore } from "effect"
import { Events } from "../model/events.ts"
import { foldedName } from "../model/file-name.ts"
import type { Artifact } from "../model/node.ts"
import { StageFailure } from "../model/stage-failure.ts"
import { type StorageFailure, storageFailure } from "../model/storage-failure.ts"
import { Blobs } from "../storage/blobs.ts"
import { FileMemo } from "../storage/file-memo.ts"
import { moveFile } from "../storage/move-file.ts"
import { type Kept, keepAside, lyingAt, makeRoomFor } from "./kept-aside.ts"
import type { PlacedArtifact } from "./run-outcome.ts"
import { isListName, type WrittenFiles, writtenFiles } from "./written-files.ts"

export interface ArtifactWriter {
  readonly place: (
    stage: string,
    artifacts: readonly Artifact[],
  ) => Effect.Effect<readonly PlacedArtifact[], StageFailure | StorageFailure>
}

/** One output folder during one run. */
interface OutputFolder {
  readonly folder: string
  readonly written: WrittenFiles
  /** Who has written what in this run, by file; of names that some system takes for one only one may be written. */
  readonly owners: Map<string, Owner>
  /** The folders they lie in, by the same names. */
  readonly foldersOf: Map<string, Owner>
}

interface Owner {
  readonly stage: string
  readonly file: string
  readonly sha256: string
}

export const makeArtifactWriter = Effect.fnUntraced(function* (folder: string) {
  const services = yield* Effect.context<Events | Blobs | FileMemo>()
  const oneAtATime = yield* Semaphore.make(1)
  const output: OutputFolder = {
    folder: path.resolve(folder),
    written: writtenFiles(folder),
    owners: new Map(),
    foldersOf: new Map(),
  }
  const placeAll = (stage: string, artifacts: readonly Artifact[]) =>
    Effect.forEach(artifacts, (artifact) => placeOne(output, stage, artifact))
  const writer: ArtifactWriter = {
    place: (stage, artifacts) =>
      oneAtATime.withPermit(placeAll(stage, artifacts)).pipe(Effect.provideContext(services)),
  }
  return writer
})

const placeOne = Effect.fnUntraced(function* (output: OutputFolder, stage: string, artifact: Artifact) {
  const events = yield* Events
  const { path: name, blob, label } = artifact
  const { sha256, sizeBytes } = blob
  const file = yield* insideFolder(stage, output.folder, name)
  yield* claim(output, name, { stage, file, sha256 })
  const isSame = (yield* digestOf(file)) === sha256
  if (!isSame) yield* clearTheWay(output, stage, name, file)
  yield* attempt("Writing the list of artifacts", output.folder, () => output.written.note(name, sha256))
  if (!isSame) yield* copyFromCache(stage, artifact, file)
  const placed: PlacedArtifact = { stage, label, path: name, file, sizeBytes, sha256, written: !isSame }
  const type = isSame ? "artifact-present" : "artifact-written"
  yield* events.publish({ type, label: stage, path: name, file, description: label, sizeBytes })
  return placed
})

/** Takes a path for one stage, unless another has it in this run, or has one above or below it. */
const claim = (
  { folder, owners, foldersOf }: OutputFolder,
  name: string,
  claimed: Owner,
): Effect.Effect<void, StageFailure> => {
  const folded = foldedName(claimed.file)
  const owner = owners.get(folded) ?? claimed
  if (owner.sha256 !== claimed.sha256 || owner.file !== claimed.file) {
    return takenBy(owner, claimed, name, "has written another file there in this run")
  }
  const within = foldersOf.get(folded)
  if (within !== undefined) return takenBy(within, claimed, name, "has written files into a folder of that name")
  const above = foldersAbove(folder, folded)
  const below = above.map((one) => owners.get(one)).find((one) => one !== undefined)
  if (below !== undefined) return takenBy(below, claimed, name, "has written a file there, where this needs a folder")
  owners.set(folded, owner)
  for (const one of above) foldersOf.set(one, owner)
  return Effect.void
}

/** Of a path in the output folder, those in it. */
const foldersAbove = (folder: string, file: string): readonly string[] => {
  const parts = path.relative(foldedName(folder), file).split(path.sep)
  return parts.slice(1).map((_, depth) => path.join(foldedName(folder), ...parts.slice(0, depth + 1)))
}

/** undefined: there is no file, nor a link to one. */
const digestOf = Effect.fnUntraced(function* (file: string) {
  const memo = yield* FileMemo
  const there = yield* attempt("Looking for an artifact", file, isThere(file))
  return there ? (yield* memo.digest(file)).sha256 : undefined
})

/** What is no file of Loom's goes aside, with a word. */
const clearTheWay = Effect.fnUntraced(function* (output: OutputFolder, stage: string, name: string, file: string) {
  const { folder, written } = output
  const what = "Moving a changed file aside"
  const above = yield* attempt(what, file, () => makeRoomFor(folder, file))
  for (const kept of above) yield* tellKept(stage, name, kept, "lies where a folder is needed")
  const lying = yield* attempt(what, file, () => lyingAt(file))
  if (lying === undefined) return
  const ours = yield* attempt("Reading the list of artifacts", folder, () => written.at(name))
  if (lying === "file" && ours.has((yield* digestOf(file)) ?? "")) return
  for (const kept of yield* attempt(what, file, () => keepAside(lying, file))) {
    yield* tellKept(stage, name, kept, whyInTheWay[lying](ours.size > 0))
  }
})

const whyInTheWay: Readonly<Record<Kept["what"], (wasWritten: boolean) => string>> = {
  file: (wasWritten) => (wasWritten ? "was changed by someone else" : "was there already, and not written by Loom"),
  folder: () => "is a folder, where a file is to lie",
  link: () => "is a link to something else",
  "no file": () => "is no ordinary file",
}

const tellKept = Effect.fnUntraced(function* (stage: string, name: string, kept: Kept, why: string) {
  const events = yield* Events
  const message = `${path.basename(kept.path)} ${why}, and has been kept as ${path.basename(kept.aside)}`
  yield* events.publish({ type: "warning", label: stage, field: name, message, hint: "Rename it if you want it." })
})

const copyFromCache = Effect.fnUntraced(function* (stage: string, { path: name, blob }: Artifact, file: string) {
  const blobs = yield* Blobs
  const origin = yield* Effect.mapError(blobs.path(blob), (error) => unreadable(stage, name, error))
  yield* attempt("Writing an artifact", file, copyWhole(origin, file))
})

const attempt = <A>(what: string, where: string, work: () => Promise<A>): Effect.Effect<A, StorageFailure> =>
  Effect.tryPromise({ try: work, catch: (cause) => storageFailure(what, where, cause) })

const insideFolder = (stage: string, folder: string, name: string): Effect.Effect<string, StageFailure> => {
  const file = path.resolve(folder, name)
  const isInside = file.startsWith(path.resolve(folder) + path.sep) && !isListName(path.basename(file))
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

const takenBy = (owner: Owner, claimed: Owner, name: string, why: string): Effect.Effect<never, StageFailure> =>
  Effect.fail(
    new StageFailure({
      what: "Two stages write the same file",
      where: `${claimed.stage}: ${name}`,
      why: `${owner.stage} ${why}`,
      hint: "Give one of them another name.",
      kind: "input",
    }),
  )

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
  await removeLeftovers(file)
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

const leftoverAfterMs = 3_600_000

/** Unfinished copies for this file that a killed process left, an hour or longer ago. */
const removeLeftovers = async (file: string): Promise<void> => {
  const { dir, base } = path.parse(file)
  const names = await fs.readdir(dir)
  for (const name of names.filter((name) => name.startsWith(`.${base}.`) && name.endsWith(".part"))) {
    const found = await fs.stat(path.join(dir, name)).catch(() => undefined)
    const isOld = found !== undefined && Date.now() - found.mtimeMs > leftoverAfterMs
    if (isOld) await fs.rm(path.join(dir, name), { force: true })
  }
}
