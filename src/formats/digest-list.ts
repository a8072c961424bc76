/**
 * SHA-256 lists as tools write them: `sha256sum`'s "DIGEST  name" (or "DIGEST *name"), BSD's "SHA256 (name) = DIGEST", a digest alone in a
 * file named after the one it belongs to, and the oid of a Git LFS pointer.
 *
 * Reading never fails: lines of any other kind say nothing.
 */

const hex = "[0-9a-fA-F]{64}"
const gnu = new RegExp(`^\\\\?(${hex}) [ *](.+)$`)
const bsd = new RegExp(`^SHA256 \\((.+)\\) ?= ?(${hex})$`)
const alone = new RegExp(`^(?:sha256[:=])?(${hex})$`, "i")
const lfsPointer = new RegExp(`^oid sha256:(${hex})$`, "m")

/** Names as they are written, with their digests in lower case. `owner`: the name that a digest alone belongs to. */
export const digestsIn = (text: string, owner: string | undefined): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  const pointed = lfsPointer.exec(text)?.[1]
  if (pointed !== undefined && owner !== undefined) found.set(owner, pointed.toLowerCase())
  for (const line of text.split(/\r?\n/).map((one) => one.trim())) {
    const [, gnuDigest, gnuName] = gnu.exec(line) ?? []
    const [, bsdName, bsdDigest] = bsd.exec(line) ?? []
    const lone = alone.exec(line)?.[1]
    const name = gnuName ?? bsdName ?? (lone === undefined ? undefined : owner)
    const digest = gnuDigest ?? bsdDigest ?? lone
    if (name !== undefined && digest !== undefined) found.set(name.replace(/^\.\//, ""), digest.toLowerCase())
  }
  return found
}

/** What the Hugging Face hub's client notes of a file it has downloaded: commit, etag and time of the download. */
export interface HubNote {
  /** SHA-256 of a file in large-file storage, or git's SHA-1 of any other. */
  readonly etag: string
  readonly downloadedAtMs: number
}

/** `.cache/huggingface/download/NAME.metadata` (huggingface_hub, `_local_folder.py`): three lines. */
export const hubNoteIn = (text: string): HubNote | undefined => {
  const [commit = "", etag = "", seconds = ""] = text.split(/\r?\n/).map((line) => line.trim().replaceAll('"', ""))
  const isDigest = /^([0-9a-f]{64}|[0-9a-f]{40})$/.test(etag)
  if (commit === "" || !isDigest || !Number.isFinite(Number(seconds))) return undefined
  return { etag, downloadedAtMs: 1000 * Number(seconds) }
}
