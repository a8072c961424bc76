/** The samplers by their names. */
import type { SamplerName } from "../settings/sampler-name.ts"
import { ddim } from "./ddim.ts"
import { dpmSolverPp2m } from "./dpm-solver-pp-2m.ts"
import type { Sampler } from "./sampler.ts"

export const samplers = {
  DDIM: ddim,
  "DPM++ 2M": dpmSolverPp2m,
} as const satisfies Readonly<Record<SamplerName, Sampler>>
