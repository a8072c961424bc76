/**
 * A file of the content store as a job names it: the host reads it where it lies, so that no copy of it travels.
 *
 * The digest is what two jobs know it by: a file that is named again need not be read again.
 */
export interface StoredFile {
  /** Absolute. */
  readonly path: string
  readonly sha256: string
}
