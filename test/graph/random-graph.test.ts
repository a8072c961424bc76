/** Properties of differentiation on random graphs. */
import { describe, expect, it } from "vitest"
import * as g from "../../src/graph/build.ts"
import { gradients } from "../../src/graph/gradients/autodiff.ts"
import { lowerToOnnx } from "../../src/graph/onnx/lower.ts"
import { printGraph } from "../../src/graph/print.ts"
import { interpret } from "../rig/interpret.ts"
import { relativeError } from "./closeness.ts"
import { randomGraph } from "./random-graph.ts"
import { seededValues } from "./seeded-values.ts"

const seeds = Array.from({ length: 60 }, (_, seed) => seed)
const feedsOf = (seed: number): Record<string, Float64Array> =>
  Object.fromEntries(["a", "b", "c"].map((name, index) => [name, seededValues(12, 100 * seed + index)]))

const sum = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, place) => value + b[place]!)

describe("random graphs", () => {
  it("the gradient of a sum is the sum of the gradients", () => {
    for (const seed of seeds) {
      const { inputs, losses } = randomGraph(seed)
      const feeds = feedsOf(seed)
      const together = interpret(gradients(g.add(...losses), inputs), feeds)
      const [first, second] = losses.map((loss) => interpret(gradients(loss, inputs), feeds))
      together.forEach((found, index) => {
        expect(relativeError(found, sum(first![index]!, second![index]!)), `seed ${seed}`).toBeLessThan(1e-12)
      })
    }
  })

  it("the change along a direction is the gradient times the direction", () => {
    for (const seed of seeds) {
      const { inputs, losses } = randomGraph(seed)
      const loss = g.add(...losses)
      const [feeds, direction] = [feedsOf(seed), feedsOf(seed + 1000)]
      const lossAt = (step: number): number => {
        const moved = Object.entries(feeds).map(([name, value]) => [
          name,
          sum(
            value,
            direction[name]!.map((d) => d * step),
          ),
        ])
        return interpret([loss], Object.fromEntries(moved))[0]![0]!
      }
      const slopes = interpret(gradients(loss, inputs), feeds).map((found, index) =>
        found.reduce((total, value, place) => total + value * direction["abc"[index]!]![place]!, 0),
      )
      const expected = slopes.reduce((a, b) => a + b)
      const found = (lossAt(1e-5) - lossAt(-1e-5)) / 2e-5
      expect(Math.abs(found - expected) / Math.max(1, Math.abs(expected)), `seed ${seed}`).toBeLessThan(1e-7)
    }
  })

  it("a graph built again prints and lowers to the same bytes", () => {
    const lowered = (seed: number): readonly [string, Uint8Array] => {
      const { inputs, losses } = randomGraph(seed)
      const loss = g.add(...losses)
      const ofInputs = Object.fromEntries(gradients(loss, inputs).map((one, index) => [`d${index}`, one]))
      const { bytes } = lowerToOnnx({ outputs: { loss }, gradients: ofInputs, locate: () => expect.unreachable() })
      return [printGraph({ loss, ...ofInputs }), bytes]
    }
    for (const seed of seeds) expect(lowered(seed)).toEqual(lowered(seed))
  })
})
