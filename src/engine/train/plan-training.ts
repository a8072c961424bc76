/**
 * The memory plan of a training job: builds the graph of each shape of picture and asks it what a step will hold.
 *
 * The same is asked before there are pictures, to refuse a training that no memory holds before any work: everything that
 * matters is known from the base model's configurations and the size of the pictures to come. Then the process that asks is the
 * training's parent.
 */
import { Effect } from "effect"
import { conditionShape } from "../../models/unet-config.ts"
import { vaeFactor } from "../../models/vae-config.ts"
import { type AdapterSpec, trainsText } from "../../settings/adapter-spec.ts"
import { familyOf } from "../../settings/family.ts"
import type { MemoryChoice } from "../../settings/memory-mode.ts"
import { textEncoding } from "../../settings/text-encoding.ts"
import { readVaeConfig } from "../base/base-config.ts"
import { openUnet } from "../base/base-model.ts"
import { openTextNetworks } from "../base/text-networks.ts"
import { EngineFailure } from "../jobs/engine-failure.ts"
import { freeMemory } from "../jobs/free-memory.ts"
import type { MemoryPlan } from "../jobs/memory-need.ts"
import type { BaseModelFiles } from "../jobs/train-job.ts"
import { graphFailure } from "../session/graph-failure.ts"
import { type AdapterLayout, adapterLayout } from "./adapter-layout.ts"
import { memoryNeed, planMemory } from "./memory-plan.ts"
import { ofEachShape, picturesPerRun, type SampleShapes, shapesFor } from "./run-shapes.ts"
import { type TrainedNetworks, trainedWeights, trainGraph, trainingGraph } from "./train-graph.ts"

/** Resident memory of the two processes that a training takes, before it begins: they may keep it. */
export interface HeldMemory {
  readonly parentBytes: number
  /** 0 while there is no such process. */
  readonly hostBytes: number
}

/** What the plan needs to know of a training, besides what is trained. */
export interface ToPlan {
  readonly held: HeldMemory
  readonly gradientAccumulationSteps: number
  readonly samples: readonly SampleShapes[]
  readonly memory: MemoryChoice
}

export const planTraining = Effect.fn("planTraining")(function* (
  { samples, gradientAccumulationSteps, memory, held: { parentBytes, hostBytes } }: ToPlan,
  networks: TrainedNetworks,
  layout: AdapterLayout,
): Effect.fn.Return<MemoryPlan, EngineFailure> {
  const weights = trainedWeights(networks)
  const pictures = picturesPerRun(gradientAccumulationSteps, samples)
  const plan = yield* Effect.try({
    try: () => {
      const graphs = ofEachShape(samples).map((sample) => trainGraph(networks, layout, shapesFor(sample, pictures)))
      const isSplit = pictures < gradientAccumulationSteps
      const toTrain = { graphs, weightBytes: weights.storedBytes, parameters: layout.length, isSplit, parentBytes }
      const freeBytes = freeMemory().freeBytes + parentBytes + hostBytes
      return planMemory(memory, freeBytes, (mode) => memoryNeed(toTrain, mode))
    },
    catch: (thrown) => graphFailure({ kind: trainingGraph, weights }, thrown),
  })
  return plan instanceof EngineFailure ? yield* plan : plan
})

/** A training that is to come: pictures of one size in pixels, and what is trained on them. */
export interface ForeseenTraining extends Omit<ToPlan, "samples" | "held"> {
  readonly size: { readonly width: number; readonly height: number }
  readonly spec: AdapterSpec
}

export const foreseeTraining = Effect.fn("foreseeTraining")(function* (
  base: BaseModelFiles,
  { size: { width, height }, spec, gradientAccumulationSteps, memory }: ForeseenTraining,
): Effect.fn.Return<MemoryPlan, EngineFailure> {
  const unet = yield* openUnet(base)
  const texts = yield* openTextNetworks(base, textEncoding(familyOf(unet.config)))
  const factor = vaeFactor(yield* readVaeConfig(base))
  const sample: SampleShapes = {
    latentShape: [unet.config.in_channels, height / factor, width / factor],
    conditionShape: conditionShape(unet.config, texts[0]!.tokenizer.length),
  }
  const networks = { unet, texts: trainsText(spec) ? texts : [] }
  const layout = adapterLayout({ unet: unet.config, texts: networks.texts }, spec)
  const held = { parentBytes: process.memoryUsage.rss(), hostBytes: 0 }
  return yield* planTraining({ samples: [sample], gradientAccumulationSteps, memory, held }, networks, layout)
})
