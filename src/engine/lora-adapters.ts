/**
 * A LoRA file's adapters as inputs of a UNet graph, and the numbers to feed them.
 *
 * Ranks may differ from module to module. Scale and strength are multiplied into the fed `up`, so that one session
 * serves every checkpoint of a run at any strength.
 */
import { Effect } from "effect"
import { decodeLoraFile, type LoraModule } from "../formats/lora-file.ts"
import { input } from "../graph/build.ts"
import { loraKey, unetAdapterTargets } from "../models/adapter-targets.ts"
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

/** The base model alone. */
export const noAdapters: LoraAdapters = { facts: [], feeds: {}, build: () => new Map() }

interface Placed {
  readonly path: string
  readonly module: LoraModule
  readonly down: readonly [number, number]
  readonly up: readonly [number, number]
}

const misfit = (reason: string): EngineFailure =>
  inputFailure("the LoRA", reason, "Use a LoRA that was trained on this base model's UNet")

const place = (config: UnetConfig, modules: readonly LoraModule[]): Effect.Effect<readonly Placed[], EngineFailure> => {
  const targets = new Map(unetAdapterTargets(config).map((target) => [loraKey(target.path), target]))
  return Effect.forEach(modules, (module) => {
    const target = targets.get(module.key)
    if (target === undefined) return misfit(`the base model has no module for ${module.key}`)
    const dim = module.downShape[0]!
    const fits = module.down.length === dim * target.inFeatures && module.up.length === dim * target.outFeatures
    if (!fits) return misfit(`${module.key} has other sizes than the base model's module`)
    const placed: Placed = { path: target.path, module, down: [dim, target.inFeatures], up: [target.outFeatures, dim] }
    return Effect.succeed(placed)
  })
}

export const loraAdapters = Effect.fn("loraAdapters")(function* (
  config: UnetConfig,
  bytes: Uint8Array,
  strength: number,
): Effect.fn.Return<LoraAdapters, EngineFailure> {
  const { modules } = yield* Effect.try({
    try: () => decodeLoraFile(bytes),
    catch: (thrown) => inputFailure("the LoRA", wordsOf(thrown), "Train it again"),
  })
  const placed = yield* place(config, modules)
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
})
