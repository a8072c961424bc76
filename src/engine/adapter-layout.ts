/**
 * Where every adapter matrix lies in one flat array of parameters.
 *
 * Parameters, gradients and both Adam moments are four arrays of this layout, so that the optimizer is one loop and the
 * gradients leave the graph as one output. Matrices are views into it. Modules stand in the order in which the network
 * runs them; that order is also the order of the gradients in the graph.
 */
import { loraKey, unetAdapterTargets } from "../models/adapter-targets.ts"
import type { UnetConfig } from "../models/unet-config.ts"
import { randomStream } from "./random-stream.ts"

export interface AdapterMatrix {
  /** "lora_unet_….lora_down.weight": its name in every file. */
  readonly name: string
  readonly offset: number
  /** As the graph multiplies with it: [dim, in] or [out, dim]. */
  readonly shape: readonly [number, number]
  /** As LoRA files store it: a 1×1 convolution has two more axes. */
  readonly fileShape: readonly number[]
}

export interface AdapterModule {
  /** Path in the model: "down_blocks.0.attentions.0.proj_in". */
  readonly path: string
  /** "lora_unet_down_blocks_0_attentions_0_proj_in" */
  readonly key: string
  readonly down: AdapterMatrix
  readonly up: AdapterMatrix
}

export interface AdapterLayout {
  readonly modules: readonly AdapterModule[]
  /** Number of parameters. */
  readonly length: number
}

/** Layout of adapters of this rank over everything in the UNet that takes one. */
export const adapterLayout = (config: UnetConfig, dim: number): AdapterLayout => {
  let length = 0
  const matrix = (name: string, shape: readonly [number, number], kind: string): AdapterMatrix => {
    const offset = length
    length += shape[0] * shape[1]
    return { name, offset, shape, fileShape: kind === "conv1x1" ? [...shape, 1, 1] : shape }
  }
  const modules = unetAdapterTargets(config).map(({ path, kind, inFeatures, outFeatures }) => {
    const key = loraKey(path)
    const down = matrix(`${key}.lora_down.weight`, [dim, inFeatures], kind)
    return { path, key, down, up: matrix(`${key}.lora_up.weight`, [outFeatures, dim], kind) }
  })
  return { modules, length }
}

export const matricesOf = ({ modules }: AdapterLayout): readonly AdapterMatrix[] =>
  modules.flatMap(({ down, up }) => [down, up])

export const viewOf = (parameters: Float32Array, { offset, shape }: AdapterMatrix): Float32Array =>
  parameters.subarray(offset, offset + shape[0] * shape[1])

/**
 * Starting values: `down` uniform within ±1/√fan_in, `up` zero, so that the adapted network is at first the base itself.
 * This is Kaiming's uniform rule with a = √5, as in kohya's networks/lora.py and in PEFT.
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
