/** What a UNet predicts: the noise ε, or v = √ᾱ·ε − √(1−ᾱ)·x₀ (Salimans & Ho 2022). */
import { Schema } from "effect"

export const PredictionType = Schema.Literals(["epsilon", "v_prediction"])
export type PredictionType = typeof PredictionType.Type
