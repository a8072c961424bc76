/** Functions to be minimised, the same as in `test/reference/make_sweep_golden.py`: of real and whole numbers, choices and options. */
import type { Dimension, Point } from "../../../../src/runtime/search/dimension.ts"
import { choice, integer, logReal, onlyWhere, real } from "../made-search.ts"

export interface SearchProblem {
  readonly name: string
  readonly dimensions: readonly Dimension[]
  readonly valueAt: (point: Point) => number
}

const axes = (count: number, of: (name: string) => Dimension): readonly Dimension[] =>
  Array.from({ length: count }, (_, axis) => of(`x${axis}`))

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

const branin = (x: number, y: number): number => {
  const bend = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6
  return bend * bend + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10
}

const heights = [1, 1.2, 3, 3.2]
const steepness = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
]
const summits = [
  [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
  [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
  [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
  [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
]

const hartmann = (x: readonly number[]): number =>
  -sum(
    heights.map((height, row) => {
      const power = sum(x.map((one, axis) => steepness[row]![axis]! * (one - summits[row]![axis]!) ** 2))
      return height * Math.exp(-power)
    }),
  )

const ackley = (x: readonly number[]): number => {
  const length = Math.sqrt(sum(x.map((one) => one * one)) / x.length)
  const waves = sum(x.map((one) => Math.cos(2 * Math.PI * one))) / x.length
  return -20 * Math.exp(-0.2 * length) - Math.exp(waves) + 20 + Math.E
}

const rosenbrock = (x: readonly number[]): number =>
  sum(x.slice(1).map((after, axis) => 100 * (after - x[axis]! ** 2) ** 2 + (1 - x[axis]!) ** 2))

const whole = (x: readonly number[]): number => sum(x.map((one, axis) => (one - 3 * axis + 4) ** 2))

/** Of a learning rate, the place of a rank among 4, 8, 16, 32, the place of a schedule, and steps. */
const lora = ({ rate, rank, schedule, steps }: Point): number => {
  const bits = rank! + 2
  const shape = [0.1, 0, 0.05][schedule!]!
  const off = Math.log10(rate!) + 3 + 0.25 * (bits - 3)
  return off ** 2 + shape + 0.3 * ((steps! - 650) / 900) ** 2 + 0.02 * (5 - bits)
}

const conditional = ({ rate, text, textRate }: Point): number => {
  const unet = (Math.log10(rate!) + 3.3) ** 2
  return unet + (text === 1 ? (0.5 * (Math.log10(textRate!) + 4.7)) ** 2 : 0.3)
}

const inOrder = (of: (x: readonly number[]) => number) => (point: Point) => of(Object.values(point))

export const searchProblems: readonly SearchProblem[] = [
  {
    name: "branin",
    dimensions: [real("x0", -5, 10), real("x1", 0, 15)],
    valueAt: ({ x0, x1 }) => branin(x0!, x1!),
  },
  { name: "hartmann", dimensions: axes(6, (name) => real(name, 0, 1)), valueAt: inOrder(hartmann) },
  { name: "ackley", dimensions: axes(5, (name) => real(name, -32.768, 32.768)), valueAt: inOrder(ackley) },
  { name: "rosenbrock", dimensions: axes(4, (name) => real(name, -5, 10)), valueAt: inOrder(rosenbrock) },
  { name: "integers", dimensions: axes(4, (name) => integer(name, -20, 20)), valueAt: inOrder(whole) },
  {
    name: "lora",
    dimensions: [logReal("rate", 1e-5, 1e-2), choice("rank", 4), choice("schedule", 3), integer("steps", 100, 1000)],
    valueAt: lora,
  },
  {
    name: "conditional",
    dimensions: [logReal("rate", 1e-5, 1e-2), choice("text", 2), onlyWhere("text", 1, logReal("textRate", 1e-6, 1e-3))],
    valueAt: conditional,
  },
]
