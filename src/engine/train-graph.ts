/**
 * The training graph: UNet with adapters and the loss, differentiated towards all that is trained. Where something
 * before the text states is trained, the text encoder is part of it: from token ids to loss in one graph.
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
import { clipText } from "../models/clip-text.ts"
import type { ClipTextConfig } from "../models/clip-text-config.ts"
import type { AdapterTensors } from "../models/lora-branch.ts"
import { weightsFrom } from "../models/model-weights.ts"
import { unet } from "../models/unet.ts"
import type { UnetConfig } from "../models/unet-config.ts"
import { type AdapterLayout, matricesOf, type TrainedMatrix } from "./adapter-layout.ts"
import type { Component } from "./base-model.ts"
import { textInputs } from "./text-feeds.ts"

export interface TrainGraphShapes {
  /** Pictures in one run. */
  readonly pictures: number
  /** [channels, height, width] */
  readonly latents: readonly number[]
  /** [tokens, width] */
  readonly states: readonly number[]
}

/** The networks of a training graph; the text encoder is null where the text states are fed. */
export interface TrainedNetworks {
  readonly unet: Component<UnetConfig>
  readonly textEncoder: Component<ClipTextConfig> | null
}

/** What a graph is built for, besides networks and shapes. */
export interface TrainedLayout {
  readonly layout: AdapterLayout
  readonly scale: number
  readonly clipSkip: number
}

/** Loss and prediction, and the gradient of everything that is trained as one vector. */
export interface TrainedGraph {
  readonly outputs: { readonly loss: Tensor; readonly prediction: Tensor }
  readonly leaves: { readonly gradient: Tensor }
}

/** Everything that is trained as inputs of a graph; adapters by module path, per network. */
const trainedInputs = ({ layout, scale }: TrainedLayout) => {
  const tensors = new Map<TrainedMatrix, Tensor>(
    matricesOf(layout).map((matrix) => [matrix, input(matrix.name, matrix.shape)]),
  )
  const adapters = (group: "text" | "unet") =>
    new Map<string, AdapterTensors>(
      layout.modules
        .filter((module) => module.group === group)
        .map(({ path, down, up }) => [path, { down: tensors.get(down)!, up: tensors.get(up)!, scale }]),
    )
  const embedding = layout.embedding === null ? null : tensors.get(layout.embedding)!
  return { tensors, embedding, text: adapters("text"), unet: adapters("unet") }
}

export const trainGraph = (
  { unet: { config, weights }, textEncoder }: TrainedNetworks,
  trained: TrainedLayout,
  { pictures, latents, states }: TrainGraphShapes,
): TrainedGraph => {
  const inputs = trainedInputs(trained)
  const fedStates = () => input("text_states", [pictures, ...states])
  const madeStates = (encoder: Component<ClipTextConfig>) => {
    const scope = { weights: weightsFrom(encoder.weights.header, "text_encoder"), adapters: inputs.text }
    const text = textInputs(pictures, states[0]!, inputs.embedding)
    return clipText(scope, encoder.config, { ...text, skip: trained.clipSkip }).hiddenStates
  }
  const encoderHiddenStates = textEncoder === null ? fedStates() : madeStates(textEncoder)
  const part = textEncoder === null ? "" : "unet"
  const prediction = unet({ weights: weightsFrom(weights.header, part), adapters: inputs.unet }, config, {
    sample: input("noisy_latents", [pictures, ...latents]),
    timeFeatures: input("time_features", [pictures, config.block_out_channels[0]!]),
    encoderHiddenStates,
  })
  const target = input("target", [pictures, ...latents])
  const errors = reduceMean(square(sub(prediction, target)), [1, 2, 3])
  const loss = mul(errors, input("loss_weight", [pictures]))
  const targets = [...inputs.tensors.values()]
  const flat = gradients(meanOfAll(loss), targets).map((one) => reshape(one, [elementCount(one.shape)]))
  return { outputs: { loss, prediction }, leaves: { gradient: concat(flat, 0) } }
}
