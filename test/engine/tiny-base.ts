/**
 * A tiny base model folder with random weights, made without Python: whatever keys the graph builders ask for, each
 * drawn from its own stream. Two networks deep enough to have a path of every kind, small enough to train in a second.
 */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { randomStream } from "../../src/engine/random-stream.ts"
import type { BaseModelFiles } from "../../src/engine/train-job.ts"
import { encodeSafetensors, type TensorToStore } from "../../src/formats/safetensors.ts"
import { input, weight } from "../../src/graph/build.ts"
import type { Shape } from "../../src/graph/tensor.ts"
import { clipText } from "../../src/models/clip-text.ts"
import { decodeClipTextConfig } from "../../src/models/clip-text-config.ts"
import type { ModelScope } from "../../src/models/lora-branch.ts"
import { unet } from "../../src/models/unet.ts"
import { decodeUnetConfig } from "../../src/models/unet-config.ts"
import { vaeDecode, vaeEncode } from "../../src/models/vae.ts"
import { decodeVaeConfig } from "../../src/models/vae-config.ts"

const tokenizerFolder = fileURLToPath(new URL("../golden/engine/tokenizer/", import.meta.url))

const unetConfig = {
  block_out_channels: [8, 16],
  down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
  up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
  layers_per_block: 1,
  cross_attention_dim: 16,
  attention_head_dim: 2,
  norm_num_groups: 4,
}
const textConfig = {
  model_type: "clip_text_model",
  vocab_size: 800,
  hidden_size: 16,
  intermediate_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 2,
}
const vaeConfig = {
  block_out_channels: [8, 8],
  down_block_types: ["DownEncoderBlock2D", "DownEncoderBlock2D"],
  up_block_types: ["UpDecoderBlock2D", "UpDecoderBlock2D"],
  norm_num_groups: 4,
  scaling_factor: 0.5,
}
const schedulerConfig = {
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  beta_end: 0.012,
  steps_offset: 1,
  set_alpha_to_one: false,
}

/** Weights of unit gain, norms at the identity: activations keep their size through the network. */
const randomTensor = (key: string, asked: Shape): TensorToStore => {
  // A builder may ask for a 1×1 convolution as the matrix it is; a checkpoint stores four axes.
  const shape = /\.proj_(in|out)\.weight$/.test(key) ? [...asked.slice(0, 2), 1, 1] : asked
  const count = shape.reduce((product, side) => product * side, 1)
  if (shape.length === 1)
    return { dtype: "F32", shape, data: new Float32Array(count).fill(key.endsWith("bias") ? 0 : 1) }
  const { normal } = randomStream({ seed: 1, purpose: "noise", step: 0, sample: key })
  const deviation = 1 / Math.sqrt(count / shape[0]!)
  return { dtype: "F32", shape, data: Float32Array.from({ length: count }, () => deviation * normal()) }
}

/** The bytes of a weights file that holds exactly what `build` asks for. */
const weightsAskedBy = (build: (scope: ModelScope) => unknown): Uint8Array => {
  const asked = new Map<string, TensorToStore>()
  const get = (key: string, shape: Shape) => {
    asked.set(key, asked.get(key) ?? randomTensor(key, shape))
    return weight(key, shape)
  }
  const rows = (key: string, shape: Shape, start: number, end: number) => {
    get(key, shape)
    return weight(`${key}#${start}:${end}`, [end - start, ...shape.slice(1)])
  }
  // Names of before diffusers 0.13 are looked for first, and are not there.
  const has = (key: string) => !/\.(query|key|value|proj_attn)\.weight$/.test(key)
  build({ weights: { has, get, rows }, adapters: new Map() })
  return encodeSafetensors(asked)
}

const unetWeights = () => {
  const config = Effect.runSync(decodeUnetConfig(unetConfig))
  const sample = input("sample", [1, 4, 8, 8])
  const feeds = { sample, timeFeatures: input("t", [1, 8]), encoderHiddenStates: input("c", [1, 77, 16]) }
  return weightsAskedBy((scope) => unet(scope, config, feeds))
}
const vaeWeights = () => {
  const config = Effect.runSync(decodeVaeConfig(vaeConfig))
  return weightsAskedBy((scope) => [
    vaeEncode(scope, config, input("x", [1, 3, 16, 16])),
    vaeDecode(scope, config, input("z", [1, 4, 8, 8])),
  ])
}
const textWeights = () => {
  const config = Effect.runSync(decodeClipTextConfig(textConfig))
  return weightsAskedBy((scope) => clipText(scope, config, { tokenIds: input("i", [1, 77], "int64"), skip: 1 }))
}

/** Writes the folder and lists it. */
export const makeTinyBase = (root = mkdtempSync(join(tmpdir(), "loom-base-"))): BaseModelFiles => {
  const contents: Record<string, string | Uint8Array> = {
    "unet/config.json": JSON.stringify(unetConfig),
    "unet/diffusion_pytorch_model.safetensors": unetWeights(),
    "vae/config.json": JSON.stringify(vaeConfig),
    "vae/diffusion_pytorch_model.safetensors": vaeWeights(),
    "text_encoder/config.json": JSON.stringify(textConfig),
    "text_encoder/model.safetensors": textWeights(),
    "scheduler/scheduler_config.json": JSON.stringify(schedulerConfig),
    ...Object.fromEntries(
      ["vocab.json", "merges.txt", "tokenizer_config.json"].map((name) => [
        `tokenizer/${name}`,
        readFileSync(join(tokenizerFolder, name)),
      ]),
    ),
  }
  const files: Record<string, string> = {}
  for (const [path, content] of Object.entries(contents)) {
    const file = join(root, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
    files[path] = file
  }
  return files
}
