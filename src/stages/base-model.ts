/**
 * `baseModel("./models/…")`: the model that is trained on, a folder in diffusers layout.
 *
 * A source: it lists the files that matter and digests them, and says everything that is missing or broken before any
 * work is done; also what the pipeline wants of it and it cannot give. Where the folder lies is no part of its identity.
 */
import { basename, resolve } from "node:path"
import { Effect, Schema } from "effect"
import { source } from "../runtime/define/source.ts"
import { SourceContext } from "../runtime/model/stage-context.ts"
import { StageFailure } from "../runtime/model/stage-failure.ts"
import type { WiredStage } from "../runtime/model/wired-stage.ts"
import {
  componentsOf,
  describeFolder,
  findComponent,
  headerProblems,
  indexProblems,
  namesIn,
} from "./base/base-folder.ts"
import { digestFiles, Folder, sizeWishProblems } from "./base/base-parts.ts"
import { ExpectedFiles, expectationProblems } from "./base/expected-files.ts"
import { memoryProblems } from "./base/memory-problems.ts"
import { partProblems } from "./base/part-problems.ts"
import type { WantedSize } from "./base/picture-size.ts"
import { digestProblems } from "./base/stated-digests.ts"
import { wantedTrainings } from "./training/wanted-trainings.ts"
import { type BaseModel, BaseModelFolder } from "./wires/base-files.ts"

const WholeFolder = Schema.Struct({
  ...Folder.fields,
  /** For labels and metadata. No part of the identity. */
  name: Schema.String,
  /** Path inside the folder to SHA-256: the files have to be these. */
  expect: ExpectedFiles,
})

const Sampling = Schema.Struct({
  size: Schema.NullOr(Schema.Struct({ width: Schema.Int, height: Schema.Int })),
})

/** Sizes that are painted at, where they are not those of the training. */
const sampledSizes = ({ readers }: WiredStage): readonly WantedSize[] =>
  readers
    .filter(({ name }) => name === "sample")
    .flatMap(({ reads, label }) => {
      const size = reads["items"]?.paramsAs(Sampling)?.size ?? null
      return size === null ? [] : [{ ...size, setting: `${label}'s size`, label }]
    })

const wholeFolder = source({
  name: "base-model",
  code: import.meta.url,
  params: WholeFolder,
  output: BaseModelFolder,
  wired: (here: WiredStage) => ({ sizes: sampledSizes(here), trainings: wantedTrainings(here) }),
  read: Effect.fnUntraced(function* ({ params }, { wired: { sizes, trainings } }) {
    const context = yield* SourceContext
    const root = resolve(context.root, params.folder)
    if ((yield* namesIn(root)) === undefined) {
      return yield* new StageFailure({
        what: "the base model cannot be read",
        where: root,
        why: "there is no such folder",
        hint: "Give baseModel the path of a folder in diffusers layout, relative to the pipeline file",
        kind: "input",
      })
    }
    const { problems, isSizeKnown, ...facts } = yield* describeFolder(root)
    const found = yield* Effect.forEach(componentsOf(facts.family), (component) => findComponent(root, component))
    const files = found.flatMap((part) => part.files)
    const seen = [
      ...found.flatMap((part) => part.problems),
      ...problems,
      ...(yield* indexProblems(root)),
      ...(yield* headerProblems(files)),
    ]
    const opened = yield* partProblems(root, Object.fromEntries(files), facts.family, seen)
    const all = [...seen, ...opened]
    const digests = yield* digestFiles(files)
    // What is broken is told by what is wrong with it, which says more than a digest.
    const broken = new Set(all.map(({ field }) => field))
    const other = (yield* digestProblems(root, files, digests)).filter(({ field }) => !broken.has(field))
    const unexpected = expectationProblems(params.expect, Object.entries(digests), "expect")
    const unfit = sizeWishProblems(sizes, { ...facts, isSizeKnown })
    const wrong = [...all, ...other, ...unexpected, ...unfit]
    // What is broken cannot be measured; nor can a size that does not fit, which the VAE's source tells.
    const measurable = trainings.filter(
      ({ size }) =>
        wrong.every(({ severity }) => severity !== "error") &&
        sizeWishProblems([size], { ...facts, isSizeKnown }).length === 0,
    )
    const tooLarge = yield* memoryProblems(measurable, Object.fromEntries(files))
    yield* Effect.forEach([...wrong, ...tooLarge], context.problem)
    return { files: digests, ...facts }
  }),
})

/** What `baseModel` may be told beside the folder. */
export interface BaseModelOptions {
  /** What the model is called on sheets and in LoRA files. Default: the folder's name. */
  readonly name?: string
  /** Path inside the folder to SHA-256: another model is refused. `loom restore` writes such lists. */
  readonly expect?: Readonly<Record<string, string>>
}

/**
 * The base model in `folder` (diffusers layout, relative to the pipeline file).
 *
 * Needed: `unet/`, `vae/` and `text_encoder/`, each with a config.json and weights as safetensors (16 or 32 bits), `tokenizer/`
 * with vocab.json and merges.txt (or tokenizer.json), and `scheduler/scheduler_config.json`. Stable Diffusion XL also has `text_encoder_2/` and `tokenizer_2/`.
 * What is missing or broken is told as errors before any work, all of it at once; so is a training that no memory here holds.
 *
 * @param folder Relative to the pipeline file. Where it lies is no part of any key; its files' bytes are.
 * @param options Another name for it, or the digests of the very files that are wanted.
 *
 * @example
 * const base = baseModel("./models/stable-diffusion-v1-5")
 */
export const baseModel = (folder: string, options: BaseModelOptions = {}): BaseModel =>
  // What is no text is told as the folder's own mistake.
  wholeFolder({ name: basename(resolve(String(folder))), ...options, folder })
