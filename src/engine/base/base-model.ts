/**
 * Opens the parts of a base model, a folder in diffusers layout: each part's config and weights.
 *
 * A part is opened alone, so that encoding a caption needs no UNet. Whatever is missing, broken, or describes a network
 * that cannot be built becomes a failure that names the file and says what to do.
 */
import { Effect } from "effect"
import type { ClipTextConfig } from "../../models/clip-text-config.ts"
import type { UnetConfig } from "../../models/unet-config.ts"
import type { VaeConfig } from "../../models/vae-config.ts"
import type { TextFolder } from "../../settings/family.ts"
import type { EngineFailure } from "../jobs/engine-failure.ts"
import type { BaseModelFiles } from "../jobs/train-job.ts"
import { readTextConfig, readUnetConfig, readVaeConfig } from "./base-config.ts"
import { type ComponentWeights, openWeights } from "./component-weights.ts"

export interface Component<Config> {
  readonly config: Config
  readonly weights: ComponentWeights
}

type ReadConfig<Config> = (files: BaseModelFiles) => Effect.Effect<Config, EngineFailure>

const opener =
  <Config>(folder: string, stem: string, read: ReadConfig<Config>) =>
  (files: BaseModelFiles): Effect.Effect<Component<Config>, EngineFailure> =>
    Effect.gen(function* () {
      const config = yield* read(files)
      const weights = yield* openWeights(files, folder, stem)
      // Two models may share weights and differ in a configuration, which shapes the graph as much.
      return { config, weights: { ...weights, signature: JSON.stringify([config, weights.signature]) } }
    })

export const openUnet = opener<UnetConfig>("unet", "diffusion_pytorch_model", readUnetConfig)
export const openVae = opener<VaeConfig>("vae", "diffusion_pytorch_model", readVaeConfig)

export const openTextEncoder = (
  files: BaseModelFiles,
  folder: TextFolder = "text_encoder",
): Effect.Effect<Component<ClipTextConfig>, EngineFailure> =>
  opener<ClipTextConfig>(folder, "model", (all) => readTextConfig(all, folder))(files)
