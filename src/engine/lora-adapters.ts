/**
 * A LoRA file's adapters as inputs of a UNet or text encoder graph, and the numbers to feed them.
 *
 * Ranks may differ from module to module. Scale and strength are multiplied into the fed `up`, so that one session
 * serves every checkpoint of a run at any strength.
 */
import { Effect } from "effect"
import { decodeLoraFile, type LoraModule } from "../formats/lora-file.ts"
import { input } from "../graph/build.ts"
import {
  type AdapterTarget,
  clipTextAdapterTargets,
  loraKey,
  textLoraKey,
  unetAdapterTargets,
} from "../models/adapter-targets.ts"
import type { ClipTextConfig } from "../models/clip-text-config.ts"
import type { AdapterTensors } from "../models/lora-branch.ts"
import type { UnetConfig } from "../models/unet-config.ts"
import { type EngineFailure, inputFailure, wordsOf } from "./engine-failure.ts"
import type { ArrayInPlace } from "./session.ts"

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
  readonly text: LoraAdapters
  readonly unet: LoraAdapters
}

/** The base model alone. */
export const bareNetworks: NetworkAdapters = { text: noAdapters, unet: noAdapters }

const byKey = (targets: readonly AdapterTarget[], keyOf: (path: string) => string) =>
  new Map(targets.map((target) => [keyOf(target.path), target]))

const layerOf = (path: string): number => Number(/layers\.(\d+)\./.exec(path)?.[1] ?? 0)

/** The adapters of a LoRA file by network. Those of text layers that CLIP skip cuts off are left out: nothing runs there. */
export const loraAdapters = Effect.fn("loraAdapters")(function* (
  configs: { readonly unet: UnetConfig; readonly text: ClipTextConfig },
  clipSkip: number,
  { bytes, strength }: { readonly bytes: Uint8Array; readonly strength: number },
): Effect.fn.Return<NetworkAdapters, EngineFailure> {
  const { modules } = yield* Effect.try({
    try: () => decodeLoraFile(bytes),
    catch: (thrown) => inputFailure("the LoRA", wordsOf(thrown), "Train it again"),
  })
  const isText = ({ key }: LoraModule) => key.startsWith("lora_te_")
  const textTargets = byKey(clipTextAdapterTargets(configs.text, 1), textLoraKey)
  const text = yield* place(textTargets, modules.filter(isText))
  const unetTargets = byKey(unetAdapterTargets(configs.unet), loraKey)
  const unet = yield* place(
    unetTargets,
    modules.filter((module) => !isText(module)),
  )
  const layersRun = configs.text.num_hidden_layers + 1 - clipSkip
  return {
    text: adaptersOf(
      text.filter(({ path }) => layerOf(path) < layersRun),
      strength,
    ),
    unet: adaptersOf(unet, strength),
  }
})
