/**
 * What a folder in diffusers layout offers: which files matter, what they describe, and everything that is wrong with it.
 *
 * Only configurations and the headers of weight files are read, so looking costs milliseconds whatever the model's size.
 */
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { readSchedulerConfig, readTextConfig, readUnetConfig, readVaeConfig } from "../../engine/base/base-config.ts"
import { readBaseJson } from "../../engine/base/base-file.ts"
import { readShardIndex, weightEndings } from "../../engine/base/component-weights.ts"
import type { EngineFailure } from "../../engine/jobs/engine-failure.ts"
import type { BaseModelFiles } from "../../engine/jobs/train-job.ts"
import { readSafetensorsHeader } from "../../formats/safetensors.ts"
import type { UnetConfig } from "../../models/unet-config.ts"
import { type VaeConfig, vaeFactor } from "../../models/vae-config.ts"
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
  /** A file that does where one of the needed is missing. */
  readonly instead?: string
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
    instead: "tokenizer.json",
    takes: ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"],
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

const hintFor = ({ hint }: Component): string => hint ?? layoutHint

/** Names in a folder; undefined when there is no such folder. */
export const namesIn = (folder: string): Effect.Effect<readonly string[] | undefined> =>
  Effect.promise(() => readdir(folder).catch(() => undefined))

export const error = (field: string, why: string, hint: string): Problem => ({ field, why, hint, severity: "error" })

/** A failure of the engine to open a file, as a problem of that file. */
export const problemOf = ({ what, why, hint }: EngineFailure): Problem => error(what, why, hint)

export interface Found {
  /** Path inside the folder, such as "unet/config.json", and where it lies. */
  readonly files: readonly (readonly [name: string, path: string])[]
  readonly problems: readonly Problem[]
}

/** The files a component's weights lie in: one, or an index and its shards. Empty when there are none. */
const findWeights = Effect.fnUntraced(function* (folder: string, stem: string, names: readonly string[]) {
  const name = weightEndings.map((ending) => stem + ending).find((one) => names.includes(one))
  if (name === undefined) return []
  if (!name.endsWith(".json")) return [name]
  // An index that cannot be read is told with the part it belongs to.
  const index = yield* Effect.orElseSucceed(readShardIndex({ [name]: join(folder, name) }, name), () => new Map())
  return [name, ...new Set<string>(index.values())]
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
  const { needs, instead, takes = [] } = component
  const isReplaced = instead !== undefined && names.includes(instead) && needs.some((name) => !names.includes(name))
  const needed = [...(isReplaced ? [instead] : needs), ...weights]
  const problems = needed
    .filter((name) => !names.includes(name))
    .map((name) => error(join(folder, name), "the file is missing", hintFor(component)))
  const present = [...needed, ...takes].filter((name) => names.includes(name))
  return {
    files: present.map((name) => [`${component.folder}/${name}`, join(folder, name)]),
    problems:
      stem !== undefined && weights.length === 0
        ? [...problems, noWeights(folder, stem, names, hintFor(component))]
        : problems,
  } as Found
})

const indexName = "model_index.json"

/** The folder's own table of contents decides nothing here, but where it is damaged, more may be. */
export const indexProblems = Effect.fnUntraced(function* (root: string) {
  if (!(yield* namesIn(root))?.includes(indexName)) return []
  const read = readBaseJson(
    { [indexName]: join(root, indexName) },
    indexName,
    Schema.Record(Schema.String, Schema.Unknown),
  )
  return yield* Effect.match(read, {
    onSuccess: (): readonly Problem[] => [],
    onFailure: (failure): readonly Problem[] => [problemOf(failure)],
  })
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

interface Read<Config> {
  readonly config: Config | undefined
  readonly problems: readonly Problem[]
}

type ReadConfig<Config> = (files: BaseModelFiles) => Effect.Effect<Config, EngineFailure>

/** What a configuration says. One that is not there has been reported already. */
const readConfig = Effect.fnUntraced(function* <Config>(root: string, path: string, read: ReadConfig<Config>) {
  const [folder = "", name = ""] = path.split("/")
  const isThere = (yield* namesIn(join(root, folder)))?.includes(name) ?? false
  if (!isThere) return { config: undefined, problems: [] } as Read<Config>
  return yield* read({ [path]: join(root, path) }).pipe(
    Effect.match({
      onSuccess: (config): Read<Config> => ({ config, problems: [] }),
      onFailure: (failure): Read<Config> => ({ config: undefined, problems: [problemOf(failure)] }),
    }),
  )
})

const familyFor = (config: UnetConfig | undefined): FamilyName =>
  config === undefined ? presumedFamily : familyOf(config)

/** Each level of the UNet but the last halves the latents. */
const sizeMultipleOf = (unetConfig: UnetConfig | undefined, vaeConfig: VaeConfig | undefined): number =>
  (vaeConfig === undefined ? 8 : vaeFactor(vaeConfig)) * 2 ** ((unetConfig?.block_out_channels.length ?? 4) - 1)

/** The configurations of the text encoders that can be read; what is wrong with the others is told with their problems. */
const readTextConfigs = (root: string, family: FamilyName) =>
  Effect.forEach(
    textComponents(family).filter(({ weights }) => weights !== undefined),
    ({ folder }) => readConfig(root, `${folder}/config.json`, (files) => readTextConfig(files, folder)),
  )

/** What the configurations in a folder say about the model. */
export const describeFolder = Effect.fnUntraced(function* (root: string) {
  const forUnet = yield* readConfig(root, "unet/config.json", readUnetConfig)
  const forVae = yield* readConfig(root, "vae/config.json", readVaeConfig)
  const family = familyFor(forUnet.config)
  const forTexts = yield* readTextConfigs(root, family)
  const texts = forTexts.flatMap(({ config }) => config ?? [])
  const unetFile = join(root, "unet/config.json")
  const isWhole = forUnet.config !== undefined && texts.length === forTexts.length
  const mismatch =
    latentProblem(forUnet.config, forVae.config) ?? (isWhole ? conditionProblem(forUnet.config, texts) : undefined)
  const forScheduler = yield* readConfig(root, "scheduler/scheduler_config.json", readSchedulerConfig)
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
  Effect.map(readConfig(root, "unet/config.json", readUnetConfig), ({ config }) => familyFor(config))

/** Layers of the text encoder, of several the fewest; undefined when a configuration cannot be read, which is told elsewhere. */
export const textLayers = Effect.fnUntraced(function* (root: string, family: FamilyName) {
  const layers = (yield* readTextConfigs(root, family)).map(({ config }) => config?.num_hidden_layers)
  return layers.includes(undefined) ? undefined : Math.min(...(layers as number[]))
})
