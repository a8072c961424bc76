/**
 * Opens the parts of a base model, a folder in diffusers layout: each part's config and weights.
 *
 * A part is opened alone, so that encoding a caption needs no UNet. Whatever is missing, broken, or describes a network
 * that cannot be built becomes a failure that names the file and says what to do.
 */
import { Effect, Schema } from "effect"
import { type ClipTextConfig, decodeClipTextConfig } from "../../models/clip-text-config.ts"
import { decodeUnetConfig, type UnetConfig } from "../../models/unet-config.ts"
import type { UnsupportedConfig } from "../../models/unsupported-config.ts"
import { decodeVaeConfig, type VaeConfig } from "../../models/vae-config.ts"
import type { TextFolder } from "../../settings/family.ts"
import { type EngineFailure, inputFailure } from "../jobs/engine-failure.ts"
import type { BaseModelFiles } from "../jobs/train-job.ts"
import { readBaseJson } from "./base-file.ts"
import { type ComponentWeights, openWeights } from "./component-weights.ts"

export interface Component<Config> {
  readonly config: Config
  readonly weights: ComponentWeights
}

type Decode<Config> = (json: unknown) => Effect.Effect<Config, UnsupportedConfig>

const openConfig = <Config>(files: BaseModelFiles, folder: string, decode: Decode<Config>) =>
  Effect.gen(function* () {
    const path = `${folder}/config.json`
    const json = yield* readBaseJson(files, path, Schema.Unknown)
    return yield* Effect.mapError(decode(json), ({ field, value, supported, hint }) =>
      inputFailure(files[path]!, `${field} = ${value} is not supported, only ${supported}`, hint),
    )
  })

const opener =
  <Config>(folder: string, stem: string, decode: Decode<Config>) =>
  (files: BaseModelFiles): Effect.Effect<Component<Config>, EngineFailure> =>
    Effect.gen(function* () {
      const config = yield* openConfig(files, folder, decode)
      const weights = yield* openWeights(files, folder, stem)
      // Two models may share weights and differ in a configuration, which shapes the graph as much.
      return { config, weights: { ...weights, signature: JSON.stringify([config, weights.signature]) } }
    })

export const openUnet = opener<UnetConfig>("unet", "diffusion_pytorch_model", decodeUnetConfig)
export const openVae = opener<VaeConfig>("vae", "diffusion_pytorch_model", decodeVaeConfig)

export const openTextEncoder = (
  files: BaseModelFiles,
  folder: TextFolder = "text_encoder",
): Effect.Effect<Component<ClipTextConfig>, EngineFailure> =>
  opener<ClipTextConfig>(folder, "model", decodeClipTextConfig)(files)

/** Training needs to know how latents are scaled, but not the VAE's weights. */
export const openVaeConfig = (files: BaseModelFiles): Effect.Effect<VaeConfig, EngineFailure> =>
  openConfig<VaeConfig>(files, "vae", decodeVaeConfig)
