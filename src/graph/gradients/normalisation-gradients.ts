/**
 * Gradients of softmax and layer normalisation as single rules: the derivation by hand is shorter and keeps less than
 * the one by parts.
 */
import { applyAll } from "../apply.ts"
import { mul, reduceMean, reduceSum, sub } from "../arithmetic.ts"
import { filledWith, ones } from "../leaves.ts"
import type { Tensor } from "../tensor.ts"
import type { GradientRule } from "./gradient-rule.ts"

/** yᵢ = exp(xᵢ)/Σexp:  ∂yᵢ/∂xⱼ = yᵢ(δᵢⱼ − yⱼ),  so dx = y·(g − Σ g·y) */
export const softmaxGradient = (y: Tensor, g: Tensor): Tensor => mul(y, sub(g, reduceSum(mul(g, y), [-1], true)))

/**
 * y = x̂·scale + bias with x̂ = (x − mean)·istd per row. With h = g·scale:
 * dx = istd·(h − mean(h) − x̂·mean(h·x̂)),  dScale = Σ g·x̂,  dBias = Σ g.
 *
 * The two means are the parts of h that shifting and stretching x cannot pass on. x̂ is y itself when the scale is one
 * and there is no bias (group normalisation); otherwise the kernel makes it again from x, which is more exact than (x −
 * mean)·istd and leaves only x to be kept.
 */
export const layerNormalizationGradient: GradientRule<"LayerNormalization"> = ({ node, inputs, g }) => {
  const [x, scale, bias] = inputs as readonly [Tensor, Tensor, Tensor?]
  const isPlain = filledWith(scale) === 1 && bias === undefined
  const plain = isPlain ? node.outputs : applyAll("LayerNormalization", [x, ones(scale.shape)], node.attributes)
  const [normal, , invStdDev] = plain as readonly [Tensor, Tensor, Tensor]
  const inputGradient = (): Tensor => {
    const h = isPlain ? g : mul(g, scale)
    const passedOn = sub(sub(h, reduceMean(h, [-1], true)), mul(normal, reduceMean(mul(h, normal), [-1], true)))
    return mul(passedOn, invStdDev)
  }
  return [inputGradient, () => mul(g, normal), () => g].slice(0, inputs.length)
}
