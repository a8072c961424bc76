/** The graph of one training step of a golden model: UNet with adapters on every target, loss, all gradients. */

import { input, meanOfAll, square, sub } from "../../../src/graph/build.ts"
import { gradients } from "../../../src/graph/gradients/autodiff.ts"
import type { Tensor } from "../../../src/graph/tensor.ts"
import { unetAdapterTargets } from "../../../src/models/adapter-targets.ts"
import type { AdapterTensors } from "../../../src/models/lora-branch.ts"
import { loraKey } from "../../../src/models/lora-keys.ts"
import { type UnetFeeds, unet } from "../../../src/models/unet.ts"
import type { GoldenModel } from "./golden-model.ts"
import type { Values } from "./run-graph.ts"

/** As in make_model_goldens.py. */
export const dim = 3
export const scale = 0.7

const feed = (model: GoldenModel, name: string): Tensor => input(name, model.golden(name).shape)

export const unetFeeds = (model: GoldenModel, sample = "unet.sample"): UnetFeeds => {
  const isTold = model.hasGolden("unet.text_embeds")
  return {
    sample: feed(model, sample),
    timeFeatures: feed(model, "unet.time_features"),
    text: { states: feed(model, "unet.states"), pooled: isTold ? feed(model, "unet.text_embeds") : null },
    ...(isTold && { timeIdFeatures: feed(model, "unet.time_id_features") }),
  }
}

/** Every golden tensor under its own name. */
export const goldenFeeds = (model: GoldenModel): Readonly<Record<string, Values>> =>
  new Proxy({}, { get: (_, name: string) => model.golden(name) })

const partNames = (path: string) => ({
  down: `${loraKey(path)}.lora_down.weight`,
  up: `${loraKey(path)}.lora_up.weight`,
})

export const trainGraph = (model: GoldenModel) => {
  const targets = unetAdapterTargets(model.unetConfig)
  const leaves: Record<string, Tensor> = {}
  const adapters = new Map<string, AdapterTensors>()
  for (const { path, inFeatures, outFeatures } of targets) {
    const { down, up } = partNames(path)
    leaves[down] = input(`adapter/${down}`, [dim, inFeatures])
    leaves[up] = input(`adapter/${up}`, [outFeatures, dim])
    adapters.set(path, { down: leaves[down], up: leaves[up], scale })
  }
  const prediction = unet({ weights: model.unet.weights, adapters }, model.unetConfig, unetFeeds(model))
  const loss = meanOfAll(square(sub(prediction, feed(model, "unet.target"))))
  const names = Object.keys(leaves)
  const found = gradients(loss, Object.values(leaves))
  return {
    prediction,
    loss,
    gradients: Object.fromEntries(names.map((name, index) => [name, found[index]!])),
  }
}
