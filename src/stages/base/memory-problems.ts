/**
 * Whether the memory holds the trainings of a pipeline, told before any work.
 *
 * The engine's own plan is asked, for the size of the pictures to come. Of trainings that differ in their adapters' rank
 * alone the largest is looked at.
 */
import { Effect } from "effect"
import type { MemoryChoice } from "../../engine/jobs/memory-mode.ts"
import type { BaseModelFiles } from "../../engine/jobs/train-job.ts"
import { foreseeTraining } from "../../engine/train/plan-training.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"
import { TrainSettings } from "../../settings/train-settings.ts"
import type { WantedSize } from "./picture-size.ts"

/** A training that the machine's memory has to hold, as far as memory depends on it. */
export interface WantedTraining {
  /** Of the stage that trains. */
  readonly label: string
  readonly size: WantedSize
  readonly memory: MemoryChoice
  readonly networkDim: number
  readonly gradientAccumulationSteps: number
  /** Whether the UNet, the text encoders, and a custom embedding are trained. */
  readonly unet: boolean
  readonly text: boolean
  readonly embedding: boolean
}

/** Rates and the number of tokens change nothing here. */
const settingsOf = ({ networkDim, unet, text, embedding, gradientAccumulationSteps }: WantedTraining): TrainSettings =>
  TrainSettings.make({
    networkDim,
    unetLearningRate: unet ? 1 : 0,
    textModel: text ? { learningRate: 1 } : null,
    customEmbedding: embedding ? { keyword: "any", length: 1, learningRate: 1 } : null,
    gradientAccumulationSteps,
    steps: 1,
    seed: 0,
  })

const sidesText = ({ width, height }: WantedSize): string => `${width} × ${height}`

const largestOfEachKind = (trainings: readonly WantedTraining[]): readonly WantedTraining[] => {
  const byDim = trainings.toSorted((a, b) => a.networkDim - b.networkDim)
  return [
    ...new Map(
      byDim.map((one) => [JSON.stringify({ ...one, networkDim: 0, label: "", size: sidesText(one.size) }), one]),
    ).values(),
  ]
}

/** A base model that cannot be opened is told by its own checks. */
const memoryProblem = (files: BaseModelFiles, wanted: WantedTraining): Effect.Effect<readonly Problem[]> => {
  const { width, height } = wanted.size
  return foreseeTraining(files, wanted.size, settingsOf(wanted), wanted.memory).pipe(
    Effect.match({
      onSuccess: () => [],
      onFailure: ({ what, why, hint }): readonly Problem[] =>
        what === "memory"
          ? [
              {
                field: what,
                why: `training at ${width} × ${height} pixels: ${why}`,
                hint,
                severity: "error",
                label: wanted.label,
              },
            ]
          : [],
    }),
  )
}

export const memoryProblems = (
  trainings: readonly WantedTraining[],
  files: BaseModelFiles,
): Effect.Effect<readonly Problem[]> =>
  Effect.map(
    Effect.forEach(largestOfEachKind(trainings), (wanted) => memoryProblem(files, wanted)),
    (problems) => problems.flat(),
  )
