/**
 * The files of the blob store: where they lie, how they are published, and how one is looked at without reading it.
 *
 * `blobs/ab/cdef…` holds the bytes whose SHA-256 is abcdef…; `blobs/temporary/` holds files that are being written. A
 * temporary file whose writer is gone is removed when the folder is next opened: one of a process that is seen to be
 * dead, else one that is a day old by the clock of the file system itself. Functions throw what Node throws.
 */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Blob, Sha256 } from "../model/blob.ts"
import type { CommitPoint } from "./commit-points.ts"
import { digestBytes, inPieces } from "./large-bytes.ts"
import { moveFile, removeFile } from "./move-file.ts"
import { livenessOf, type Processes, type ProcessIdentity } from "./process-identity.ts"
import { syncFolder } from "./sync-folder.ts"

/** How a blob's file looks: as published, of the right size but touched since, or not there (or of another size). */
export type Look = "whole" | "doubtful" | "absent"

export interface BlobFolder {
  readonly fileOf: (sha256: Sha256) => string
  readonly look: (blob: Blob) => Look
  readonly publish: (bytes: Uint8Array) => Promise<Blob>
  /** A new path among the temporary files, for a file or a folder that is being made. */
  readonly draft: () => string
  /** Publishes a finished file by moving it; it must lie in the cache folder and hold exactly these bytes. */
  readonly adopt: (file: string, blob: Blob) => Promise<void>
  /** Marks a doubtful file, whose bytes were found to be right, as published. */
  readonly affirm: (sha256: Sha256) => void
  /** Removes a file that does not hold what its name says. */
  readonly discard: (sha256: Sha256) => void
}

// Any instant before the program existed would do; an even second so that FAT keeps it.
const publishedAtSeconds = Date.UTC(2000, 0, 1) / 1000

const dayMs = 86_400_000

/** Opens `blobs/` in a cache folder, making it when it is not there. */
export const openBlobFolder = (
  root: string,
  reach: (point: CommitPoint) => void,
  processes: (typeof Processes)["Service"],
): BlobFolder => {
  const blobs = path.join(root, "blobs")
  const temporary = path.join(blobs, "temporary")
  fs.mkdirSync(temporary, { recursive: true })
  removeLeftovers(temporary, processes)

  const fileOf = (sha256: Sha256): string => path.join(blobs, sha256.slice(0, 2), sha256.slice(2))

  const look = (blob: Blob): Look => {
    const stat = fs.statSync(fileOf(blob.sha256), { throwIfNoEntry: false })
    if (stat === undefined || stat.size !== blob.sizeBytes) return "absent"
    return stat.mtimeMs === publishedAtSeconds * 1000 ? "whole" : "doubtful"
  }

  // Named at random beside that: where processes have no known start, a number used again would give a name used before.
  const draft = (): string => path.join(temporary, `${draftPrefix(processes.own)}.${crypto.randomUUID()}`)

  const adopt = async (file: string, blob: Blob): Promise<void> => {
    await seal(file, reach)
    if (look(blob) === "whole") return
    await moveInto(fileOf(blob.sha256), file, blobs, reach).catch((cause: unknown) => {
      // Another process may have published the same bytes meanwhile, and have them open.
      if (look(blob) !== "whole") throw cause
    })
  }

  const publish = async (bytes: Uint8Array): Promise<Blob> => {
    const blob: Blob = { sha256: digestBytes(bytes), sizeBytes: bytes.byteLength }
    if (look(blob) === "whole") return blob
    const file = draft()
    try {
      await writeNew(file, bytes)
      await adopt(file, blob)
      return blob
    } finally {
      await removeFile(file)
    }
  }

  return {
    fileOf,
    look,
    publish,
    draft,
    adopt,
    affirm: (sha256) => fs.utimesSync(fileOf(sha256), publishedAtSeconds, publishedAtSeconds),
    discard: (sha256) => fs.rmSync(fileOf(sha256), { force: true }),
  }
}

const writeNew = async (file: string, bytes: Uint8Array): Promise<void> => {
  const handle = await fs.promises.open(file, "wx")
  try {
    for (const piece of inPieces(bytes)) await handle.writeFile(piece)
  } finally {
    await handle.close()
  }
}

/** Makes a written file what a published one is: read-only, of the fixed time, and on the disk. */
const seal = async (draft: string, reach: (point: CommitPoint) => void): Promise<void> => {
  const file = await fs.promises.open(draft, "r+")
  try {
    reach("blob-written")
    // Read-only, for those whom the umask lets read.
    await file.chmod((await file.stat()).mode & 0o444)
    await file.utimes(publishedAtSeconds, publishedAtSeconds)
    await file.sync()
    reach("blob-synced")
  } finally {
    await file.close()
  }
}

const moveInto = async (
  target: string,
  draft: string,
  blobs: string,
  reach: (point: CommitPoint) => void,
): Promise<void> => {
  const shard = path.dirname(target)
  if ((await fs.promises.mkdir(shard, { recursive: true })) !== undefined) await syncFolder(blobs)
  await moveFile(draft, target)
  reach("blob-renamed")
  await syncFolder(shard)
  reach("blob-published")
}

/** Names a process and what its number is valid in, short enough for a file name. */
const draftPrefix = ({ host, boot, space, pid, started }: ProcessIdentity): string =>
  `${crypto.hash("sha256", JSON.stringify([host, boot, space])).slice(0, 16)}.${pid}.${started}`

const removeLeftovers = (temporary: string, processes: (typeof Processes)["Service"]): void => {
  const [ownPlace] = draftPrefix(processes.own).split(".")
  let nowMs: number | undefined
  for (const name of fs.readdirSync(temporary)) {
    const [place, pid, started] = name.split(".")
    const writer = { ...processes.own, pid: Number(pid), started: started ?? "" }
    const liveness = place === ownPlace ? livenessOf(writer, processes) : "unknown"
    if (liveness === "alive") continue
    const draft = path.join(temporary, name)
    nowMs ??= nowThere(temporary)
    if (liveness === "dead" || changedAtMs(draft) < nowMs - dayMs) fs.rmSync(draft, { force: true, recursive: true })
  }
}

// The change time: the modification time may already be the fixed one.
const changedAtMs = (file: string): number =>
  fs.statSync(file, { throwIfNoEntry: false })?.ctimeMs ?? Number.POSITIVE_INFINITY

/** What time it is for the file system, whose server's clock may be far from this machine's. */
const nowThere = (folder: string): number => {
  const probe = path.join(folder, `probe.${crypto.randomUUID()}`)
  try {
    fs.writeFileSync(probe, "")
    return changedAtMs(probe)
  } finally {
    fs.rmSync(probe, { force: true })
  }
}
