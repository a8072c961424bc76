/**
 * A LoRA file's adapters as inputs of a UNet or text encoder graph, and the numbers to feed them.
 *
 * Ranks may differ from module to module. Scale and strength are multiplied into the fed `up`, so that one session
 * serves every checkpoint of a run at any strength.
 */
import { Effect } from "effect"
import type { LoraModule } from "../../formats/lora-file.ts"
import { input } from "../../graph/build.ts"
import { type AdapterTarget, clipTextAdapterTargets, unetAdapterTargets } from "../../models/adapter-targets.ts"
import type { AdapterTensors } from "../../models/lora-branch.ts"
import { loraKey, textLoraKey, unetLoraKey } from "../../models/lora-keys.ts"
import type { UnetConfig } from "../../models/unet-config.ts"
import type { TextNetwork } from "../base/text-networks.ts"
import { type EngineFailure, inputFailure } from "../jobs/engine-failure.ts"
import type { ArrayInPlace } from "../session/session.ts"

export interface LoraAdapters {
  /** What a graph with these adapters depends on: modules and ranks. */
  readonly facts: readonly string[]
  readonly feeds: Readonly<Record<string, ArrayInPlace>>
  /** By module path; makes new inputs at each call, for a new graph. */
  readonly build: () => ReadonlyMap<string, AdapterTensors>
}

/** A network as it is. */
export const noAdapters: LoraAdapters = { facts: [], feeds: {}, build: () => new Map() }

interface Placed {
  readonly path: string
  readonly module: LoraModule
  readonly down: readonly [number, number]
  readonly up: readonly [number, number]
}

const misfit = (reason: string): EngineFailure =>
  inputFailure("the LoRA", reason, "Use a LoRA that was trained on this kind of base model")

/** Every module's place among the targets of its network. */
const place = (
  targets: ReadonlyMap<string, AdapterTarget>,
  modules: readonly LoraModule[],
): Effect.Effect<readonly Placed[], EngineFailure> =>
  Effect.forEach(modules, (module) => {
    const target = targets.get(module.key)
    if (target === undefined) return misfit(`the base model has no module for ${module.key}`)
    const dim = module.downShape[0]!
    const fits = module.down.length === dim * target.inFeatures && module.up.length === dim * target.outFeatures
    if (!fits) return misfit(`${module.key} has other sizes than the base model's module`)
    const placed: Placed = { path: target.path, module, down: [dim, target.inFeatures], up: [target.outFeatures, dim] }
    return Effect.succeed(placed)
  })

const adaptersOf = (placed: readonly Placed[], strength: number): LoraAdapters => {
  const feeds: Record<string, ArrayInPlace> = {}
  for (const { module, down, up } of placed) {
    const factor = (strength * module.alpha) / down[0]
    feeds[`${module.key}.down`] = { data: module.down, shape: down }
    feeds[`${module.key}.up`] = { data: module.up.map((value) => value * factor), shape: up }
  }
  return {
    facts: placed.map(({ module, down }) => `${module.key} ${down[0]}`),
    feeds,
    build: () =>
      new Map(
        placed.map(({ path, module, down, up }) => [
          path,
          { down: input(`${module.key}.down`, down), up: input(`${module.key}.up`, up), scale: 1 },
        ]),
      ),
  }
}

export interface NetworkAdapters {
  /** For each text encoder. */
  readonly texts: readonly LoraAdapters[]
  readonly unet: LoraAdapters
}

/** The base model alone. */
export const bareNetworks: NetworkAdapters = { texts: [], unet: noAdapters }

type Targets = ReadonlyMap<string, AdapterTarget>

/** A UNet's modules may go by two names: those kohya gives them, and those of diffusers' blocks. */
const unetTargets = (config: UnetConfig): Targets => {
  const targets = unetAdapterTargets(config)
  return new Map([loraKey, unetLoraKey(config)].flatMap((keyOf) => targets.map((one) => [keyOf(one.path), one])))
}

const layerOf = (path: string): number => Number(/layers\.(\d+)\./.exec(path)?.[1] ?? 0)

/** The adapters of a LoRA by network. Those of text layers that CLIP skip cuts off are left out: nothing runs there. */
export const loraAdapters = Effect.fn("loraAdapters")(function* (
  networks: { readonly unet: UnetConfig; readonly texts: readonly TextNetwork[] },
  { modules, strength }: { readonly modules: readonly LoraModule[]; readonly strength: number },
): Effect.fn.Return<NetworkAdapters, EngineFailure> {
  const texts = yield* Effect.forEach(networks.texts, (network) => {
    const keyOf = (path: string) => textLoraKey(network, path)
    const { config } = network.encoder
    const everyLayer = clipTextAdapterTargets(config, config.num_hidden_layers)
    const targets = new Map(everyLayer.map((target) => [keyOf(target.path), target]))
    const own = modules.filter(({ key }) => key.startsWith(keyOf("")))
    return Effect.map(place(targets, own), (placed) =>
      adaptersOf(
        placed.filter(({ path }) => layerOf(path) < network.layersRun),
        strength,
      ),
    )
  })
  const isText = ({ key }: LoraModule) => networks.texts.some((network) => key.startsWith(textLoraKey(network, "")))
  const unet = yield* place(
    unetTargets(networks.unet),
    modules.filter((module) => !isText(module)),
  )
  return { texts, unet: adaptersOf(unet, strength) }
})
