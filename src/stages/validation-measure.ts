/** `validationLoss`: what a sweep makes small, read from `validate`: the loss of held-out pictures at a training's end. */
import type { Measure } from "../runtime/sweep/objective.ts"
import type { Validation } from "./wires/validations.ts"

/**
 * The loss of held-out pictures after the last step, as `validate` measures it: over the same noise each time, so that trainings can be
 * compared. The pipeline needs one `validate`.
 *
 * @example
 * minimise(validationLoss)
 */
export const validationLoss: Measure = {
  name: "validation loss",
  from: { kind: "carrying", word: "validation" },
  value: ({ losses }: Validation) => losses.at(-1)?.loss,
  curve: ({ losses }: Validation) => losses.map(({ step, loss }) => [step, loss] as const),
}
