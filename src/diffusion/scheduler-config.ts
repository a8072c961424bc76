/**
 * A base model's `scheduler/scheduler_config.json`, as far as it decides anything here.
 *
 * Keys and defaults are diffusers' own (`DDIMScheduler`, `DPMSolverMultistepScheduler`, 0.42). Which scheduler class
 * the file was written for does not matter: training and both samplers read the same noise schedule from it. Left out on
 * purpose: `clip_sample` and `thresholding` (diffusers' own Stable Diffusion pipelines switch them off for latents) and the
 * Karras, exponential and beta spacings.
 */
import { Effect, Schema } from "effect"
import { PredictionType } from "../settings/prediction-type.ts"

const withDefault = <A, E>(schema: Schema.Codec<A, E>, value: E) =>
  schema.pipe(Schema.withDecodingDefaultKey(Effect.succeed(value)))

export const TimestepSpacing = Schema.Literals(["leading", "trailing", "linspace"])
/** How a sampler spreads its steps over the timesteps (Lin et al. 2023, table 2). */
export type TimestepSpacing = typeof TimestepSpacing.Type

export const SchedulerConfig = Schema.Struct({
  num_train_timesteps: withDefault(Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 100_000 })), 1000),
  beta_start: withDefault(Schema.Finite, 0.0001),
  beta_end: withDefault(Schema.Finite, 0.02),
  beta_schedule: withDefault(Schema.Literals(["linear", "scaled_linear", "squaredcos_cap_v2"]), "linear"),
  /** Betas given one by one; they replace the three fields before. */
  trained_betas: withDefault(Schema.NullOr(Schema.Array(Schema.Finite)), null),
  prediction_type: withDefault(PredictionType, "epsilon"),
  rescale_betas_zero_snr: withDefault(Schema.Boolean, false),
  /** DDIM: ᾱ after the last step is 1 instead of ᾱ₀. */
  set_alpha_to_one: withDefault(Schema.Boolean, true),
  steps_offset: withDefault(Schema.Int, 0),
  /** Absent: each sampler's own default, leading for DDIM and linspace for DPM++ 2M. */
  timestep_spacing: Schema.optionalKey(TimestepSpacing),
  /** DPM++ 2M: the noise level after the last step. */
  final_sigmas_type: withDefault(Schema.Literals(["zero", "sigma_min"]), "zero"),
  /** DPM++ 2M: the last step is of first order when there are fewer than 15. */
  lower_order_final: withDefault(Schema.Boolean, true),
})
export type SchedulerConfig = typeof SchedulerConfig.Type
