/**
 * Whether a part's weights are those that its config.json describes, before a graph of them is needed.
 *
 * The part is built as small as it can be: building asks for each weight by name and shape, and reads none.
 */
import { Effect } from "effect"
import { input } from "../../graph/build.ts"
import { clipText } from "../../models/clip-text.ts"
import type { ClipTextConfig } from "../../models/clip-text-config.ts"
import type { ModelScope } from "../../models/lora-branch.ts"
import { weightsFrom } from "../../models/model-weights.ts"
import { unet } from "../../models/unet.ts"
import { conditionShape, timeIdFeatureWidth, type UnetConfig } from "../../models/unet-config.ts"
import { vaeDecode, vaeEncode } from "../../models/vae.ts"
import { type VaeConfig, vaeFactor } from "../../models/vae-config.ts"
import type { EngineFailure } from "../jobs/engine-failure.ts"
import { graphFailure } from "../session/graph-failure.ts"
import type { Component } from "./base-model.ts"

/** Weights of the file that the network has no place for. */
export type UnusedWeights = readonly string[]

/** In many a file, and in no network here: a buffer of older versions, and the parts of CLIP that pictures need. */
const idle = /(position_ids|text_projection\.weight|logit_scale)$/

const checker =
  <Config>(kind: string, build: (scope: ModelScope, config: Config) => unknown) =>
  ({ config, weights }: Component<Config>): Effect.Effect<UnusedWeights, EngineFailure> =>
    Effect.try({
      try: () => {
        const asked = new Set<string>()
        const { header } = weights
        const shape = (key: string) => {
          asked.add(key)
          return header.shape(key)
        }
        build({ weights: weightsFrom({ ...header, shape }), adapters: new Map() }, config)
        return weights.keys.filter((key) => !asked.has(key) && !idle.test(key))
      },
      catch: (thrown) => graphFailure({ kind, weights }, thrown),
    })

export const checkUnetWeights = checker<UnetConfig>("the UNet", (scope, config) => {
  const side = 2 ** (config.block_out_channels.length - 1)
  const { states, pooled } = conditionShape(config, 1)
  const text = { states: input("states", [1, ...states]), pooled: pooled && input("pooled", [1, ...pooled]) }
  const timeIdFeatures = input("time_id_features", [1, timeIdFeatureWidth(config)])
  return unet(scope, config, {
    sample: input("sample", [1, config.in_channels, side, side]),
    timeFeatures: input("time_features", [1, config.block_out_channels[0]!]),
    text,
    ...(pooled && { timeIdFeatures }),
  })
})

export const checkVaeWeights = checker<VaeConfig>("the VAE", (scope, config) => {
  const side = vaeFactor(config)
  vaeEncode(scope, config, input("image", [1, config.in_channels, side, side]))
  vaeDecode(scope, config, input("latents", [1, config.latent_channels, 1, 1]))
})

/** `isPooled`: whether the family takes a pooled vector from this one. */
export const checkTextWeights = (encoder: Component<ClipTextConfig>, isPooled: boolean) =>
  checker<ClipTextConfig>("the text encoder", (scope, config) =>
    clipText(scope, config, {
      tokenIds: input("token_ids", [1, config.max_position_embeddings], "int64"),
      skip: 1,
      ...(isPooled && { pooledRows: input("pooled_rows", [1], "int64") }),
    }),
  )(encoder)
