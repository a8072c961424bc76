/**
 * What TPE proposes for a trial: of candidates drawn where good trials lie, those first that are likelier there than among the others.
 *
 * Dimensions that are always there are chosen together. Those that belong to an option come after the option, together as well, from
 * the trials that took it, and in view of what was chosen before: an estimator of all these dimensions at once is narrowed to it.
 */
import { type Dimension, isThere, type Point, sizeOf } from "./dimension.ts"
import { type Draws, drawsOf } from "./draws.ts"
import { splitTrials, valuedCount } from "./good-trials.ts"
import type { KnownPoints } from "./known-points.ts"
import { componentAt, logDensity, logWeights, type ParzenEstimator, weightsGiven } from "./parzen-estimator.ts"
import { parzenKernels } from "./parzen-kernels.ts"
import type { Asked } from "./searcher.ts"
import { valueAt, valueOfPlace } from "./value-in-range.ts"

/** Dimensions that are there together. */
export interface DimensionGroup {
  readonly when: Dimension["when"]
  /** Those that have a choice of values. */
  readonly dimensions: readonly Dimension[]
  /** Dimensions of other groups that are there wherever these are. */
  readonly given: readonly Dimension[]
}

/** In an order in which each comes after the options it belongs to. */
export const groupsOf = (dimensions: readonly Dimension[]): readonly DimensionGroup[] => {
  const free = dimensions.filter(({ range }) => sizeOf(range) > 1)
  const isWithin = (inner: Dimension["when"], outer: Dimension["when"]): boolean =>
    outer.every(({ dimension, place }) => inner.some((one) => one.dimension === dimension && one.place === place))
  const isSame = (one: Dimension["when"], other: Dimension["when"]): boolean =>
    isWithin(one, other) && isWithin(other, one)
  const firsts = free.filter(({ when }, index) => free.findIndex((other) => isSame(other.when, when)) === index)
  return firsts.map(({ when }) => ({
    when,
    dimensions: free.filter((one) => isSame(one.when, when)),
    given: free.filter((one) => isWithin(when, one.when) && !isSame(one.when, when)),
  }))
}

export interface Proposing extends Asked {
  readonly seed: number
  readonly dimensions: readonly Dimension[]
  readonly groups: readonly DimensionGroup[]
  readonly known: KnownPoints
  readonly startupTrials: number
  readonly candidates: number
}

/** The best `candidates` proposals one after the other; each is complete. */
export function* proposals(proposing: Proposing): Generator<Point> {
  const { dimensions, groups, candidates } = proposing
  const [root, ...branches] = groups
  const roots = root === undefined ? [{}] : rankedCandidates(proposing, root, {}, 0)
  for (let rank = 0; rank < candidates; rank++) {
    let chosen: Point = { ...fixedValues(dimensions), ...roots[rank % roots.length] }
    for (const group of branches) {
      if (isThere(group.dimensions[0]!, chosen)) {
        chosen = { ...chosen, ...rankedCandidates(proposing, group, chosen, rank)[0] }
      }
    }
    yield inOrder(dimensions, chosen)
  }
}

const fixedValues = (dimensions: readonly Dimension[]): Point =>
  Object.fromEntries(
    dimensions.filter(({ range }) => sizeOf(range) === 1).map(({ name, range }) => [name, valueOfPlace(range, 0)]),
  )

/** With the dimensions in their order, and without those that are not there. */
const inOrder = (dimensions: readonly Dimension[], chosen: Point): Point => {
  const point: Record<string, number> = {}
  for (const dimension of dimensions) {
    if (isThere(dimension, point)) point[dimension.name] = chosen[dimension.name]!
  }
  return point
}

/** Values for the dimensions of a group, best first; a single one, drawn evenly, where too few trials took its option. */
const rankedCandidates = (
  proposing: Proposing,
  group: DimensionGroup,
  chosen: Point,
  attempt: number,
): readonly Point[] => {
  const { seen, trial, seed, startupTrials } = proposing
  const streams = group.dimensions.map(({ name }) => drawsOf({ seed, purpose: "tpe", trial, axis: name, attempt }))
  const indices = [...seen.keys()].filter((index) => isThere(group.dimensions[0]!, seen[index]!.point))
  if (valuedCount(indices.map((index) => seen[index]!)) < startupTrials) {
    return [pointWith(group, (axis) => valueAt(group.dimensions[axis]!.range, streams[axis]!.uniform()))]
  }
  const { good, others } = splitTrials(seen, indices)
  const [goodOnes, otherOnes] = [good, others].map((some) => estimatorOf(proposing, group, chosen, some)) as [
    ParzenEstimator,
    ParzenEstimator,
  ]
  const component = drawsOf({ seed, purpose: `tpe component ${JSON.stringify(group.when)}`, trial, attempt })
  return drawCandidates(proposing.candidates, goodOnes, component, streams)
    .map((values) => ({ values, gain: logDensity(goodOnes, values) - logDensity(otherOnes, values) }))
    .toSorted((one, other) => other.gain - one.gain)
    .map(({ values }) => pointWith(group, (axis) => values[axis]!))
}

const pointWith = ({ dimensions }: DimensionGroup, valueFor: (axis: number) => number): Point =>
  Object.fromEntries(dimensions.map(({ name }, axis) => [name, valueFor(axis)]))

const estimatorOf = (
  { known }: Proposing,
  { dimensions, given }: DimensionGroup,
  chosen: Point,
  indices: readonly number[],
): ParzenEstimator => {
  const kernelsOf = (some: readonly Dimension[]) =>
    some.map((dimension) => parzenKernels(dimension.range, known.observed(dimension, indices)))
  const values = given.map(({ name }) => chosen[name]!)
  return {
    weights: weightsGiven(logWeights(indices.length), kernelsOf(given), values),
    kernels: kernelsOf(dimensions),
  }
}

const drawCandidates = (
  count: number,
  estimator: ParzenEstimator,
  component: Draws,
  streams: readonly Draws[],
): readonly (readonly number[])[] =>
  Array.from({ length: count }, () => {
    const kernel = componentAt(estimator, component.uniform())
    return streams.map((stream, axis) => estimator.kernels[axis]!.draw(kernel, stream.uniform()))
  })
