/** Search by a tree-structured Parzen estimator: tries what is likelier among the good trials than among the others. */
import { sayValue } from "../model/say-value.ts"
import type { Dimension, Point } from "./dimension.ts"
import { freshPoint } from "./fresh-point.ts"
import { valuedCount } from "./good-trials.ts"
import { knownPoints } from "./known-points.ts"
import { drawPoint } from "./random.ts"
import type { Asked, Search, Searched, Searcher } from "./searcher.ts"
import { refuse, type SearcherProblem } from "./searcher-problem.ts"
import { groupsOf, proposals } from "./tpe-proposals.ts"

/** How long `tpe` goes by chance, and how hard it looks. */
export interface TpeOptions {
  /** So many trials have a result before any is learned from; until then points are drawn at random. Default 10. */
  readonly startupTrials?: number
  /** So many points are drawn near good trials for a suggestion, of which the most promising is tried. Default 24, at most 10,000. */
  readonly candidates?: number
}

const candidatesAtMost = 10_000

const countProblems = (field: string, value: unknown, usual: number, most: number): readonly SearcherProblem[] => {
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most) return []
  const limit = most < Number.MAX_SAFE_INTEGER ? `from 1 to ${most}` : "from 1 on"
  const why = `it has to be a whole number ${limit}; this is ${sayValue(value)}`
  return [{ field, why, hint: `Leave it out to have ${usual}` }]
}

export const tpeProblems = (_: readonly Dimension[], options: Searcher["options"]): readonly SearcherProblem[] => [
  ...countProblems("startupTrials", options["startupTrials"], 10, Number.MAX_SAFE_INTEGER),
  ...countProblems("candidates", options["candidates"], 24, candidatesAtMost),
]

/**
 * Learns from results: after ten trials at random it draws points near the best tenth of the trials and tries the one that is most
 * typical of them and least of the others. For the best value, from some 20 trials on; what matters is seen better with `sobol()`, because
 * these trials crowd where it is good.
 *
 * It takes values together (a high rate with a low rank), lists of numbers in their order, and dimensions that belong to one option
 * from the trials that took it. A failed trial counts as a bad one, and so does one that is under way. What the constraints refuse and
 * what was tried before is passed over. What it suggests depends on the seed and on the results that were seen, not on when
 * they came: in a sweep, results are seen in the order of a virtual clock.
 *
 * The estimator is that of Optuna 5.0 (Watanabe, arXiv 2304.11127), and is tested against it.
 *
 * @throws UnfitSearcher where an option is no whole number from 1 on
 *
 * @example
 * tpe()
 *
 * @example
 * asha({ rungs: [50, 150, 300], searcher: tpe() })
 */
export const tpe = ({ startupTrials = 10, candidates = 24 }: TpeOptions = {}): Searcher => ({
  kind: "tpe",
  options: { startupTrials, candidates },
  adaptive: true,
  begin: (searched) => {
    refuse(tpeProblems(searched.dimensions, { startupTrials, candidates }))
    return beginTpe(searched, { startupTrials, candidates })
  },
})

const beginTpe = (searched: Searched, options: Required<TpeOptions>): Search => {
  const { dimensions, seed } = searched
  const groups = groupsOf(dimensions)
  const known = knownPoints(dimensions)
  /** Proposals that were learned, best first; none before there are results enough. */
  const learned = (asked: Asked): Iterator<Point> =>
    valuedCount(asked.seen) < options.startupTrials
      ? [][Symbol.iterator]()
      : proposals({ ...asked, ...options, seed, dimensions, groups, known })
  return {
    suggest: (asked) => {
      const { trial, seen } = asked
      known.take(seen)
      const best = learned(asked)
      let drawn = 0
      const propose = (): Point => {
        const next = best.next()
        return next.done === true ? drawPoint(searched, trial, drawn++) : next.value
      }
      return freshPoint({ searched, trial, isTried: known.isTried, propose })
    },
  }
}
