/**
 * Whether the memory holds the trainings of a pipeline, told before any work.
 *
 * The engine's own plan is asked, for the size of the pictures to come. Of trainings that differ in their adapters' rank
 * alone the largest is looked at.
 */
import { Effect } from "effect"
import type { BaseModelFiles } from "../../engine/jobs/train-job.ts"
import { foreseeTraining } from "../../engine/train/plan-training.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"
import type { AdapterSpec } from "../../settings/adapter-spec.ts"
import type { WantedTraining } from "../wires/base-files.ts"

/** The scale and the number of tokens hardly change the memory. */
const specOf = ({ networkDim, unet, text, embedding }: WantedTraining): AdapterSpec => ({
  networkDim,
  networkScale: 1,
  unet,
  text: networkDim > 0 && text,
  embeddingTokens: embedding ? 1 : 0,
})

const largestOfEachKind = (trainings: readonly WantedTraining[]): readonly WantedTraining[] => {
  const byDim = trainings.toSorted((a, b) => a.networkDim - b.networkDim)
  return [...new Map(byDim.map((one) => [JSON.stringify({ ...one, networkDim: 0 }), one])).values()]
}

/** A base model that cannot be opened is told by its own checks. */
const memoryProblem = (files: BaseModelFiles, wanted: WantedTraining): Effect.Effect<readonly Problem[]> => {
  const { width, height } = wanted.size
  return foreseeTraining(files, { ...wanted, spec: specOf(wanted) }).pipe(
    Effect.match({
      onSuccess: () => [],
      onFailure: ({ what, why, hint }): readonly Problem[] =>
        what === "memory"
          ? [{ field: what, why: `training at ${width} × ${height} pixels: ${why}`, hint, severity: "error" }]
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
