/**
 * Where everything that is trained lies in one flat array of parameters: adapter matrices and the rows of an embedding.
 *
 * Parameters, gradients and both Adam moments are four arrays of this layout, so that the optimizer is one loop per
 * group. A matrix is a view into each: fed from one, and its gradient leaves the graph into another. They stand in the
 * order in which the networks use them (embedding, text encoder, UNet); that order is also the order of the gradients
 * in the graph.
 */

import { randomStream } from "../../diffusion/random-stream.ts"
import { type AdapterTarget, clipTextAdapterTargets, unetAdapterTargets } from "../../models/adapter-targets.ts"
import { textLoraKey, unetLoraKey } from "../../models/lora-keys.ts"
import type { UnetConfig } from "../../models/unet-config.ts"
import { adaptedParts, type TrainedGroup, type TrainSettings } from "../../settings/train-settings.ts"
import type { TextFolder } from "../base/base-model.ts"
import type { TextNetwork } from "../base/text-networks.ts"

export interface TrainedMatrix {
  /** Its name in every file: "lora_unet_….lora_down.weight", or an embedding's encoder, "clip_l". */
  readonly name: string
  readonly offset: number
  /** As the graph multiplies with it: [dim, in], [out, dim] or [tokens, width]. */
  readonly shape: readonly [number, number]
  /** As files store it: a 1×1 convolution has two more axes. */
  readonly fileShape: readonly number[]
}

export interface AdapterModule {
  readonly group: "text" | "unet"
  /** The folder of the network it sits in. */
  readonly network: "unet" | TextFolder
  /** Path in the model: "down_blocks.0.attentions.0.proj_in". */
  readonly path: string
  /** "lora_unet_down_blocks_0_attentions_0_proj_in" */
  readonly key: string
  readonly down: TrainedMatrix
  readonly up: TrainedMatrix
}

/** A group's part of the flat array. */
export interface GroupRange {
  readonly group: TrainedGroup
  readonly start: number
  readonly end: number
}

export interface AdapterLayout {
  readonly modules: readonly AdapterModule[]
  /** The rows of the custom embedding, for each text encoder; empty without one. */
  readonly embeddings: readonly TrainedMatrix[]
  /** The groups that there are, in order; each has at least one parameter. */
  readonly groups: readonly GroupRange[]
  /** Number of parameters. */
  readonly length: number
}

interface AdaptedNetworks {
  readonly unet: UnetConfig
  /** Empty where nothing before the text states is trained. */
  readonly texts: readonly TextNetwork[]
}

/** Layout of all that these settings train. */
export const adapterLayout = ({ unet, texts }: AdaptedNetworks, settings: TrainSettings): AdapterLayout => {
  const { networkDim: dim, clipSkip, customEmbedding } = settings
  const parts = adaptedParts(settings)
  const groups: GroupRange[] = []
  let length = 0
  const matrix = (name: string, shape: readonly [number, number], kind = "linear"): TrainedMatrix => {
    const offset = length
    length += shape[0] * shape[1]
    return { name, offset, shape, fileShape: kind === "conv1x1" ? [...shape, 1, 1] : shape }
  }
  const inGroup = <A>(group: TrainedGroup, place: () => A): A => {
    const start = length
    const placed = place()
    if (length > start) groups.push({ group, start, end: length })
    return placed
  }
  const modulesOf = (
    network: AdapterModule["network"],
    targets: readonly AdapterTarget[],
    keyOf: (path: string) => string,
  ) =>
    targets.map(({ path, kind, inFeatures, outFeatures }): AdapterModule => {
      const key = keyOf(path)
      const down = matrix(`${key}.lora_down.weight`, [dim, inFeatures], kind)
      const up = matrix(`${key}.lora_up.weight`, [outFeatures, dim], kind)
      return { group: network === "unet" ? "unet" : "text", network, path, key, down, up }
    })
  const textModules = ({ folder, encoder, isPooled }: TextNetwork, place: number) =>
    // The pooled vector comes after all layers, so none of that encoder is cut off.
    modulesOf(folder, clipTextAdapterTargets(encoder.config, isPooled ? 1 : clipSkip), (path) =>
      textLoraKey(place, texts.length, path),
    )
  const embeddings = inGroup("embedding", () =>
    customEmbedding === null
      ? []
      : texts.map(({ embedding, encoder }) => matrix(embedding, [customEmbedding.length, encoder.config.hidden_size])),
  )
  const modules = [
    ...inGroup("text", () => (parts.text ? texts.flatMap(textModules) : [])),
    ...inGroup("unet", () => modulesOf("unet", parts.unet ? unetAdapterTargets(unet) : [], unetLoraKey(unet))),
  ]
  return { modules, embeddings, groups, length }
}

export const adapterMatrices = ({ modules }: AdapterLayout): readonly TrainedMatrix[] =>
  modules.flatMap(({ down, up }) => [down, up])

/** All matrices in the order of the flat array. */
export const matricesOf = (layout: AdapterLayout): readonly TrainedMatrix[] => [
  ...layout.embeddings,
  ...adapterMatrices(layout),
]

export const viewOf = (parameters: Float32Array, { offset, shape }: TrainedMatrix): Float32Array =>
  parameters.subarray(offset, offset + shape[0] * shape[1])

/**
 * Starting values of the adapters: `down` uniform within ±1/√fan_in, `up` zero, so that the adapted network is at first
 * the base itself. This is Kaiming's uniform rule with a = √5, as in kohya's networks/lora.py and in PEFT.
 */
export const initialParameters = (layout: AdapterLayout, seed: number): Float32Array => {
  const parameters = new Float32Array(layout.length)
  for (const { key, down } of layout.modules) {
    const { uniform } = randomStream({ seed, purpose: "adapter-init", step: 0, sample: key })
    const bound = 1 / Math.sqrt(down.shape[1])
    const values = viewOf(parameters, down)
    for (let index = 0; index < values.length; index++) values[index] = (2 * uniform() - 1) * bound
  }
  return parameters
}
