/**
 * Tiny base model folders with random weights, made without Python: whatever keys the graph builders ask for, each
 * drawn from its own stream. Networks deep enough to have a path of every kind, small enough to train in a second.
 */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { randomStream } from "../../src/diffusion/random-stream.ts"
import type { BaseModelFiles } from "../../src/engine/jobs/train-job.ts"
import { encodeSafetensors, type TensorToStore } from "../../src/formats/write-safetensors.ts"
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
/** As SDXL: no attention on the first level, deeper on the second, told of sizes and of a pooled vector of 12 numbers. */
const sdxlUnetConfig = {
  ...unetConfig,
  down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D"],
  up_block_types: ["CrossAttnUpBlock2D", "UpBlock2D"],
  cross_attention_dim: 16 + 24,
  attention_head_dim: [1, 2],
  transformer_layers_per_block: [1, 2],
  use_linear_projection: true,
  addition_embed_type: "text_time",
  addition_time_embed_dim: 8,
  projection_class_embeddings_input_dim: 12 + 6 * 8,
}
const secondTextConfig = {
  ...textConfig,
  architectures: ["CLIPTextModelWithProjection"],
  hidden_size: 24,
  num_hidden_layers: 3,
  num_attention_heads: 3,
  hidden_act: "gelu",
  projection_dim: 12,
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
const randomTensor = (key: string, shape: Shape): TensorToStore => {
  const count = shape.reduce((product, side) => product * side, 1)
  if (shape.length === 1)
    return { dtype: "F32", shape, data: new Float32Array(count).fill(key.endsWith("bias") ? 0 : 1) }
  const { normal } = randomStream({ seed: 1, purpose: "noise", step: 0, sample: key })
  const deviation = 1 / Math.sqrt(count / shape[0]!)
  return { dtype: "F32", shape, data: Float32Array.from({ length: count }, () => deviation * normal()) }
}

/** The bytes of a weights file that holds exactly what `build` asks for, in the shapes that a checkpoint stores. */
const weightsAskedBy = (
  build: (scope: ModelScope) => unknown,
  storedShape: (key: string, asked: Shape) => Shape = (_, asked) => asked,
): Uint8Array => {
  const asked = new Map<string, TensorToStore>()
  const get = (key: string, shape: Shape) => {
    asked.set(key, asked.get(key) ?? randomTensor(key, storedShape(key, shape)))
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

/** A builder asks for a 1×1 convolution as the matrix it is; a checkpoint stores four axes. */
const asConvolution = (key: string, asked: Shape): Shape =>
  /\.proj_(in|out)\.weight$/.test(key) ? [...asked.slice(0, 2), 1, 1] : asked

const unetWeights = (json: { readonly cross_attention_dim: number }) => {
  const config = Effect.runSync(decodeUnetConfig(json))
  const feeds = {
    sample: input("sample", [1, 4, 8, 8]),
    timeFeatures: input("t", [1, 8]),
    text: { states: input("c", [1, 77, json.cross_attention_dim]), pooled: input("p", [1, 12]) },
    timeIdFeatures: input("s", [1, 6 * 8]),
  }
  return weightsAskedBy((scope) => unet(scope, config, feeds), config.use_linear_projection ? undefined : asConvolution)
}
const vaeWeights = () => {
  const config = Effect.runSync(decodeVaeConfig(vaeConfig))
  return weightsAskedBy((scope) => [
    vaeEncode(scope, config, input("x", [1, 3, 16, 16])),
    vaeDecode(scope, config, input("z", [1, 4, 8, 8])),
  ])
}
const textWeights = (json: typeof textConfig, isPooled = false) => {
  const config = Effect.runSync(decodeClipTextConfig(json))
  const ends = isPooled ? { pooledRows: input("e", [1], "int64") } : {}
  const tokenIds = input("i", [1, 77], "int64")
  return weightsAskedBy((scope) => clipText(scope, config, { tokenIds, skip: 1, ...ends }))
}

type Contents = Readonly<Record<string, string | Uint8Array>>

const tokenizerFiles = (folder: string, config: Readonly<Record<string, unknown>> = {}): Contents => {
  const read = (name: string) => readFileSync(join(tokenizerFolder, name))
  return {
    [`${folder}/vocab.json`]: read("vocab.json"),
    [`${folder}/merges.txt`]: read("merges.txt"),
    [`${folder}/tokenizer_config.json`]: JSON.stringify({
      ...JSON.parse(read("tokenizer_config.json").toString()),
      ...config,
    }),
  }
}

const write = (root: string, contents: Contents): BaseModelFiles => {
  const files: Record<string, string> = {}
  for (const [path, content] of Object.entries(contents)) {
    const file = join(root, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
    files[path] = file
  }
  return files
}

const newFolder = () => mkdtempSync(join(tmpdir(), "loom-base-"))

const commonContents = (): Contents => ({
  "vae/config.json": JSON.stringify(vaeConfig),
  "vae/diffusion_pytorch_model.safetensors": vaeWeights(),
  "text_encoder/config.json": JSON.stringify(textConfig),
  "text_encoder/model.safetensors": textWeights(textConfig),
  "scheduler/scheduler_config.json": JSON.stringify(schedulerConfig),
  ...tokenizerFiles("tokenizer"),
})

/** Writes a model of SD1's shape and lists its files. */
export const makeTinyBase = (root = newFolder()): BaseModelFiles =>
  write(root, {
    ...commonContents(),
    "unet/config.json": JSON.stringify(unetConfig),
    "unet/diffusion_pytorch_model.safetensors": unetWeights(unetConfig),
  })

/** Writes a model of SD2's shape, which predicts v, and lists its files. */
export const makeTinySd2 = (root = newFolder()): BaseModelFiles => {
  const linear = { ...unetConfig, use_linear_projection: true, attention_head_dim: [2, 4] }
  return write(root, {
    ...commonContents(),
    "unet/config.json": JSON.stringify(linear),
    "unet/diffusion_pytorch_model.safetensors": unetWeights(linear),
    "scheduler/scheduler_config.json": JSON.stringify({ ...schedulerConfig, prediction_type: "v_prediction" }),
    ...tokenizerFiles("tokenizer", { pad_token: "!" }),
  })
}

/** Writes a model of SDXL's shape and lists its files. */
export const makeTinySdxl = (root = newFolder()): BaseModelFiles =>
  write(root, {
    ...commonContents(),
    "unet/config.json": JSON.stringify(sdxlUnetConfig),
    "unet/diffusion_pytorch_model.safetensors": unetWeights(sdxlUnetConfig),
    "text_encoder_2/config.json": JSON.stringify(secondTextConfig),
    "text_encoder_2/model.safetensors": textWeights(secondTextConfig, true),
    ...tokenizerFiles("tokenizer_2", { pad_token: "!" }),
  })
