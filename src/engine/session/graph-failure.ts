/**
 * What it means for the user when a graph cannot be built.
 *
 * The builders of graphs and models refuse what does not fit with words and a hint; anything else is our mistake.
 */

import { type EngineFailure, inputFailure, wordsOf, workFailure } from "../jobs/engine-failure.ts"
import type { GraphWeights } from "./graph-weights.ts"

/** `kind`: what the graph is, in the words of a failure: "the UNet's training graph". */
export const graphFailure = (
  { kind, weights }: { readonly kind: string; readonly weights: GraphWeights },
  thrown: unknown,
): EngineFailure =>
  thrown instanceof Error && "hint" in thrown
    ? inputFailure(weights.file, thrown.message, String(thrown.hint))
    : workFailure(kind, `it cannot be built (${wordsOf(thrown)})`, "Please report this with the model's name")
