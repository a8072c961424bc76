/**
 * The configurations of a base model's parts, from the files of its folder.
 *
 * The one idea: what no weight contradicts has to be stated. A file that has lost the fields that make the network, an empty
 * object above all, would be filled with diffusers' defaults and describe another model than the one beside it.
 */
import { Effect, Schema } from "effect"
import { SchedulerConfig } from "../../diffusion/scheduler-config.ts"
import { type ClipTextConfig, decodeClipTextConfig } from "../../models/clip-text-config.ts"
import { decodeUnetConfig, type UnetConfig } from "../../models/unet-config.ts"
import {
  type Complaint,
  complaintOf,
  isRecord,
  saidValue,
  type UnsupportedConfig,
} from "../../models/unsupported-config.ts"
import { decodeVaeConfig, type VaeConfig } from "../../models/vae-config.ts"
import { type EngineFailure, inputFailure } from "../jobs/engine-failure.ts"
import type { BaseModelFiles } from "../jobs/train-job.ts"
import { readBaseJson } from "./base-file.ts"

const ownFile = "Use the file that belongs to the model, or download it again"

/** Fields that every published file has; of several in a list one is enough. */
type Stated = readonly (string | readonly string[])[]

const unetStates: Stated = [
  "block_out_channels",
  "down_block_types",
  "up_block_types",
  "cross_attention_dim",
  ["attention_head_dim", "num_attention_heads"],
]
const vaeStates: Stated = ["block_out_channels", "down_block_types", "up_block_types"]
const textStates: Stated = ["hidden_size", "num_hidden_layers", "num_attention_heads"]
const betaStates: Stated = ["beta_start", "beta_end", "beta_schedule"]

const unstated = (json: unknown, stated: Stated): string | undefined => {
  const fields: Readonly<Record<string, unknown>> = isRecord(json) ? json : {}
  const missing = stated
    .map((names) => [names].flat())
    .find((names) => !names.some((name) => Object.hasOwn(fields, name)))
  return missing?.join(" or ")
}

const checkStated = (file: string, json: unknown, stated: Stated): Effect.Effect<void, EngineFailure> => {
  const missing = unstated(json, stated)
  if (missing === undefined) return Effect.void
  return inputFailure(file, `it does not say ${missing}, without which it describes no model`, ownFile)
}

type Decode<Config> = (json: unknown) => Effect.Effect<Config, UnsupportedConfig>

const reader =
  <Config>(folder: string, stated: Stated, decode: Decode<Config>) =>
  (files: BaseModelFiles): Effect.Effect<Config, EngineFailure> =>
    Effect.gen(function* () {
      const path = `${folder}/config.json`
      const json = yield* readBaseJson(files, path, Schema.Unknown)
      const config = yield* Effect.mapError(decode(json), ({ field, value, supported, hint }) =>
        inputFailure(files[path]!, `${field} = ${value} is not supported, only ${supported}`, hint),
      )
      yield* checkStated(files[path]!, json, stated)
      return config
    })

export const readUnetConfig = reader<UnetConfig>("unet", unetStates, decodeUnetConfig)
export const readVaeConfig = reader<VaeConfig>("vae", vaeStates, decodeVaeConfig)
/** `folder`: of the text encoder. */
export const readTextConfig = (files: BaseModelFiles, folder: string): Effect.Effect<ClipTextConfig, EngineFailure> =>
  reader<ClipTextConfig>(folder, textStates, decodeClipTextConfig)(files)

const schedulerPath = "scheduler/scheduler_config.json"

const isBeta = (value: number): boolean => value > 0 && value < 1

/** Betas are variances: outside 0 … 1 the noise would be no number. */
const betaComplaint = (config: SchedulerConfig): Complaint | undefined => {
  const { trained_betas: betas, num_train_timesteps: steps } = config
  const supported = "a number between 0 and 1"
  if (betas === null) {
    const field = (["beta_start", "beta_end"] as const).find((name) => !isBeta(config[name]))
    return field && { field, value: config[field], supported }
  }
  const wrong = betas.findIndex((value) => !isBeta(value))
  if (wrong >= 0) return { field: `trained_betas[${wrong}]`, value: betas[wrong], supported }
  if (betas.length === steps) return undefined
  return { field: "num_train_timesteps", value: steps, supported: `${betas.length}, the number of trained_betas` }
}

/** Models whose noise has no schedule of betas say so in nothing but the name of their scheduler. */
const foreignSchedule = ({ _class_name: name }: Readonly<Record<string, unknown>>): Complaint | undefined =>
  typeof name === "string" && /^(EDM|FlowMatch)/.test(name)
    ? { field: "_class_name", value: name, supported: "a schedule of betas, as Stable Diffusion has it" }
    : undefined

/** What the folder says of the noise. */
export const readSchedulerConfig = Effect.fn("readSchedulerConfig")(function* (
  files: BaseModelFiles,
): Effect.fn.Return<SchedulerConfig, EngineFailure> {
  const refuse = ({ field, value, supported }: Complaint, hint = ownFile) =>
    inputFailure(files[schedulerPath]!, `${field} = ${saidValue(value)} is not supported, only ${supported}`, hint)
  const json = yield* readBaseJson(files, schedulerPath, Schema.Record(Schema.String, Schema.Unknown))
  const foreign = foreignSchedule(json)
  if (foreign !== undefined) return yield* refuse(foreign, "Use a model of another kind")
  const config = yield* Schema.decodeUnknownEffect(SchedulerConfig)(json).pipe(
    Effect.mapError((error) => refuse(complaintOf(json, error))),
  )
  if (config.trained_betas === null) yield* checkStated(files[schedulerPath]!, json, betaStates)
  const wrong = betaComplaint(config)
  return wrong === undefined ? config : yield* refuse(wrong)
})
