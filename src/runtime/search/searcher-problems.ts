/** What keeps a searcher from searching a space, asked before anything runs. */
import type { Dimension } from "./dimension.ts"
import { exhaustiveProblems } from "./exhaustive.ts"
import type { Searcher } from "./searcher.ts"
import type { SearcherProblem } from "./searcher-problem.ts"
import { sobolProblems } from "./sobol.ts"
import { tpeProblems } from "./tpe.ts"

type Check = (dimensions: readonly Dimension[], options: Searcher["options"]) => readonly SearcherProblem[]

/** By the searcher's kind. */
const checks: Readonly<Record<string, Check>> = {
  exhaustive: exhaustiveProblems,
  sobol: sobolProblems,
  tpe: tpeProblems,
}

/** Empty where `searcher.begin` will not throw. A searcher of another kind than Loom's own is not judged. */
export const problemsOf = (searcher: Searcher, dimensions: readonly Dimension[]): readonly SearcherProblem[] =>
  Object.hasOwn(checks, searcher.kind) ? checks[searcher.kind]!(dimensions, searcher.options) : []
