/**
 * The kernels of a Parzen estimator along one dimension: one around each observed value, and last the prior, which covers the range.
 *
 * Numbers: normal distributions cut off at the ends of the range, in the logarithm where the range is logarithmic; a whole number
 * has the probability of the interval of one step around it. Unordered choices: the observed place is likelier than the others.
 * After Watanabe, "Tree-structured Parzen estimator" (arXiv 2304.11127), with the rules of Optuna 5.0.
 */
import { type ChoiceRange, type IntegerRange, type Range, type RealRange, sizeOf } from "./dimension.ts"
import { logNormalMass, normalBelow, normalQuantile } from "./normal-distribution.ts"
import { edgesOf, nearestInteger } from "./value-in-range.ts"

/** Kernels are counted from 0 in the order of the observations; the prior is the last. */
export interface ParzenKernels {
  /** Adds the natural logarithm of each kernel's density at a value of the range: over ln x where the range is logarithmic. */
  readonly addLogs: (value: number, sums: Float64Array) => void
  /** The value of a kernel at `unit` of its distribution, between 0 and 1, both excluded. */
  readonly draw: (kernel: number, unit: number) => number
}

/** What was observed along one dimension. */
export interface Observed {
  /** As `coordinateOf` gives them, in the order of the trials. */
  readonly coordinates: Float64Array
  /** Their indices, smallest coordinate first; of equal ones the earlier trial. */
  readonly sorted: Int32Array
}

type NumberRange = RealRange | IntegerRange | (ChoiceRange & { readonly ordered: true })

const isOfNumbers = (range: Range): range is NumberRange => range.kind !== "choice" || range.ordered

const isLog = (range: Range): boolean => range.kind !== "choice" && range.log

/** Where a value lies in the space of the kernels. */
export const coordinateOf = (range: Range, value: number): number => (isLog(range) ? Math.log(value) : value)

/** The kernels around what was observed. The range has more than one value. */
export const parzenKernels = (range: Range, observed: Observed): ParzenKernels =>
  isOfNumbers(range) ? numberKernels(range, observed) : choiceKernels(range, observed)

const endsOf = (range: NumberRange): readonly [low: number, high: number] => {
  const [low, high] = edgesOf(range)
  return [coordinateOf(range, low), coordinateOf(range, high)]
}

/**
 * Standard deviations: of an observation the distance to the farther of its neighbours, of the first and the last one to the only
 * one; where there is one observation alone, the ends of the range are its neighbours. None is narrower than a share of the range that
 * falls as observations become more, down to a hundredth.
 */
export const kernelWidths = ({ coordinates, sorted }: Observed, low: number, high: number): Float64Array => {
  const count = sorted.length
  const widths = new Float64Array(count + 1)
  const narrowest = (high - low) / Math.min(100, count + 2)
  const at = (place: number): number => coordinates[sorted[place]!]!
  for (let place = 0; place < count; place++) {
    const here = at(place)
    const before = place > 0 ? here - at(place - 1) : count > 1 ? 0 : here - low
    const after = place < count - 1 ? at(place + 1) - here : count > 1 ? 0 : high - here
    widths[sorted[place]!] = Math.min(Math.max(before, after, narrowest), high - low)
  }
  widths[count] = high - low
  return widths
}

/** Normal distributions before they are cut off. */
interface Bells {
  readonly low: number
  readonly high: number
  readonly centres: Float64Array
  readonly widths: Float64Array
  /** Logarithm of the share of each that lies within the range. */
  readonly logMasses: Float64Array
}

/** Beyond so many standard deviations lies less of a normal distribution than a double beside 1 can tell. */
const wholeFrom = 8.3

/** A centre lies within the range and no width exceeds it: a mass is at least a third, so nothing is lost in a tail. */
const logMassesWithin = (low: number, high: number, centres: Float64Array, widths: Float64Array): Float64Array => {
  const logMasses = new Float64Array(widths.length)
  for (let kernel = 0; kernel < widths.length; kernel++) {
    const above = (high - centres[kernel]!) / widths[kernel]!
    const below = (low - centres[kernel]!) / widths[kernel]!
    if (above > wholeFrom && below < -wholeFrom) continue
    logMasses[kernel] = Math.log(normalBelow(above) - normalBelow(below))
  }
  return logMasses
}

const numberKernels = (range: NumberRange, observed: Observed): ParzenKernels => {
  const [low, high] = endsOf(range)
  const widths = kernelWidths(observed, low, high)
  const centres = new Float64Array(widths.length)
  centres.set(observed.coordinates)
  centres[widths.length - 1] = (low + high) / 2
  const logMasses = logMassesWithin(low, high, centres, widths)
  const bells = { low, high, centres, widths, logMasses }
  return {
    addLogs: range.kind === "real" ? densities(range, bells) : stepMasses(range, bells),
    draw: drawn(range, bells),
  }
}

const halfLogTwoPi = Math.log(2 * Math.PI) / 2

const densities = (range: RealRange, { centres, widths, logMasses }: Bells): ParzenKernels["addLogs"] => {
  const inverse = new Float64Array(widths.length)
  const constant = new Float64Array(widths.length)
  for (let kernel = 0; kernel < widths.length; kernel++) {
    inverse[kernel] = 1 / widths[kernel]!
    constant[kernel] = Math.log(inverse[kernel]!) - halfLogTwoPi - logMasses[kernel]!
  }
  return (value, sums) => {
    const x = coordinateOf(range, value)
    for (let kernel = 0; kernel < sums.length; kernel++) {
      const off = (x - centres[kernel]!) * inverse[kernel]!
      sums[kernel]! += constant[kernel]! - 0.5 * off * off
    }
  }
}

const stepMasses = (
  range: Exclude<NumberRange, RealRange>,
  { low, high, centres, widths, logMasses }: Bells,
): ParzenKernels["addLogs"] => {
  const half = range.kind === "integer" ? range.step / 2 : 0.5
  const { alike, firsts } = alikeBells(centres, widths)
  const logs = new Float64Array(firsts.length)
  return (value, sums) => {
    // The first whole number of a logarithmic range may lie nearer to 0 than half a step.
    const from = value - half > 0 || !isLog(range) ? Math.max(low, coordinateOf(range, value - half)) : low
    const to = Math.min(high, coordinateOf(range, value + half))
    firsts.forEach((kernel, place) => {
      const centre = centres[kernel]!
      const width = widths[kernel]!
      logs[place] = logNormalMass((from - centre) / width, (to - centre) / width) - logMasses[kernel]!
    })
    for (let kernel = 0; kernel < sums.length; kernel++) sums[kernel]! += logs[alike[kernel]!]!
  }
}

/** Many trials have few whole numbers among them: masses are costly, and kernels of equal centre and width have the same. */
const alikeBells = (centres: Float64Array, widths: Float64Array) => {
  const firsts: number[] = []
  const places = new Map<number, Map<number, number>>()
  const alike = new Int32Array(centres.length)
  centres.forEach((centre, kernel) => {
    const ofCentre = places.get(centre) ?? new Map<number, number>()
    places.set(centre, ofCentre)
    const width = widths[kernel]!
    if (!ofCentre.has(width)) ofCentre.set(width, firsts.push(kernel) - 1)
    alike[kernel] = ofCentre.get(width)!
  })
  return { alike, firsts }
}

const drawn =
  (range: NumberRange, { low, high, centres, widths }: Bells): ParzenKernels["draw"] =>
  (kernel, unit) => {
    const [centre, width] = [centres[kernel]!, widths[kernel]!]
    const below = normalBelow((low - centre) / width)
    const above = normalBelow((high - centre) / width)
    return valueNear(range, centre + width * normalQuantile(below + unit * (above - below)))
  }

/** The value of the range at a coordinate, which may lie outside by rounding. */
const valueNear = (range: NumberRange, coordinate: number): number => {
  const value = isLog(range) ? Math.exp(coordinate) : coordinate
  if (range.kind === "real") return Math.max(range.low, Math.min(value, range.high))
  if (range.kind === "integer") return nearestInteger(range, value)
  return Math.max(0, Math.min(Math.round(value), sizeOf(range) - 1))
}

const choiceKernels = ({ count }: ChoiceRange, { coordinates }: Observed): ParzenKernels => {
  const share = 1 / (coordinates.length + 1)
  const total = 1 + count * share
  const [hit, missed, prior] = [(1 + share) / total, share / total, 1 / count]
  const [logHit, logMissed, logPrior] = [Math.log(hit), Math.log(missed), Math.log(prior)]
  return {
    addLogs: (value, sums) => {
      for (let kernel = 0; kernel < coordinates.length; kernel++) {
        sums[kernel]! += coordinates[kernel] === value ? logHit : logMissed
      }
      sums[coordinates.length]! += logPrior
    },
    draw: (kernel, unit) => {
      if (kernel === coordinates.length) return Math.min(Math.floor(unit * count), count - 1)
      if (unit < hit) return coordinates[kernel]!
      const other = Math.min(Math.floor((unit - hit) / missed), count - 2)
      return other < coordinates[kernel]! ? other : other + 1
    },
  }
}
