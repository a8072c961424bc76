/** Values of tables as short words, the same in every form of a table. */

/** What stands where there is nothing: a parameter that is not there, a result without a number. */
export const absent = "–"

const usualDigits = 4

/** "16", "0.1234", "2.342e-4": a number to be read, not to be computed with. `digits` are significant ones. */
export const shortNumber = (value: number, digits: number = usualDigits): string => {
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value)
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(digits - 1).replace(/\.?0+e/, "e")
  return String(Number(value.toPrecision(digits)))
}
