/**
 * What people most often have in place of a file they meant to download, known by its first bytes.
 *
 * Answers are clauses that continue the file's name, as in `BadFile`.
 */

export interface Lookalike {
  readonly reason: string
  readonly hint: string
}

const lookalikes: readonly (readonly [start: RegExp, reason: string, hint: string])[] = [
  [
    /^version https:\/\/git-lfs/,
    "is a Git LFS pointer, not the file itself",
    "Fetch the file with `git lfs pull`, or download it from the model's page",
  ],
  [
    /^PK[^ -~]{2}/,
    "is a PyTorch pickle archive, not a safetensors file",
    "Use the .safetensors version of this model, or convert it",
  ],
  [
    /^\s*<(!|\?|[a-z])/i,
    "looks like a web page, not the file itself",
    "The download saved a page: download the file itself again",
  ],
]

/** What the file is instead, by its first bytes read as latin1; undefined when they tell nothing. */
export const lookalikeOf = (start: string): Lookalike | undefined => {
  const found = lookalikes.find(([pattern]) => pattern.test(start))
  return found && { reason: found[1], hint: found[2] }
}
