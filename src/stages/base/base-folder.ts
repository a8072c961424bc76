/**
 * What a folder in diffusers layout offers: which files matter, what they describe, and everything that is wrong with it.
 *
 * Only configurations and the headers of weight files are read, so looking costs milliseconds whatever the model's size.
 */
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Result, Schema } from "effect"
import { SchedulerConfig } from "../../diffusion/scheduler-config.ts"
import { readSafetensorsHeader } from "../../formats/safetensors.ts"
import { decodeClipTextConfig } from "../../models/clip-text-config.ts"
import { decodeUnetConfig, type UnetConfig } from "../../models/unet-config.ts"
import type { UnsupportedConfig } from "../../models/unsupported-config.ts"
import { decodeVaeConfig, type VaeConfig, vaeFactor } from "../../models/vae-config.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"
import {
  type FamilyName,
  type FamilyTextEncoder,
  familyOf,
  familyRecord,
  presumedFamily,
} from "../../settings/family.ts"
import type { PredictionType } from "../../settings/prediction-type.ts"
import { conditionProblem, latentProblem } from "./condition-problem.ts"

export interface Component {
  readonly folder: string
  readonly noun: string
  /** Name of the weight file without its ending. */
  readonly weights?: string
  readonly needs: readonly string[]
  readonly takes?: readonly string[]
  /** What to do when it is missing, where that is not said of every folder. */
  readonly hint?: string
}

const layoutHint = "A diffusers folder has unet/, vae/, text_encoder/, tokenizer/ and scheduler/ side by side"

const needs = ["config.json"]
const unet: Component = { folder: "unet", noun: "UNet", weights: "diffusion_pytorch_model", needs }
export const vae: Component = { folder: "vae", noun: "VAE", weights: "diffusion_pytorch_model", needs }
const scheduler: Component = { folder: "scheduler", noun: "scheduler", needs: ["scheduler_config.json"] }

/** A text encoder and the tokenizer that belongs to it. */
const textPair = ({ folder, tokenizerFolder, nth }: FamilyTextEncoder, hint: string): readonly Component[] => [
  { folder, noun: `${nth}text encoder`, weights: "model", needs, hint },
  {
    folder: tokenizerFolder,
    noun: `${nth}tokenizer`,
    needs: ["vocab.json", "merges.txt"],
    takes: ["tokenizer_config.json", "special_tokens_map.json"],
    hint,
  },
]

/** What captions go through. */
export const textComponents = (family: FamilyName): readonly Component[] => {
  const { title, textEncoders } = familyRecord(family)
  const count = ["no", "one", "two"][textEncoders.length] ?? textEncoders.length
  return textEncoders.flatMap((one, place) => {
    const hint = `${title} has ${count} text encoders: ${one.folder}/ and ${one.tokenizerFolder}/ belong beside the first ones`
    return textPair(one, place === 0 ? layoutHint : hint)
  })
}

export const componentsOf = (family: FamilyName): readonly Component[] => [
  unet,
  vae,
  ...textComponents(family),
  scheduler,
]

/** Full precision first, and one file before shards; the engine looks in the same order. */
const weightEndings = [".safetensors", ".safetensors.index.json", ".fp16.safetensors", ".fp16.safetensors.index.json"]

const hintFor = ({ hint }: Component): string => hint ?? layoutHint
const againHint = "Download the file again"

/** Names in a folder; undefined when there is no such folder. */
export const namesIn = (folder: string): Effect.Effect<readonly string[] | undefined> =>
  Effect.promise(() => readdir(folder).catch(() => undefined))

const error = (field: string, why: string, hint: string): Problem => ({ field, why, hint, severity: "error" })

export interface Found {
  /** Path inside the folder, such as "unet/config.json", and where it lies. */
  readonly files: readonly (readonly [name: string, path: string])[]
  readonly problems: readonly Problem[]
}

const ShardIndex = Schema.fromJsonString(Schema.Struct({ weight_map: Schema.Record(Schema.String, Schema.String) }))

const readText = (path: string): Effect.Effect<string> => Effect.promise(() => readFile(path, "utf8").catch(() => ""))

/** The files a component's weights lie in: one, or an index and its shards. Empty when there are none. */
const findWeights = Effect.fnUntraced(function* (folder: string, stem: string, names: readonly string[]) {
  const name = weightEndings.map((ending) => stem + ending).find((one) => names.includes(one))
  if (name === undefined) return []
  if (!name.endsWith(".json")) return [name]
  const index = Schema.decodeUnknownResult(ShardIndex)(yield* readText(join(folder, name)))
  return [name, ...new Set(Object.values(Result.getOrElse(index, () => ({ weight_map: {} })).weight_map))]
})

const noWeights = (folder: string, stem: string, names: readonly string[], layout: string): Problem => {
  const other = names.find((name) => /\.(bin|ckpt|pt|msgpack)$/.test(name))
  const hint = other === undefined ? layout : `${other} is there; save the model as safetensors`
  return error(join(folder, `${stem}.safetensors`), "the file is missing", hint)
}

/** What a component's folder offers, by name. */
export const findComponent = Effect.fnUntraced(function* (root: string, component: Component) {
  const folder = join(root, component.folder)
  const names = yield* namesIn(folder)
  if (names === undefined) {
    const missing = error(folder, `the base model has no ${component.noun}`, hintFor(component))
    return { files: [], problems: [missing] } as Found
  }
  const stem = component.weights
  const weights = stem === undefined ? [] : yield* findWeights(folder, stem, names)
  const problems = [...component.needs, ...weights]
    .filter((name) => !names.includes(name))
    .map((name) => error(join(folder, name), "the file is missing", hintFor(component)))
  const present = [...component.needs, ...(component.takes ?? []), ...weights].filter((name) => names.includes(name))
  return {
    files: present.map((name) => [`${component.folder}/${name}`, join(folder, name)]),
    problems:
      stem !== undefined && weights.length === 0
        ? [...problems, noWeights(folder, stem, names, hintFor(component))]
        : problems,
  } as Found
})

/** What is wrong with the headers of weight files. */
export const headerProblems = (files: Found["files"]): Effect.Effect<readonly Problem[]> =>
  Effect.forEach(
    files.filter(([name]) => name.endsWith(".safetensors")),
    ([, path]) =>
      readSafetensorsHeader(path).pipe(
        Effect.match({
          onSuccess: () => [],
          onFailure: ({ reason, hint }) => [error(path, `the file ${reason}`, hint)],
        }),
      ),
  ).pipe(Effect.map((problems) => problems.flat()))

/** A field that cannot be built, its value, and what it may be. */
type Refusal = Pick<UnsupportedConfig, "field" | "value" | "supported" | "hint">

interface Read<Config> {
  readonly config: Config | undefined
  readonly problems: readonly Problem[]
}

/** A component's config.json; one that is not there has been reported already. */
const readConfig = Effect.fnUntraced(function* <Config>(
  path: string,
  decode: (json: unknown) => Effect.Effect<Config, Refusal>,
) {
  const text = yield* readText(path)
  if (text === "") return { config: undefined, problems: [] } as Read<Config>
  const json = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Unknown))(text)
  if (Result.isFailure(json)) {
    return { config: undefined, problems: [error(path, "the file is not JSON", againHint)] } as Read<Config>
  }
  return yield* decode(json.success).pipe(
    Effect.match({
      onSuccess: (config): Read<Config> => ({ config, problems: [] }),
      onFailure: ({ field, value, supported, hint }): Read<Config> => ({
        config: undefined,
        problems: [error(path, `${field} = ${value} is not supported, only ${supported}`, hint)],
      }),
    }),
  )
})

const familyFor = (config: UnetConfig | undefined): FamilyName =>
  config === undefined ? presumedFamily : familyOf(config)

/** Each level of the UNet but the last halves the latents. */
const sizeMultipleOf = (unetConfig: UnetConfig | undefined, vaeConfig: VaeConfig | undefined): number =>
  (vaeConfig === undefined ? 8 : vaeFactor(vaeConfig)) * 2 ** ((unetConfig?.block_out_channels.length ?? 4) - 1)

/** Models whose noise has no schedule of betas say so in nothing but the name of their scheduler. */
const foreignSchedule = (json: unknown): Refusal | undefined => {
  const name = (json as { readonly _class_name?: unknown } | null)?._class_name
  if (typeof name !== "string" || !/^(EDM|FlowMatch)/.test(name)) return undefined
  const supported = "a schedule of betas, as Stable Diffusion has it"
  return { field: "_class_name", value: JSON.stringify(name), supported, hint: "Use a model of another kind" }
}

const decodeScheduler = (json: unknown): Effect.Effect<SchedulerConfig, Refusal> => {
  const foreign = foreignSchedule(json)
  if (foreign !== undefined) return Effect.fail(foreign)
  return Schema.decodeUnknownEffect(SchedulerConfig)(json).pipe(
    Effect.mapError(({ message }) => ({
      field: "the noise schedule",
      value: message.split("\n").join(" ").trim(),
      supported: "what Stable Diffusion models use",
      hint: "Use the scheduler_config.json that belongs to the model",
    })),
  )
}

/** The configurations of the text encoders that can be read; what is wrong with the others is told with their problems. */
const readTextConfigs = (root: string, family: FamilyName) =>
  Effect.forEach(
    textComponents(family).filter(({ weights }) => weights !== undefined),
    ({ folder }) => readConfig(join(root, folder, "config.json"), decodeClipTextConfig),
  )

/** What the configurations in a folder say about the model. */
export const describeFolder = Effect.fnUntraced(function* (root: string) {
  const forUnet = yield* readConfig(join(root, "unet/config.json"), decodeUnetConfig)
  const forVae = yield* readConfig(join(root, "vae/config.json"), decodeVaeConfig)
  const family = familyFor(forUnet.config)
  const forTexts = yield* readTextConfigs(root, family)
  const texts = forTexts.flatMap(({ config }) => config ?? [])
  const unetFile = join(root, "unet/config.json")
  const isWhole = forUnet.config !== undefined && texts.length === forTexts.length
  const mismatch =
    latentProblem(forUnet.config, forVae.config) ?? (isWhole ? conditionProblem(forUnet.config, texts) : undefined)
  const forScheduler = yield* readConfig(join(root, "scheduler/scheduler_config.json"), decodeScheduler)
  return {
    family,
    predictionType: forScheduler.config?.prediction_type ?? ("epsilon" satisfies PredictionType),
    trainTimesteps: forScheduler.config?.num_train_timesteps ?? 1000,
    sizeMultiple: sizeMultipleOf(forUnet.config, forVae.config),
    isSizeKnown: forUnet.config !== undefined && forVae.config !== undefined,
    problems: [
      ...forUnet.problems,
      ...forVae.problems,
      ...forTexts.flatMap(({ problems }) => problems),
      ...forScheduler.problems,
      ...(mismatch === undefined ? [] : [error(unetFile, mismatch.why, mismatch.hint)]),
    ],
  }
})

/** Kind of a model, by its UNet. */
export const familyIn = (root: string): Effect.Effect<FamilyName> =>
  Effect.map(readConfig(join(root, "unet/config.json"), decodeUnetConfig), ({ config }) => familyFor(config))

/** Layers of the text encoder, of several the fewest; undefined when a configuration cannot be read, which is told elsewhere. */
export const textLayers = Effect.fnUntraced(function* (root: string, family: FamilyName) {
  const layers = (yield* readTextConfigs(root, family)).map(({ config }) => config?.num_hidden_layers)
  return layers.includes(undefined) ? undefined : Math.min(...(layers as number[]))
})
