/** A warm-up that outlasts the training: nothing ever learns at the rate that was asked for. */
import type { Problem } from "../../runtime/model/stage-failure.ts"

export const endlessWarmup = ({
  warmupSteps,
  steps,
}: {
  readonly warmupSteps: number
  readonly steps: number
}): readonly Problem[] => {
  if (steps < 1 || warmupSteps < 2 || warmupSteps <= steps) return []
  const why = `${warmupSteps} is more than the ${steps} steps there are, so the full rate is never reached`
  return [{ field: "warmupSteps", why, hint: "A tenth of the steps is plenty", severity: "warning" }]
}
