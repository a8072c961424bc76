/**
 * Whether the files of a base model are those that were meant: digests stated beside them, against the digests that the cache's keys
 * need anyway, so that nothing is read twice.
 *
 * Stated are they by lists (`X.sha256`, `SHA256SUMS` and their like, in the model's folder or a part's), by the notes of the Hugging Face hub's
 * client in `.cache/huggingface`, and by the hub's own cache, whose files are named by their digests.
 */
import { createHash } from "node:crypto"
import { readFile, realpath, stat } from "node:fs/promises"
import { basename, dirname, join, relative, sep } from "node:path"
import { Effect } from "effect"
import { digestsIn, hubNoteIn } from "../../formats/digest-list.ts"
import type { Blob } from "../../runtime/model/blob.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"
import { error, type Found, namesIn } from "./base-folder.ts"
import { shortDigest } from "./expected-files.ts"

/** SHA-256 (64 digits), or SHA-1 of a git object (40 digits). */
interface Stated {
  readonly digest: string
  /** Where it is stated, relative to the model's folder. */
  readonly by: string
  readonly hint: string
}

const orRemove = (by: string): string => `Download it again; where you replaced it on purpose, remove ${by}`

const largestListBytes = 2 ** 20

/** A list is short, and one that cannot be read states nothing. */
const readList = async (file: string): Promise<string> => {
  const found = await stat(file).catch(() => undefined)
  return found?.isFile() && found.size <= largestListBytes ? readFile(file, "utf8").catch(() => "") : ""
}

const isList = (name: string): boolean => /^sha256sums?(\.txt)?$|\.sha256(sums?)?$|^checksums?\.txt$/i.test(name)

/** All that the lists of a folder state, by path. */
const listsIn = async (root: string, folder: string, names: readonly string[]) => {
  const stated = new Map<string, Stated>()
  for (const name of names.filter(isList)) {
    const owner = name.replace(/\.sha256(sums?)?$/i, "")
    const text = await readList(join(folder, name))
    for (const [of, digest] of digestsIn(text, names.includes(owner) ? owner : undefined)) {
      const by = relative(root, join(folder, name))
      stated.set(join(folder, of), { digest, by, hint: orRemove(by) })
    }
  }
  return stated
}

/** The hub's client takes a file that is newer than its note for an edited one; of weights nobody edits bytes. */
const noteOf = async (root: string, name: string, file: string): Promise<readonly Stated[]> => {
  const by = join(".cache", "huggingface", "download", `${name}.metadata`)
  const note = hubNoteIn(await readList(join(root, by)))
  if (note === undefined) return []
  const { mtimeMs } = await stat(file)
  const isEdited = note.etag.length === 40 && mtimeMs - 1000 > note.downloadedAtMs
  return isEdited ? [] : [{ digest: note.etag, by, hint: orRemove(by) }]
}

/** A snapshot of the hub's cache links to a file that is called by its digest. */
const linkOf = async (file: string): Promise<readonly Stated[]> => {
  const real = await realpath(file)
  const digest = basename(real)
  const isStored = basename(dirname(real)) === "blobs" && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(digest)
  if (!isStored || real === file) return []
  return [{ digest, by: "the name it is stored under", hint: `Delete ${real} and download it again` }]
}

const gitDigest = async (file: string): Promise<string> => {
  const bytes = await readFile(file)
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex")
}

const problemOf = async (file: string, { sha256 }: Blob, { digest, by, hint }: Stated): Promise<readonly Problem[]> => {
  const isGit = digest.length === 40
  const found = isGit ? await gitDigest(file) : sha256
  if (found === digest) return []
  const what = isGit ? "git digest" : "SHA-256"
  const why = `it is damaged or another file: its ${what} is ${shortDigest(found)}…, expected ${shortDigest(digest)}… by ${by}`
  return [error(file, why, hint)]
}

/** One problem for each file that is not the one stated. `digests`: of the files, by name. */
export const digestProblems = (
  root: string,
  files: Found["files"],
  digests: Readonly<Record<string, Blob>>,
): Effect.Effect<readonly Problem[]> =>
  Effect.gen(function* () {
    const folders = [...new Set([root, ...files.map(([, file]) => dirname(file))])]
    const lists = yield* Effect.forEach(folders, (folder) =>
      Effect.flatMap(namesIn(folder), (names = []) => Effect.promise(() => listsIn(root, folder, names))),
    )
    const listed = new Map(lists.flatMap((list) => [...list]))
    const told = yield* Effect.forEach(files, ([name, file]) =>
      Effect.promise(async () => {
        const inList = listed.get(file)
        const noted = await noteOf(root, name.split("/").join(sep), file)
        const stated = [...(inList === undefined ? [] : [inList]), ...noted, ...(await linkOf(file))]
        const problems = await Promise.all(stated.map((one) => problemOf(file, digests[name]!, one)))
        return problems.flat().slice(0, 1)
      }),
    )
    return told.flat()
  })
