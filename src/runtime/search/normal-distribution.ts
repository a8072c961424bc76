/**
 * The standard normal distribution in double precision: the probability of an interval, in its logarithm too, and its inverse.
 *
 * Rational approximations of the error function after Cody, "Rational Chebyshev approximations for the error function" (1969), with the
 * coefficients of the Cephes library; of the quantile after Wichura, "Algorithm AS 241" (1988). Relative errors stay near 1e-15, and
 * far out in a tail logarithms lose nothing.
 */

type Coefficients = readonly [number, ...number[]]

/** The first coefficient belongs to the highest power. */
const polynomial = (coefficients: Coefficients, x: number): number => {
  let sum = coefficients[0]
  for (let power = 1; power < coefficients.length; power++) sum = sum * x + coefficients[power]!
  return sum
}

const erfTop: Coefficients = [
  9.604973739870516, 90.02601972038427, 2232.005345946843, 7003.325141128051, 55592.30130103949,
]
const erfBottom: Coefficients = [
  1, 33.56171416475031, 521.3579497801527, 4594.323829709801, 22629.000061389095, 49267.39426086359,
]
const nearTop: Coefficients = [
  2.461969814735305e-10, 0.5641895648310689, 7.463210564422699, 48.63719709856814, 196.5208329560771, 526.4451949954773,
  934.5285271719576, 1027.5518868951572, 557.5353353693994,
]
const nearBottom: Coefficients = [
  1, 13.228195115474499, 86.70721408859897, 354.9377788878199, 975.7085017432055, 1823.9091668790973,
  2246.3376081871097, 1656.6630919416134, 557.5353408177277,
]
const farTop: Coefficients = [
  0.5641895835477551, 1.275366707599781, 5.019050422511805, 6.160210979930536, 7.4097426995044895, 2.9788666537210022,
]
const farBottom: Coefficients = [
  1, 2.2605286322011726, 9.396035249380015, 12.048953980809666, 17.08144507475659, 9.608968090632859, 3.369076451000815,
]

/** erfc(x) exp(x²), for x from 1 on. */
const scaledErfc = (x: number): number =>
  x < 8 ? polynomial(nearTop, x) / polynomial(nearBottom, x) : polynomial(farTop, x) / polynomial(farBottom, x)

/** Between −1 and 1. */
const erf = (x: number): number => (x * polynomial(erfTop, x * x)) / polynomial(erfBottom, x * x)

/** Probability of what lies below x. */
export const normalBelow = (x: number): number => {
  const scaled = Math.abs(x) * Math.SQRT1_2
  if (scaled < 1) return 0.5 + 0.5 * erf(x * Math.SQRT1_2)
  const tail = 0.5 * Math.exp(-scaled * scaled) * scaledErfc(scaled)
  return x < 0 ? tail : 1 - tail
}

/** Its natural logarithm, for x up to 0. */
const logBelow = (x: number): number => {
  const scaled = -x * Math.SQRT1_2
  return scaled < 1 ? Math.log(0.5 - 0.5 * erf(scaled)) : Math.log(0.5 * scaledErfc(scaled)) - scaled * scaled
}

/** Natural logarithm of the probability of what lies between low and high; low is below high. */
export const logNormalMass = (low: number, high: number): number => {
  // What lies above 0 is mirrored: near 1, probabilities can no longer be told apart.
  if (low > 0) return logNormalMass(-high, -low)
  if (high > 0) return Math.log1p(-normalBelow(low) - normalBelow(-high))
  const below = logBelow(high)
  const ratio = logBelow(low) - below
  return below + (ratio > -Math.LN2 ? Math.log(-Math.expm1(ratio)) : Math.log1p(-Math.exp(ratio)))
}

const middleTop: Coefficients = [
  2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513,
  133.14166789178438, 3.3871328727963665,
]
const middleBottom: Coefficients = [
  5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579,
  42.31333070160091, 1,
]
const sideTop: Coefficients = [
  0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
  5.769497221460691, 4.630337846156546, 1.4234371107496835,
]
const sideBottom: Coefficients = [
  1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
  1.6763848301838038, 2.053191626637759, 1,
]
const tailTop: Coefficients = [
  2.0103343992922881e-7, 0.000027115555687434876, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487,
  1.7848265399172913, 5.463784911164114, 6.657904643501103,
]
const tailBottom: Coefficients = [
  2.0442631033899397e-15, 1.421511758316446e-7, 0.000018463183175100548, 0.0007868691311456133, 0.014875361290850615,
  0.1369298809227358, 0.599832206555888, 1,
]

/** The x that has this probability below it; the probability lies between 0 and 1, both excluded. */
export const normalQuantile = (probability: number): number => {
  const off = probability - 0.5
  if (Math.abs(off) <= 0.425) {
    const square = 0.180625 - off * off
    return (off * polynomial(middleTop, square)) / polynomial(middleBottom, square)
  }
  const depth = Math.sqrt(-Math.log(off < 0 ? probability : 1 - probability))
  const size =
    depth <= 5
      ? polynomial(sideTop, depth - 1.6) / polynomial(sideBottom, depth - 1.6)
      : polynomial(tailTop, depth - 5) / polynomial(tailBottom, depth - 5)
  return off < 0 ? -size : size
}
