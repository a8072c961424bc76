/** The samplers there are, by the names that pipelines, pictures and A1111 use for them. */
import { Schema } from "effect"

export const SamplerName = Schema.Literals(["DDIM", "DPM++ 2M"])
export type SamplerName = typeof SamplerName.Type
