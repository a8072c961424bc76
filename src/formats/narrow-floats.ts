/**
 * Floats of 16 and 8 bits, widened to float32 (always exact) and narrowed from it (round to nearest, ties to even).
 *
 * One description per format: bits of exponent and mantissa, the bias, and whether the top exponent is spent on
 * infinities (IEEE 754) or on one more binade with a single NaN ("fn", as E4M3 in "FP8 formats for deep learning",
 * Micikevicius et al. 2022). Widening goes through a table of all bit patterns, built on first use.
 */

interface NarrowFormat {
  readonly exponentBits: number
  readonly mantissaBits: number
  readonly hasInfinity: boolean
}

const formats = {
  F16: { exponentBits: 5, mantissaBits: 10, hasInfinity: true },
  BF16: { exponentBits: 8, mantissaBits: 7, hasInfinity: true },
  F8_E5M2: { exponentBits: 5, mantissaBits: 2, hasInfinity: true },
  F8_E4M3: { exponentBits: 4, mantissaBits: 3, hasInfinity: false },
} as const satisfies Record<string, NarrowFormat>

export type NarrowFloat = keyof typeof formats

/** The value of one bit pattern. */
const valueOfBits = ({ exponentBits, mantissaBits, hasInfinity }: NarrowFormat, bits: number): number => {
  const topExponent = 2 ** exponentBits - 1
  const bias = 2 ** (exponentBits - 1) - 1
  const sign = bits >> (exponentBits + mantissaBits) ? -1 : 1
  const exponent = (bits >> mantissaBits) & topExponent
  const mantissa = bits & (2 ** mantissaBits - 1)
  if (exponent === topExponent && hasInfinity) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  if (exponent === topExponent && mantissa === 2 ** mantissaBits - 1) return Number.NaN
  return exponent === 0
    ? sign * mantissa * 2 ** (1 - bias - mantissaBits)
    : sign * (1 + mantissa / 2 ** mantissaBits) * 2 ** (exponent - bias)
}

const tables = new Map<NarrowFloat, Float32Array>()

const tableOf = (name: NarrowFloat): Float32Array => {
  const known = tables.get(name)
  if (known) return known
  const format: NarrowFormat = formats[name]
  const count = 2 ** (1 + format.exponentBits + format.mantissaBits)
  const table = Float32Array.from({ length: count }, (_, bits) => valueOfBits(format, bits))
  tables.set(name, table)
  return table
}

/** Bit patterns → float32. Exact: float32 holds every value of the narrow formats. */
export const widen = (name: NarrowFloat, bits: Uint16Array | Uint8Array): Float32Array => {
  const table = tableOf(name)
  const values = new Float32Array(bits.length)
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]!]!
  return values
}

const scratch = new Float32Array(1)
const scratchBits = new Uint32Array(scratch.buffer)

/** float32 bits with the lowest `dropped` bits rounded away, to nearest, ties to even. */
const roundedShift = (bits: number, dropped: number): number => {
  const half = 2 ** (dropped - 1)
  const odd = Math.floor(bits / 2 ** dropped) % 2
  return Math.floor((bits + half - 1 + odd) / 2 ** dropped)
}

const float16Bits = (value: number): number => {
  scratch[0] = value
  const bits = scratchBits[0]!
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  // 0x477ff000 is 65520, the midpoint between the largest float16 and the next power of two.
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  // Below 2^-14 float16 counts in units of 2^-24; the product is exact, so one rounding remains.
  if (magnitude < 0x38800000) return sign | roundHalfEven(Math.abs(scratch[0]) * 2 ** 24)
  return sign | roundedShift(magnitude - 0x38000000, 13)
}

const bfloat16Bits = (value: number): number => {
  scratch[0] = value
  const bits = scratchBits[0]!
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7fc0
  return sign | roundedShift(magnitude, 16)
}

const roundHalfEven = (value: number): number => {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}

/** float32 → 16-bit patterns, rounded to nearest even; too large becomes infinity, NaN stays NaN. */
export const narrow = (name: "F16" | "BF16", values: Float32Array): Uint16Array => {
  const bitsOf = name === "F16" ? float16Bits : bfloat16Bits
  const bits = new Uint16Array(values.length)
  for (let i = 0; i < values.length; i++) bits[i] = bitsOf(values[i]!)
  return bits
}
