/** How far two lists of numbers are apart, relative to the larger of 1 and the largest expected value. */
export const relativeError = (actual: Float64Array, expected: Float64Array): number => {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  // Math.max hands NaN on, so that it cannot pass as close.
  const distance = expected.reduce((most, value, index) => Math.max(most, Math.abs(value - actual[index]!)), 0)
  return Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance / largest
}
