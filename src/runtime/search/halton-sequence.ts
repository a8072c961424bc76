/**
 * Halton's sequence: a coordinate is the digits of the index, in a base of its own, read backwards behind the point.
 *
 * Scrambled, each digit place has a random permutation of the digits (Owen, "A randomized Halton algorithm in R", 2017). Either way
 * the first b^m points lie each in an interval of its own of length b^−m, in the dimension of base b.
 */

/** The first primes, as many as wanted. */
export const primes = (count: number): readonly number[] => {
  const found: number[] = []
  for (let number = 2; found.length < count; number++) {
    if (found.every((prime) => number % prime !== 0)) found.push(number)
  }
  return found
}

/** So many digits that their whole number is still exact, so that a coordinate is rounded once and stays below 1. */
export const digitsOf = (base: number): number => Math.floor((53 * Math.LN2) / Math.log(base))

export type DigitOrders = readonly (readonly number[])[]

/** The coordinate of a point; `orders`: what each digit becomes, place by place behind the point. */
export const haltonCoordinate = (index: number, base: number, orders?: DigitOrders): number => {
  const digits = digitsOf(base)
  let [rest, numerator] = [index, 0]
  for (let place = 0; place < digits; place++) {
    const digit = rest % base
    rest = Math.floor(rest / base)
    numerator = numerator * base + (orders?.[place]?.[digit] ?? digit)
  }
  return numerator / base ** digits
}
