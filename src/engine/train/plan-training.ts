/**
 * The memory plan of a training job: builds the graph of each shape of picture and asks it what a step will hold.
 *
 * The same is asked before there are pictures, to refuse a training that no memory holds before any work: everything that
 * matters is known from the base model's configurations and the size of the pictures to come.
 */
import { freemem } from "node:os"
import { Effect } from "effect"
import { conditionShape } from "../../models/unet-config.ts"
import { vaeFactor } from "../../models/vae-config.ts"
import { familyOf } from "../../settings/family.ts"
import { textEncoding } from "../../settings/text-encoding.ts"
import { type TrainSettings, trainsText } from "../../settings/train-settings.ts"
import { openUnet, openVaeConfig } from "../base/base-model.ts"
import { openTextNetworks } from "../base/text-networks.ts"
import { EngineFailure } from "../jobs/engine-failure.ts"
import type { MemoryChoice, MemoryPlan } from "../jobs/memory-mode.ts"
import type { BaseModelFiles } from "../jobs/train-job.ts"
import { graphFailure } from "../session/graph-failure.ts"
import { type AdapterLayout, adapterLayout } from "./adapter-layout.ts"
import { memoryNeed, planMemory } from "./memory-plan.ts"
import { picturesPerRun, type SampleShapes, shapesFor } from "./run-shapes.ts"
import { type TrainedNetworks, trainedWeights, trainGraph, trainingGraph } from "./train-graph.ts"

/** What this process may take, with what it has taken already. Inside a container its limit counts. */
const freeMemoryBytes = (): number => (process.availableMemory() || freemem()) + process.memoryUsage.rss()

/** One picture of each shape. */
const ofEachShape = (samples: readonly SampleShapes[]): readonly SampleShapes[] => [
  ...new Map(samples.map((sample) => [`${sample.latentShape}`, sample])).values(),
]

/** What the plan needs to know of a training job. */
export interface JobToPlan {
  readonly settings: TrainSettings
  readonly samples: readonly SampleShapes[]
  readonly memory?: MemoryChoice
}

export const planTraining = Effect.fn("planTraining")(function* (
  { samples, settings, memory = "auto" }: JobToPlan,
  networks: TrainedNetworks,
  layout: AdapterLayout,
): Effect.fn.Return<MemoryPlan, EngineFailure> {
  const weights = trainedWeights(networks)
  const pictures = picturesPerRun(settings.gradientAccumulationSteps, samples)
  const trained = { layout, scale: settings.networkScale }
  const plan = yield* Effect.try({
    try: () => {
      const graphs = ofEachShape(samples).map((sample) => trainGraph(networks, trained, shapesFor(sample, pictures)))
      const isSplit = pictures < settings.gradientAccumulationSteps
      const toTrain = { graphs, weightBytes: weights.storedBytes, parameters: layout.length, isSplit }
      return planMemory(memory, freeMemoryBytes(), (mode) => memoryNeed(toTrain, mode))
    },
    catch: (thrown) => graphFailure({ kind: trainingGraph, weights }, thrown),
  })
  return plan instanceof EngineFailure ? yield* plan : plan
})

/** The plan for pictures of this size in pixels, all alike. */
export const foreseeTraining = Effect.fn("foreseeTraining")(function* (
  base: BaseModelFiles,
  { width, height }: { readonly width: number; readonly height: number },
  settings: TrainSettings,
  memory: MemoryChoice,
): Effect.fn.Return<MemoryPlan, EngineFailure> {
  const unet = yield* openUnet(base)
  const texts = yield* openTextNetworks(base, textEncoding(familyOf(unet.config)))
  const factor = vaeFactor(yield* openVaeConfig(base))
  const sample: SampleShapes = {
    latentShape: [unet.config.in_channels, height / factor, width / factor],
    conditionShape: conditionShape(unet.config, texts[0]!.tokenizer.length),
  }
  const networks = { unet, texts: trainsText(settings) ? texts : [] }
  const layout = adapterLayout({ unet: unet.config, texts: networks.texts }, settings)
  return yield* planTraining({ samples: [sample], settings, memory }, networks, layout)
})
