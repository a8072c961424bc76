/**
 * What `loom restore` does: opens a LoRA file, finds its pictures and base model where this machine has seen them, and writes the
 * pipeline that makes it again.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { dirname, join, relative, resolve, sep } from "node:path"
import { Effect, Option } from "effect"
import { computingMachine } from "../engine/jobs/computing-machine.ts"
import { readSafetensorsHeader } from "../formats/safetensors.ts"
import { notAFileName } from "../runtime/model/file-name.ts"
import { StageFailure } from "../runtime/model/stage-failure.ts"
import { codeDigest } from "../runtime/plan/code-digest.ts"
import { loomVersion } from "../stages/training/loom-version.ts"
import { isPlainName } from "../stages/training/plain-name.ts"
import { type Origin, originOf } from "./origin-record.ts"
import { type RestoredFile, restoredFiles } from "./restored-pipeline.ts"

const refused = (where: string, why: string, hint: string): StageFailure =>
  new StageFailure({ what: "", where, why, hint, kind: "input" })

export interface OpenedOrigin {
  readonly origin: Origin
  readonly precision: "fp32" | "fp16"
}

/** The record of how a LoRA file was made. */
export const openOrigin = Effect.fn("openOrigin")(function* (file: string) {
  const header = yield* readSafetensorsHeader(file).pipe(
    Effect.mapError(({ reason, hint }) => refused(file, `the file ${reason}`, hint)),
  )
  const origin = originOf(header.metadata)
  if (Option.isNone(origin)) {
    const why =
      header.metadata["loom"] === undefined
        ? "the file does not say how it was made; Loom did not write it, or its metadata was taken out"
        : "the record of how it was made cannot be read; somebody changed it, or a newer Loom wrote it"
    return yield* refused(file, why, "Only a LoRA file that Loom wrote can be restored")
  }
  if (!isPlainName(origin.value.name)) {
    return yield* refused(
      file,
      `it calls itself ${JSON.stringify(origin.value.name)}, which is no file name`,
      "Correct it",
    )
  }
  const isHalf = [...header.tensors].some(([name, { dtype }]) => name.endsWith(".weight") && dtype === "F16")
  const { precision = isHalf ? "fp16" : "fp32" } = origin.value
  return { origin: origin.value, precision } satisfies OpenedOrigin
})

/** Why the same bytes cannot be promised although pictures and base model are the same; null when they can. */
export const codeChange = Effect.fn("codeChange")(function* ({ code, loom }: Origin) {
  const now = yield* Effect.option(codeDigest(new URL("../stages/training/train-trajectory.ts", import.meta.url).href))
  if (loom === loomVersion && Option.isSome(now) && now.value.digest === code) return null
  const maker = loom === undefined ? "an earlier Loom" : `Loom ${loom}`
  return loom === loomVersion
    ? `it was made by a Loom ${loom} whose training code differs from this one's`
    : `it was made by ${maker}, and this is Loom ${loomVersion}`
})

/** Why the last bits will be others here than in the file; null when they will not, or the file does not say where it was made. */
export const machineChange = ({ machine }: Pick<Origin, "machine">, here = computingMachine): string | null =>
  machine === undefined || machine === here ? null : `it was made on ${machine}, and this is ${here}`

/** The folder that most of the files lie in, given what is known of each digest. */
export const commonFolder = (folders: readonly (string | undefined)[]): string | undefined => {
  const counts = new Map<string, number>()
  for (const folder of folders) if (folder !== undefined) counts.set(folder, (counts.get(folder) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0]
}

/** "../photos", "./photos": a path as a pipeline file says it. */
const fromPipeline = (into: string, folder: string): string => {
  const path = relative(into, folder).split(sep).join("/")
  return path.startsWith("../") || path.startsWith("/") || /^[A-Za-z]:/.test(path) ? path : `./${path}`
}

/**
 * Why the pictures cannot lie on a system under their own names; undefined when they can. Windows would write "a:b.txt" into a part of
 * "a" that no folder shows, and "con.txt" to the console.
 */
export const namelessPicture = (
  { pictures }: Pick<Origin, "pictures">,
  platform: string = process.platform,
): { readonly key: string; readonly why: string } | undefined => {
  if (platform !== "win32") return undefined
  for (const { key } of pictures) {
    const why = notAFileName(key)
    if (why !== undefined) return { key, why }
  }
  return undefined
}

export interface RestoreRequest extends OpenedOrigin {
  readonly into: string
  /** Where they lie; undefined when nobody knows. */
  readonly pictures: string | undefined
  readonly base: string | undefined
}

const textIn = (path: string): Effect.Effect<string | undefined> =>
  Effect.promise(() => readFile(path, "utf8").catch(() => undefined))

const write = (path: string, text: string) =>
  Effect.tryPromise({
    try: async () => {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text)
    },
    catch: (cause) => refused(path, `it cannot be written (${(cause as Error).message})`, "Choose another --into"),
  })

/** Writes the pipeline and what belongs to it, and gives the paths; nothing that is there already is changed. */
export const writeRestored = Effect.fn("writeRestored")(function* (request: RestoreRequest) {
  const into = resolve(request.into)
  const nameless = namelessPicture(request.origin)
  if (nameless !== undefined) {
    const why = `Windows has no such file name for this picture: ${nameless.why}`
    return yield* refused(nameless.key, why, "Restore it on the system that the LoRA was made on")
  }
  const { name, baseName } = request.origin
  const basePlace = isPlainName(baseName) ? baseName : "base"
  const places = {
    pictures: fromPipeline(into, request.pictures ?? join(into, `${name}-pictures`)),
    base: fromPipeline(into, request.base ?? join(into, basePlace)),
  }
  const files: readonly RestoredFile[] = restoredFiles({ ...request, places })
  const taken = yield* Effect.filter(files, ({ path, text }) =>
    Effect.map(textIn(join(into, path)), (there) => there !== undefined && there !== text),
  )
  if (taken.length > 0) {
    const where = join(into, taken[0]!.path)
    return yield* refused(where, "the file is there already and says something else", "Give another folder with --into")
  }
  yield* Effect.forEach(files, ({ path, text }) => write(join(into, path), text))
  return { files: files.map(({ path }) => join(into, path)), places }
})
