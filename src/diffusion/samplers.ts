/** The samplers there are, by the names that pipelines, pictures and other programs use for them. */
import { ddim } from "./ddim.ts"
import { dpmSolverPp2m } from "./dpm-solver-pp-2m.ts"
import type { Sampler } from "./sampler.ts"

export const samplers = {
  DDIM: ddim,
  "DPM++ 2M": dpmSolverPp2m,
} as const satisfies Record<string, Sampler>

export type SamplerName = keyof typeof samplers

export const samplerNames = Object.keys(samplers) as readonly SamplerName[]
