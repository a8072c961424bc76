/**
 * `checkpoint(lora, { name })`: LoRA files as every program reads them, one per saved step.
 *
 * `name-000250.safetensors` after 250 steps, `name.safetensors` at the end; kohya's keys, and metadata from which the
 * run can be repeated; a custom embedding's files in a folder beside each. A file counts as saved only when it has been read back and holds the same numbers.
 */
import { Effect, Schema } from "effect"
import { timestepRange } from "../diffusion/timestep-range.ts"
import type { BadFile } from "../formats/bad-file.ts"
import { isWholeLoraFile, loraPieces, openLoraFile } from "../formats/lora-file.ts"
import { loraMetadata, type MetadataJson } from "../formats/lora-metadata.ts"
import { wholeOf } from "../formats/write-safetensors.ts"
import { composite } from "../runtime/define/composite.ts"
import { stage } from "../runtime/define/stage.ts"
import type { Blob } from "../runtime/model/blob.ts"
import { StageContext } from "../runtime/model/stage-context.ts"
import { type Problem, StageFailure } from "../runtime/model/stage-failure.ts"
import type { MakeIn } from "../runtime/model/wire.ts"
import { withDefault } from "../settings/field-defaults.ts"
import { lastStep } from "../settings/train-settings.ts"
import { baseNameOf } from "./base/base-name.ts"
import { loomVersion } from "./training/loom-version.ts"
import { nameProblems } from "./training/plain-name.ts"
import { sameLoraFiles } from "./training/same-files.ts"
import { saveEmbedding } from "./training/save-embedding.ts"
import { BaseModelFolder } from "./wires/base-files.ts"
import { Checkpoints, type LoraCheckpoints } from "./wires/checkpoints.ts"
import { Dataset } from "./wires/dataset.ts"
import { Trained, type TrainedAdapters } from "./wires/trained.ts"

/** A trial of a sweep, by the sweep's name and its number. */
const TrialRecord = Schema.Struct({ sweep: Schema.String, trial: Schema.Int })

const CheckpointSettings = Schema.Struct({
  name: Schema.String,
  /** Number format of the file: "fp32" (default) keeps every bit, "fp16" halves its size. */
  precision: withDefault(Schema.Literals(["fp32", "fp16"]), "fp32"),
  /** How many of the newest files are written to the output folder; null (default): all. */
  keepLast: withDefault(Schema.NullOr(Schema.Int), null),
  /** The trial of a sweep that it belongs to, for the metadata: a sweep says so itself. */
  trial: withDefault(Schema.NullOr(TrialRecord), null),
  /** Name of the base model, for the metadata. */
  baseName: Schema.String,
  /** Version of Loom, for the metadata. */
  loom: Schema.String,
})

type CheckpointSettings = typeof CheckpointSettings.Type

/** What `checkpoint` is told: `name` is required. */
export interface CheckpointParams extends Omit<MakeIn<typeof CheckpointSettings>, "baseName" | "loom"> {
  /** Of the LoRA and its files: letters, digits, dots, dashes and underscores. */
  readonly name: string
}

const checkKeepLast = ({ keepLast }: CheckpointSettings): readonly Problem[] => {
  if (keepLast === null || keepLast >= 1) return []
  const [why, hint] = [`${keepLast} must be 1 or more`, "1 keeps the finished LoRA alone; leave it out to keep all"]
  return [{ field: "keepLast", why, hint, severity: "error" }]
}

export const checkpointFileName = (name: string, step: number, last: number): string =>
  step === last ? `${name}.safetensors` : `${name}-${String(step).padStart(6, "0")}.safetensors`

interface Lineage {
  readonly trained: Trained
  readonly dataset: Dataset
  readonly base: BaseModelFolder
}

/** Every setting, caption and digest that repeats the run. */
const repeatRecord = (
  { trained, dataset, base }: Lineage,
  { loom, precision, trial }: CheckpointSettings,
): MetadataJson =>
  ({
    format: 2,
    loom,
    precision,
    ...(trial === null ? {} : { trial }),
    settings: { ...trained.settings, clipSkip: dataset.encoding.clipSkip },
    trigger: dataset.trigger,
    pictures: dataset.samples.map(({ key, originalSha256, width, height, text }) => ({
      key,
      sha256: originalSha256,
      width,
      height,
      caption: text,
    })),
    base: Object.fromEntries(Object.entries(base.files).map(([name, { sha256 }]) => [name, sha256])),
    code: trained.code,
    machine: trained.machine,
  }) satisfies MetadataJson

const unetDigest = ({ files }: BaseModelFolder): string | undefined =>
  Object.entries(files).find(([name]) => name.startsWith("unet/") && name.endsWith(".safetensors"))?.[1].sha256

const describe = (lineage: Lineage, params: CheckpointSettings, step: number) => {
  const { trained, dataset, base } = lineage
  const { settings } = trained
  const sha256 = unetDigest(base)
  return loraMetadata({
    settings,
    name: params.name,
    encoding: dataset.encoding,
    predictionType: settings.predictionType ?? base.predictionType,
    baseModel: { name: params.baseName, ...(sha256 === undefined ? {} : { sha256 }) },
    step,
    width: dataset.samples[0]?.width ?? 0,
    height: dataset.samples[0]?.height ?? 0,
    timesteps: timestepRange(settings.denoising, base.trainTimesteps),
    captions: dataset.samples.map(({ text }) => text),
    trigger: dataset.trigger,
    repeat: repeatRecord(lineage, params),
  })
}

const notSaved = (fileName: string, why: string, cause?: unknown): StageFailure =>
  new StageFailure({
    what: "a LoRA file was not saved",
    where: fileName,
    why,
    hint: "Check the disk, and run again",
    kind: "work",
    ...(cause === undefined ? {} : { cause }),
  })

/** Writes a file and reads it back; the numbers must be the ones that were written. */
const saveFile = Effect.fnUntraced(function* (
  lineage: Lineage,
  params: CheckpointSettings,
  step: number,
  adapter: Blob,
) {
  const { blobs } = yield* StageContext
  const fileName = checkpointFileName(params.name, step, lastStep(lineage.trained.settings))
  const plain = yield* blobs.path(adapter)
  const dtype = params.precision === "fp16" ? "F16" : "F32"
  const work = Effect.gen(function* () {
    const { modules } = yield* openLoraFile(plain)
    const { pieces, modelHash } = yield* loraPieces(modules, describe(lineage, params, step), dtype)
    const file = yield* blobs.putStream(wholeOf(pieces))
    if (yield* isWholeLoraFile(yield* blobs.path(file))) return { step, fileName, file, modelHash }
    return yield* notSaved(fileName, "what was read back differs from what was written")
  })
  return yield* Effect.catchTag(work, "BadFile", (bad: BadFile) => notSaved(fileName, bad.message, bad))
})

/** All files of one saved step. */
const saveAll = Effect.fnUntraced(function* (
  lineage: Lineage,
  params: CheckpointSettings,
  { step, adapter, embedding }: Trained["saves"][number],
) {
  const { customEmbedding } = lineage.trained.settings
  const stem = checkpointFileName(params.name, step, lastStep(lineage.trained.settings)).replace(/\.safetensors$/, "")
  const lora = adapter === null ? [] : [yield* saveFile(lineage, params, step, adapter)]
  if (embedding === null || customEmbedding === null) return { lora, embeddings: [] }
  const metadata = describe(lineage, params, step)
  return { lora, embeddings: yield* saveEmbedding(stem, step, customEmbedding.keyword, embedding, metadata) }
})

const labelOf = (what: string, step: number, steps: number): string =>
  step === steps ? what : `${what} at an earlier step`

const checkpointStage = stage({
  name: "checkpoint",
  code: import.meta.url,
  params: CheckpointSettings,
  wires: { trained: Trained },
  upstream: { dataset: Dataset, base: BaseModelFolder },
  output: Checkpoints,
  check: (params) => [...nameProblems(params.name, "my-dog"), ...checkKeepLast(params)],
  artifacts: ({ output: { files, embeddings, steps, keptFrom } }) => {
    const artifact =
      (what: string) => (saved: { readonly fileName: string; readonly file: Blob; readonly step: number }) =>
        saved.step < keptFrom
          ? []
          : [{ path: saved.fileName, blob: saved.file, label: labelOf(what, saved.step, steps) }]
    return [...files.flatMap(artifact("LoRA")), ...embeddings.flatMap(artifact("embedding"))]
  },
  wired: sameLoraFiles,
  asTrial: (params, trial) => ({ ...params, trial }),
  run: Effect.fnUntraced(function* ({ params, ...inputs }) {
    const { saves, settings } = inputs.trained
    const last = lastStep(settings)
    const saved = yield* Effect.forEach(saves, (save) => saveAll(inputs, params, save))
    return {
      name: params.name,
      steps: last,
      keptFrom: (params.keepLast === null ? saves : saves.slice(-params.keepLast))[0]?.step ?? last,
      files: saved.flatMap(({ lora }) => lora),
      embeddings: saved.flatMap(({ embeddings }) => embeddings),
    }
  }),
})

/**
 * The files of a training: a LoRA and perhaps an embedding per saved step, the last ones under the bare name.
 *
 * `name`: of the LoRA and its files. `precision`: "fp32" (default) or "fp16". `keepLast`: write only so many of the newest
 * files; the earlier ones stay in the cache, and on the picture sheet.
 *
 * @returns The files, by step: `name-000250.safetensors` after 250 steps, `name.safetensors` at the end. `evaluate` and `validate`
 * take them.
 *
 * @example
 * const files = checkpoint(lora, { name: "my-dog", precision: "fp16" })
 */
export const checkpoint: (
  lora: TrainedAdapters | { readonly lora: TrainedAdapters },
  params: CheckpointParams,
) => LoraCheckpoints = composite({
  name: "checkpoint",
  wires: { lora: Trained },
  upstream: { base: BaseModelFolder },
  output: Checkpoints,
  build: ({ lora, base }, params: CheckpointParams) =>
    checkpointStage({ trained: lora, base }, { ...params, baseName: baseNameOf(base), loom: loomVersion }),
})
