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
import type { MemoryChoice } from "../../settings/memory-mode.ts"
import type { WantedSize } from "./picture-size.ts"

/** A training that the machine's memory has to hold, as far as memory depends on it. */
export interface WantedTraining {
  /** Of the stage that trains. */
  readonly label: string
  readonly size: WantedSize
  readonly memory: MemoryChoice
  readonly gradientAccumulationSteps: number
  /** What is trained. */
  readonly spec: AdapterSpec
}

const sidesText = ({ width, height }: WantedSize): string => `${width} × ${height}`

/** What two trainings have in common that differ in their rank alone. */
const kindOf = ({ size, spec, memory, gradientAccumulationSteps }: WantedTraining): string =>
  JSON.stringify([sidesText(size), { ...spec, networkDim: 0 }, memory, gradientAccumulationSteps])

const largestOfEachKind = (trainings: readonly WantedTraining[]): readonly WantedTraining[] => {
  const byDim = trainings.toSorted((a, b) => a.spec.networkDim - b.spec.networkDim)
  return [...new Map(byDim.map((one) => [kindOf(one), one])).values()]
}

/** A base model that cannot be opened is told by its own checks. */
const memoryProblem = (files: BaseModelFiles, wanted: WantedTraining): Effect.Effect<readonly Problem[]> => {
  const { width, height } = wanted.size
  return foreseeTraining(files, wanted).pipe(
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
