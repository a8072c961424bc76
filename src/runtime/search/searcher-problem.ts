/** Why a searcher cannot search a space, in words; told before anything runs. */

export interface SearcherProblem {
  /** The dimension or the searcher's option that it is about. */
  readonly field: string
  /** What is wrong with it. */
  readonly why: string
  /** What to do about it. */
  readonly hint: string
}

/** A search was begun that cannot be. `problemsOf` tells the same without throwing. */
export class UnfitSearcher extends Error {
  readonly problems: readonly SearcherProblem[]

  constructor(problems: readonly SearcherProblem[]) {
    super(problems.map(({ field, why, hint }) => `${field}: ${why}. ${hint}.`).join("\n"))
    this.name = "UnfitSearcher"
    this.problems = problems
  }
}

/** @throws UnfitSearcher where there are problems */
export const refuse = (problems: readonly SearcherProblem[]): void => {
  if (problems.length > 0) throw new UnfitSearcher(problems)
}
