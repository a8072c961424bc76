/**
 * The training graph: UNet with adapters and the loss, differentiated towards all that is trained. Where something
 * before the text states is trained, the text encoder is part of it: from token ids to loss in one graph.
 *
 * One run for as many pictures as share it (`run-shapes.ts`). Everything random or dependent on the timestep is fed
 * (noisy latents, sinusoids, target, weight), so the graph itself is a pure function of pictures and parameters. Each
 * gradient leaves by itself, into its place in an array that lies outside: nothing that is finished stays among the
 * run's own values.
 */

import { square } from "../../graph/arithmetic.ts"
import { concat, input, meanOfAll, mul, reduceMean, sub } from "../../graph/build.ts"
import { gradients } from "../../graph/gradients/autodiff.ts"
import type { Tensor } from "../../graph/tensor.ts"
import type { AdapterTensors } from "../../models/lora-branch.ts"
import { weightsFrom } from "../../models/model-weights.ts"
import { unet } from "../../models/unet.ts"
import { timeIdFeatureWidth, type UnetConfig } from "../../models/unet-config.ts"
import { type ConditionShape, joinConditions, mapCondition, type TextCondition } from "../../settings/text-condition.ts"
import type { Component } from "../base/base-model.ts"
import type { TextNetwork } from "../base/text-networks.ts"
import { conditionNames, textGraph } from "../encode/text-feeds.ts"
import { type GraphWeights, joinWeights } from "../session/graph-weights.ts"
import { type AdapterLayout, type AdapterModule, matricesOf, type TrainedMatrix } from "./adapter-layout.ts"

export interface TrainGraphShapes {
  /** Pictures in one run. */
  readonly pictures: number
  /** [channels, height, width] */
  readonly latents: readonly number[]
  /** Of one caption. */
  readonly text: ConditionShape
}

/** The networks of a training graph; no text encoders where the text states are fed. */
export interface TrainedNetworks {
  readonly unet: Component<UnetConfig>
  readonly texts: readonly TextNetwork[]
}

/** [pictures], and as the UNet gives it. */
export interface LossGraph {
  readonly outputs: { readonly loss: Tensor; readonly prediction: Tensor }
}

/** The name under which a matrix's gradient leaves the graph. */
export const gradientName = ({ name }: Pick<TrainedMatrix, "name">): string => `gradient of ${name}`

/** Besides, the gradient of each trained matrix, by `gradientName`. */
export interface TrainedGraph extends LossGraph {
  readonly gradients: Readonly<Record<string, Tensor>>
}

/** Everything that is trained as inputs of a graph; adapters by module path, per network. */
const trainedInputs = (layout: AdapterLayout) => {
  const tensors = new Map<TrainedMatrix, Tensor>(
    matricesOf(layout).map((matrix) => [matrix, input(matrix.name, matrix.shape)]),
  )
  const adapters = (network: AdapterModule["network"]) =>
    new Map<string, AdapterTensors>(
      layout.modules
        .filter((module) => module.network === network)
        .map(({ path, down, up }) => [
          path,
          { down: tensors.get(down)!, up: tensors.get(up)!, scale: layout.spec.networkScale },
        ]),
    )
  const rowsFor = ({ embedding }: TextNetwork): Tensor | null => {
    const matrix = layout.embeddings.find(({ name }) => name === embedding)
    return matrix === undefined ? null : tensors.get(matrix)!
  }
  return { tensors, adapters, rowsFor }
}

const fedText = ({ pictures, text }: TrainGraphShapes): TextCondition<Tensor> =>
  mapCondition(text, (shape, part) => input(conditionNames[part], [pictures, ...shape]))

const graphWithTargets = (
  { unet: { config, weights }, texts }: TrainedNetworks,
  layout: AdapterLayout,
  shapes: TrainGraphShapes,
): LossGraph & { readonly targets: readonly Tensor[] } => {
  const { pictures, latents } = shapes
  const tokens = shapes.text.states[0]!
  const inputs = trainedInputs(layout)
  const made = texts.map((network) => {
    const { folder, encoder } = network
    const scope = { weights: weightsFrom(encoder.weights.header, folder), adapters: inputs.adapters(folder) }
    return textGraph(network, scope, { count: pictures, tokens }, inputs.rowsFor(network))
  })
  const text = texts.length === 0 ? fedText(shapes) : joinConditions(made, (states) => concat(states, 2))
  const part = texts.length === 0 ? "" : "unet"
  const prediction = unet({ weights: weightsFrom(weights.header, part), adapters: inputs.adapters("unet") }, config, {
    sample: input("noisy_latents", [pictures, ...latents]),
    timeFeatures: input("time_features", [pictures, config.block_out_channels[0]!]),
    text,
    ...(text.pooled && { timeIdFeatures: input("time_id_features", [pictures, timeIdFeatureWidth(config)]) }),
  })
  const target = input("target", [pictures, ...latents])
  const errors = reduceMean(square(sub(prediction, target)), [1, 2, 3])
  const loss = mul(errors, input("loss_weight", [pictures]))
  return { outputs: { loss, prediction }, targets: [...inputs.tensors.values()] }
}

type GraphOf<Graph> = (networks: TrainedNetworks, layout: AdapterLayout, shapes: TrainGraphShapes) => Graph

/** The loss alone, of parameters as they are. */
export const lossGraph: GraphOf<LossGraph> = (networks, layout, shapes) => {
  const { outputs } = graphWithTargets(networks, layout, shapes)
  return { outputs }
}

export const trainGraph: GraphOf<TrainedGraph> = (networks, layout, shapes) => {
  const { outputs, targets } = graphWithTargets(networks, layout, shapes)
  const ofTargets = gradients(meanOfAll(outputs.loss), targets)
  const named = matricesOf(layout).map((matrix, place) => [gradientName(matrix), ofTargets[place]!] as const)
  return { outputs, gradients: Object.fromEntries(named) }
}

/** In the words of a failure. */
export const trainingGraph = "the training graph"

/** All frozen weights that the training graph reads. */
export const trainedWeights = ({ unet, texts }: TrainedNetworks): GraphWeights => {
  if (texts.length === 0) return unet.weights
  const ofTexts = texts.map(({ folder, encoder }) => [folder, encoder.weights] as const)
  return joinWeights({ unet: unet.weights, ...Object.fromEntries(ofTexts) })
}
