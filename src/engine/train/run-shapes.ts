/**
 * The shapes of a run of the training graph: how many pictures share it, and how large everything fed is.
 *
 * Settings and pictures alone decide, no machine: which pictures share a run decides how their gradients are summed.
 */

import type { SampleFacts } from "../jobs/train-job.ts"
import type { TrainGraphShapes } from "./train-graph.ts"

/** What a sample tells of the graph it needs. */
export type SampleShapes = Pick<SampleFacts, "latentShape" | "conditionShape">

/** Latent elements of one channel that may be in one run: a single picture of 512 × 512 pixels. */
const latentAreaPerRun = 64 * 64

/** How many pictures of an update share a run: as many as fit, in equal parts. Settings alone decide, no machine. */
export const picturesPerRun = (accumulation: number, samples: readonly SampleShapes[]): number => {
  const shapes = new Set(samples.map(({ latentShape }) => `${latentShape}`))
  const [, height = 1, width = 1] = samples[0]?.latentShape ?? []
  if (shapes.size !== 1) return 1
  let pictures = accumulation
  while (pictures > 1 && (accumulation % pictures !== 0 || pictures * height * width > latentAreaPerRun)) pictures--
  return pictures
}

/** What a graph for pictures like this one is built for. */
export const shapesFor = ({ latentShape, conditionShape }: SampleShapes, pictures: number): TrainGraphShapes => ({
  pictures,
  latents: latentShape,
  text: conditionShape,
})

/** One picture of each shape. */
export const ofEachShape = (samples: readonly SampleShapes[]): readonly SampleShapes[] => [
  ...new Map(samples.map((sample) => [`${sample.latentShape}`, sample])).values(),
]
