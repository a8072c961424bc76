/** Known answers of the generator, and what the streams promise. */
import { assert, describe, it } from "@effect/vitest"
import { philox4x32, randomStream, type StreamName } from "../../src/diffusion/random-stream.ts"

const name: StreamName = { seed: 7, purpose: "noise", step: 3, sample: 1 }
const draw = (stream: StreamName, count: number) => {
  const { normal } = randomStream(stream)
  return Array.from({ length: count }, normal)
}

describe("random stream", () => {
  // From kat_vectors of the Random123 distribution (philox4x32, 10 rounds): counter, key, answer.
  it.each([
    [[0, 0, 0, 0], [0, 0], "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
    [Array(4).fill(0xffffffff), Array(2).fill(0xffffffff), "408f276d 41c83b0e a20bc7c6 6d5451fd"],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], "d16cfe09 94fdcceb 5001e420 24126ea1"],
  ] as const)("Philox gives the published words for counter %j and key %j", (counter, key, words) => {
    const state = Uint32Array.from(counter)
    philox4x32(state, key[0]!, key[1]!)
    assert.strictEqual([...state].map((word) => word.toString(16).padStart(8, "0")).join(" "), words)
  })

  it("the same name gives the same numbers, however much of another stream was read", () => {
    const expected = draw(name, 100)
    draw({ ...name, purpose: "latents" }, 12_345)
    assert.deepStrictEqual(draw(name, 100), expected)
  })

  it("a change of any part of the name gives other numbers", () => {
    const others: StreamName[] = [
      name,
      { ...name, seed: 8 },
      { ...name, seed: 7 + 2 ** 32 },
      { ...name, purpose: "latents" },
      { ...name, step: 4 },
      { ...name, sample: 2 },
      { ...name, sample: "lora_unet_mid_block_attentions_0_proj_in" },
    ]
    assert.strictEqual(new Set(others.map((other) => draw(other, 1)[0])).size, others.length)
  })

  it("normals have mean 0, deviation 1 and the tails of a normal", () => {
    const values = draw(name, 100_000)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    const outsideTwo = values.filter((value) => Math.abs(value) > 2).length / values.length
    assert.closeTo(mean, 0, 0.01)
    assert.closeTo(variance, 1, 0.02)
    assert.closeTo(outsideTwo, 0.0455, 0.003)
  })

  it("integers reach both ends of their range evenly", () => {
    const { integer } = randomStream(name)
    const counts = new Map<number, number>()
    for (let draws = 0; draws < 60_000; draws++) {
      const value = integer(-1, 4)
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    assert.deepStrictEqual([...counts.keys()].sort(), [-1, 0, 1, 2, 3, 4])
    for (const count of counts.values()) assert.closeTo(count, 10_000, 400)
  })

  it("a permutation holds every index once", () => {
    const order = randomStream(name).permutation(50)
    assert.deepStrictEqual(
      [...order].sort((a, b) => a - b),
      [...Array(50).keys()],
    )
    assert.notDeepEqual(order, [...Array(50).keys()])
  })
})
