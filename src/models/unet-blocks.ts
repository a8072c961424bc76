/**
 * The three kinds of places in a UNet: a level on the way down, the middle, a level on the way up
 * (Ronneberger et al. 2015, arXiv 1505.04597).
 *
 * The one idea: all three are runs of the same layer, a residual block with or without a transformer behind it; they
 * differ in what happens to the skips. Down pushes every layer's output, up takes them back in reverse order.
 */
import { concat } from "../graph/build.ts"
import type { Tensor } from "../graph/tensor.ts"
import type { ModelScope } from "./lora-branch.ts"
import { downsample, type ResnetSettings, resnet, upsample } from "./resnet.ts"
import { pictureShape } from "./token-rows.ts"
import { transformer } from "./transformer.ts"
import type { LayerLayout, LevelLayout } from "./unet-layout.ts"

/** What every layer of one run of the network shares. */
export interface UnetConditions {
  readonly resnet: ResnetSettings
  /** Text states as rows. */
  readonly context: Tensor
}

const layer = (
  scope: ModelScope,
  layout: LayerLayout,
  x: Tensor,
  { resnet: settings, context }: UnetConditions,
): Tensor => {
  const through = resnet(scope, layout.resnet, x, settings)
  return layout.transformer ? transformer(scope, layout.transformer, through, context, settings) : through
}

/** Returns the outputs of the level, which are its skips; the last one is what goes on. */
export const downLevel = (
  scope: ModelScope,
  { layers, resample }: LevelLayout,
  x: Tensor,
  conditions: UnetConditions,
  padding: 0 | 1,
): readonly Tensor[] => {
  const outputs: Tensor[] = []
  for (const layout of layers) outputs.push(layer(scope, layout, outputs.at(-1) ?? x, conditions))
  return resample ? [...outputs, downsample(scope, resample.path, outputs.at(-1) ?? x, padding)] : outputs
}

export const middle = (
  scope: ModelScope,
  layers: readonly LayerLayout[],
  x: Tensor,
  conditions: UnetConditions,
): Tensor => layers.reduce((through, layout) => layer(scope, layout, through, conditions), x)

/** Takes one skip per layer from the end of `skips`; the one before them gives the size to double to. */
export const upLevel = (
  scope: ModelScope,
  { layers, resample }: LevelLayout,
  x: Tensor,
  skips: readonly Tensor[],
  conditions: UnetConditions,
): Tensor => {
  const through = layers.reduce(
    (before, layout, index) => layer(scope, layout, concat([before, skips.at(-1 - index)!], 1), conditions),
    x,
  )
  if (!resample) return through
  const [, , height, width] = pictureShape(skips.at(-1 - layers.length)!)
  return upsample(scope, resample.path, through, [height, width])
}
