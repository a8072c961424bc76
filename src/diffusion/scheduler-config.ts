/**
 * A base model's `scheduler/scheduler_config.json`, as far as it decides anything here.
 *
 * Keys and defaults are diffusers' own (`DDIMScheduler`, `DPMSolverMultistepScheduler`, 0.42). Which scheduler class
 * the file was written for does not matter: training and both samplers read the same noise schedule from it. Left out on
 * purpose: `clip_sample` and `thresholding` (diffusers' own Stable Diffusion pipelines switch them off for latents) and the
 * Karras, exponential and beta spacings.
 */
import { Schema } from "effect"
import { withFileDefault } from "../settings/field-defaults.ts"
import { PredictionType } from "../settings/prediction-type.ts"

export const TimestepSpacing = Schema.Literals(["leading", "trailing", "linspace"])
/** How a sampler spreads its steps over the timesteps (Lin et al. 2023, table 2). */
export type TimestepSpacing = typeof TimestepSpacing.Type

export const SchedulerConfig = Schema.Struct({
  num_train_timesteps: withFileDefault(Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 100_000 })), 1000),
  beta_start: withFileDefault(Schema.Finite, 0.0001),
  beta_end: withFileDefault(Schema.Finite, 0.02),
  beta_schedule: withFileDefault(Schema.Literals(["linear", "scaled_linear", "squaredcos_cap_v2"]), "linear"),
  /** Betas given one by one; they replace the three fields before. */
  trained_betas: withFileDefault(Schema.NullOr(Schema.Array(Schema.Finite)), null),
  prediction_type: withFileDefault(PredictionType, "epsilon"),
  rescale_betas_zero_snr: withFileDefault(Schema.Boolean, false),
  /** DDIM: ᾱ after the last step is 1 instead of ᾱ₀. */
  set_alpha_to_one: withFileDefault(Schema.Boolean, true),
  steps_offset: withFileDefault(Schema.Int, 0),
  /** Absent: each sampler's own default, leading for DDIM and linspace for DPM++ 2M. */
  timestep_spacing: Schema.optionalKey(TimestepSpacing),
  /** DPM++ 2M: the noise level after the last step. */
  final_sigmas_type: withFileDefault(Schema.Literals(["zero", "sigma_min"]), "zero"),
  /** DPM++ 2M: the last step is of first order when there are fewer than 15. */
  lower_order_final: withFileDefault(Schema.Boolean, true),
})
export type SchedulerConfig = typeof SchedulerConfig.Type
