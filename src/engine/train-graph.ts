/**
 * The training graph: UNet with adapters and the loss, differentiated towards the adapters.
 *
 * One micro-batch of one picture. Everything random or dependent on the timestep is fed (noisy latents, sinusoids,
 * target, weight), so the graph itself is a pure function of picture and parameters. All gradients leave as one flat
 * vector in the layout of the parameters: hundreds of small outputs would cost more than computing them.
 */

import { square } from "../graph/arithmetic.ts"
import { gradients } from "../graph/autodiff.ts"
import { concat, input, meanOfAll, mul, reduceMean, reshape, sub } from "../graph/build.ts"
import { elementCount } from "../graph/shape.ts"
import type { Tensor } from "../graph/tensor.ts"
import type { AdapterTensors } from "../models/lora-branch.ts"
import { weightsFrom } from "../models/model-weights.ts"
import { unet } from "../models/unet.ts"
import type { UnetConfig } from "../models/unet-config.ts"
import { type AdapterLayout, type AdapterMatrix, matricesOf } from "./adapter-layout.ts"
import type { Component } from "./base-model.ts"
import type { GraphOutputs } from "./sessions.ts"

export interface TrainGraphShapes {
  /** Pictures in one run. */
  readonly pictures: number
  /** [channels, height, width] */
  readonly latents: readonly number[]
  /** [tokens, width] */
  readonly states: readonly number[]
}

/** An adapter's matrices as inputs of a graph, by module path. */
export const adapterInputs = (layout: AdapterLayout, scale: number) => {
  const tensors = new Map<AdapterMatrix, Tensor>(
    matricesOf(layout).map((matrix) => [matrix, input(matrix.name, matrix.shape)]),
  )
  const adapters = new Map<string, AdapterTensors>(
    layout.modules.map(({ path, down, up }) => [path, { down: tensors.get(down)!, up: tensors.get(up)!, scale }]),
  )
  return { tensors, adapters }
}

export const trainGraph = (
  { config, weights }: Component<UnetConfig>,
  layout: AdapterLayout,
  scale: number,
  { pictures, latents, states }: TrainGraphShapes,
): GraphOutputs => {
  const { tensors, adapters } = adapterInputs(layout, scale)
  const prediction = unet({ weights: weightsFrom(weights.header), adapters }, config, {
    sample: input("noisy_latents", [pictures, ...latents]),
    timeFeatures: input("time_features", [pictures, config.block_out_channels[0]!]),
    encoderHiddenStates: input("text_states", [pictures, ...states]),
  })
  const target = input("target", [pictures, ...latents])
  const errors = reduceMean(square(sub(prediction, target)), [1, 2, 3])
  const loss = mul(errors, input("loss_weight", [pictures]))
  const flat = gradients(meanOfAll(loss), [...tensors.values()]).map((one) => reshape(one, [elementCount(one.shape)]))
  return { outputs: { loss, prediction }, leaves: { gradient: concat(flat, 0) } }
}
