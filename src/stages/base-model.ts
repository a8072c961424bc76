/**
 * `baseModel("./models/…")`: the model that is trained on, a folder in diffusers layout.
 *
 * A source: it lists the files that matter and digests them, and says everything that is missing or broken before any
 * work is done. Where the folder lies is no part of its identity. The VAE and the text encoders are also wires of their
 * own, so that a fine-tuned UNet in the same folder leaves encoded pictures and captions as they are.
 */
import { basename, resolve } from "node:path"
import { Effect, Schema } from "effect"
import { source } from "../runtime/define/source.ts"
import { SourceContext } from "../runtime/model/stage-context.ts"
import { StageFailure } from "../runtime/model/stage-failure.ts"
import { memoryModes } from "../settings/memory-mode.ts"
import { type TextEncoding, textEncoding } from "../settings/text-encoding.ts"
import {
  type Component,
  componentsOf,
  describeFolder,
  type Found,
  familyIn,
  findComponent,
  headerProblems,
  namesIn,
  textComponents,
  textLayers,
  vae,
} from "./base/base-folder.ts"
import { ExpectedFiles, expectationProblems } from "./base/expected-files.ts"
import { memoryProblems } from "./base/memory-problems.ts"
import { triggerProblems } from "./base/ordinary-trigger.ts"
import { sizeProblem } from "./base/size-problems.ts"
import {
  type BaseModel,
  BaseModelFolder,
  TextPart,
  VaePart,
  type WantedSize,
  type WantedTraining,
} from "./wires/base-files.ts"

const Folder = Schema.Struct({
  /** Folder in diffusers layout, relative to the pipeline file. */
  folder: Schema.String,
})

const Size = Schema.Struct({ width: Schema.Int, height: Schema.Int, setting: Schema.String })

const SizedFolder = Schema.Struct({
  ...Folder.fields,
  /** A size in pixels that the model has to take. */
  size: Schema.NullOr(Size),
})

const WholeFolder = Schema.Struct({
  ...SizedFolder.fields,
  /** Trainings that the memory has to hold. */
  trainings: Schema.Array(
    Schema.Struct({
      size: Size,
      memory: Schema.Literals(["auto", ...memoryModes]),
      networkDim: Schema.Int,
      gradientAccumulationSteps: Schema.Int,
      unet: Schema.Boolean,
      text: Schema.Boolean,
      embedding: Schema.Boolean,
    }),
  ),
  /** Path inside the folder to SHA-256: the files have to be these. */
  expect: ExpectedFiles,
})

interface SizeFacts {
  readonly sizeMultiple: number
  /** False when configurations are missing; that is told by itself. */
  readonly isSizeKnown: boolean
}

const sizeOfWish = (size: (typeof SizedFolder.Type)["size"], { sizeMultiple, isSizeKnown }: SizeFacts) =>
  size === null || !isSizeKnown ? [] : sizeProblem(size, sizeMultiple, size.setting)

const digest = Effect.fnUntraced(function* (files: Found["files"]) {
  const context = yield* SourceContext
  const entries = yield* Effect.forEach(files, ([name, path]) =>
    Effect.map(context.fileBlob(path), (blob) => [name, blob] as const),
  )
  return Object.fromEntries(entries)
})

const wholeFolder = source({
  name: "base-model",
  code: import.meta.url,
  params: WholeFolder,
  output: BaseModelFolder,
  read: Effect.fnUntraced(function* ({ params }) {
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
    const all = [...found.flatMap((part) => part.problems), ...problems, ...(yield* headerProblems(files))]
    const digests = yield* digest(files)
    const unexpected = expectationProblems(params.expect, Object.entries(digests), "expect")
    const unfit = sizeOfWish(params.size, { ...facts, isSizeKnown })
    const wrong = [...all, ...unexpected, ...unfit]
    // What is broken cannot be measured; nor can a size that does not fit, which the VAE's source tells.
    const measurable = params.trainings.filter(
      ({ size }) => wrong.length === 0 && sizeOfWish(size, { ...facts, isSizeKnown }).length === 0,
    )
    const tooLarge = yield* memoryProblems(measurable, Object.fromEntries(files))
    yield* Effect.forEach([...wrong, ...tooLarge], context.problem)
    return { files: digests, ...facts }
  }),
})

/** A part of the folder. What is wrong with it is told by the source of the whole. */
const readPart = Effect.fnUntraced(function* (folder: string, parts: readonly Component[]) {
  const root = resolve((yield* SourceContext).root, folder)
  const found = yield* Effect.forEach(parts, (component) => findComponent(root, component))
  const files = found.flatMap((part) => part.files)
  return { root, paths: Object.fromEntries(files), files: yield* digest(files) }
})

const vaePart = source({
  name: "vae",
  code: import.meta.url,
  params: SizedFolder,
  output: VaePart,
  read: Effect.fnUntraced(function* ({ params }) {
    const { root, files } = yield* readPart(params.folder, [vae])
    const facts = yield* describeFolder(root)
    const { problem } = yield* SourceContext
    yield* Effect.forEach(sizeOfWish(params.size, facts), problem)
    return { files, sizeMultiple: facts.sizeMultiple }
  }),
})

/** A skip below 1 is told by the stage that skips. */
const clipSkipProblems = Effect.fnUntraced(function* (root: string, { family, clipSkip }: TextEncoding) {
  const layers = yield* textLayers(root, family)
  if (layers === undefined || clipSkip <= layers) return []
  const why = `${clipSkip} skips more layers than this base model's text encoder has (${layers})`
  return [{ field: "clipSkip", why, hint: `Choose 1 (no skip) to ${layers}`, severity: "error" as const }]
})

const textPart = source({
  name: "text-encoder",
  code: import.meta.url,
  params: Schema.Struct({
    ...Folder.fields,
    trigger: Schema.NullOr(Schema.String),
    clipSkip: Schema.NullOr(Schema.Finite),
  }),
  output: TextPart,
  read: Effect.fnUntraced(function* ({ params }) {
    const { root: projectRoot, problem } = yield* SourceContext
    const family = yield* familyIn(resolve(projectRoot, params.folder))
    const { root, paths, files } = yield* readPart(params.folder, textComponents(family))
    const known = yield* triggerProblems(params.trigger, paths)
    const tooMany = yield* clipSkipProblems(root, textEncoding(family, params.clipSkip))
    yield* Effect.forEach([...known, ...tooMany], problem)
    return { files, family }
  }),
})

/** The same wish gets the same wire, so that two readers of a part do not read it twice. */
const remembered = <Wish, A>(read: (wish: Wish) => A): ((wish: Wish) => A) => {
  const made = new Map<string, A>()
  return (wish) => {
    const key = JSON.stringify(wish)
    const known = made.get(key) ?? read(wish)
    made.set(key, known)
    return known
  }
}

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
 * with vocab.json and merges.txt, and `scheduler/scheduler_config.json`. Stable Diffusion XL also has `text_encoder_2/` and `tokenizer_2/`.
 */
export const baseModel = (folder: string, { name, expect }: BaseModelOptions = {}): BaseModel => {
  // Parameters are read when the whole pipeline is wired, so what trainings add until then is seen.
  const trainings: WantedTraining[] = []
  const whole = remembered((size: WantedSize | null) =>
    wholeFolder({ folder, size, expect: expect ?? null, trainings: size === null ? trainings : [] }),
  )
  return {
    ...whole(null),
    // What is no text is told as the folder's own mistake.
    name: name ?? basename(resolve(String(folder))),
    wholeFor: whole,
    expectTraining: (training) => trainings.push(training),
    vaeFor: remembered((size) => vaePart({ folder, size })),
    textEncoderFor: remembered((text) => textPart({ folder, ...text })),
  }
}
