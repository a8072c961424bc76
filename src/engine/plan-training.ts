/**
 * The memory plan of a training job: builds the graph of each shape of picture and asks it what a step will hold.
 */
import { freemem } from "node:os"
import { Effect } from "effect"
import type { AdapterLayout } from "./adapter-layout.ts"
import { EngineFailure } from "./engine-failure.ts"
import { type MemoryPlan, memoryNeed, planMemory } from "./memory-plan.ts"
import { graphFailure } from "./sessions.ts"
import { type TrainedNetworks, trainGraph } from "./train-graph.ts"
import type { TrainJob, TrainSample } from "./train-job.ts"
import { picturesPerRun, shapesFor, trainedWeights, trainingGraph } from "./train-run.ts"

/** What this process may take, with what it has taken already. Inside a container its limit counts. */
const freeMemoryBytes = (): number => (process.availableMemory() || freemem()) + process.memoryUsage.rss()

/** One picture of each shape. */
const ofEachShape = (samples: readonly TrainSample[]): readonly TrainSample[] => [
  ...new Map(samples.map((sample) => [`${sample.latentShape}`, sample])).values(),
]

export const planTraining = Effect.fn("planTraining")(function* (
  { samples, settings, memory = "auto" }: TrainJob,
  networks: TrainedNetworks,
  layout: AdapterLayout,
): Effect.fn.Return<MemoryPlan, EngineFailure> {
  const weights = trainedWeights(networks)
  const pictures = picturesPerRun(settings.gradientAccumulationSteps, samples)
  const trained = { layout, scale: settings.networkScale, clipSkip: settings.clipSkip }
  const plan = yield* Effect.try({
    try: () => {
      const graphs = ofEachShape(samples).map((sample) => trainGraph(networks, trained, shapesFor(sample, pictures)))
      const toTrain = { graphs, weightBytes: weights.storedBytes, parameters: layout.length }
      return planMemory(memory, freeMemoryBytes(), (mode) => memoryNeed(toTrain, mode))
    },
    catch: (thrown) => graphFailure({ kind: trainingGraph, weights }, thrown),
  })
  return plan instanceof EngineFailure ? yield* plan : plan
})
