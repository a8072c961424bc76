/** The optimizer against torch.optim.AdamW and clip_grad_norm_ in double (test/reference/make_optimizer_goldens.py). */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { adamWUpdate, clipFactor, gradientNorm } from "../../src/engine/train/adam-w.ts"

interface Golden {
  readonly settings: { betas: [number, number]; eps: number; weightDecay: number; maxNorm: number }
  readonly first: readonly number[]
  readonly updates: readonly { gradient: number[]; rate: number; norm: number; after: number[] }[]
}
const golden: Golden = JSON.parse(readFileSync(new URL("../golden/engine/optimizer.json", import.meta.url), "utf8"))

describe("AdamW", () => {
  it("follows torch through warm-up and clipping, and stays within float32 rounding of each change", () => {
    const parameters = Float32Array.from(golden.first)
    const state = { parameters, moment1: new Float32Array(7), moment2: new Float32Array(7) }
    golden.updates.forEach(({ gradient, rate, norm, after }, update) => {
      const g = Float32Array.from(gradient)
      assert.closeTo(gradientNorm(g) / norm, 1, 1e-12)
      adamWUpdate(state, g, clipFactor(gradientNorm(g), golden.settings.maxNorm), rate, update + 1, golden.settings)
      after.forEach((expected, index) => {
        assert.closeTo(parameters[index]!, expected, (update + 1) * 1e-7)
      })
    })
  })

  it("a limit of 0 or null does not clip", () => {
    assert.strictEqual(clipFactor(100, 0), 1)
    assert.strictEqual(clipFactor(100, null), 1)
    assert.closeTo(clipFactor(100, 1), 0.01, 1e-9)
    assert.strictEqual(clipFactor(0.5, 1), 1)
  })
})
