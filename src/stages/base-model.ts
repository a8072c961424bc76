/**
 * `baseModel("./models/…")`: the model that is trained on, a folder in diffusers layout.
 *
 * A source: it lists the files that matter and digests them, and says everything that is missing or broken before any
 * work is done. Where the folder lies is no part of its identity. The VAE and the text encoder are also wires of their
 * own, so that a fine-tuned UNet in the same folder leaves encoded pictures and captions as they are.
 */
import { basename, resolve } from "node:path"
import { Effect, Schema } from "effect"
import { source } from "../runtime/source.ts"
import { SourceContext } from "../runtime/stage-context.ts"
import { StageFailure } from "../runtime/stage-failure.ts"
import { type BaseModel, BaseModelFolder, ModelPart, VaePart } from "./base-files.ts"
import {
  type Component,
  components,
  describeFolder,
  type Found,
  findComponent,
  headerProblems,
  namesIn,
  textEncoder,
  tokenizer,
  vae,
} from "./base-folder.ts"
import { ExpectedFiles, expectationProblems } from "./expected-files.ts"

const Folder = Schema.Struct({
  /** Folder in diffusers layout, relative to the pipeline file. */
  folder: Schema.String,
})

const WholeFolder = Schema.Struct({
  ...Folder.fields,
  /** Path inside the folder to SHA-256: the files have to be these. */
  expect: ExpectedFiles,
})

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
    const found = yield* Effect.forEach(components, (component) => findComponent(root, component))
    const files = found.flatMap((part) => part.files)
    const { problems, ...facts } = yield* describeFolder(root)
    const all = [...found.flatMap((part) => part.problems), ...problems, ...(yield* headerProblems(files))]
    const digests = yield* digest(files)
    const unexpected = expectationProblems(params.expect, Object.entries(digests), "expect")
    yield* Effect.forEach([...all, ...unexpected], context.problem)
    return { files: digests, ...facts }
  }),
})

/** A part of the folder. What is wrong with it is told by the source of the whole. */
const readPart = Effect.fnUntraced(function* (folder: string, parts: readonly Component[]) {
  const root = resolve((yield* SourceContext).root, folder)
  const found = yield* Effect.forEach(parts, (component) => findComponent(root, component))
  const { sizeMultiple } = yield* describeFolder(root)
  return { files: yield* digest(found.flatMap((part) => part.files)), sizeMultiple }
})

const vaePart = source({
  name: "vae",
  code: import.meta.url,
  params: Folder,
  output: VaePart,
  read: ({ params }) => readPart(params.folder, [vae]),
})

const textPart = source({
  name: "text-encoder",
  code: import.meta.url,
  params: Folder,
  output: ModelPart,
  read: ({ params }) => Effect.map(readPart(params.folder, [textEncoder, tokenizer]), ({ files }) => ({ files })),
})

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
 * with vocab.json and merges.txt, and `scheduler/scheduler_config.json`.
 */
export const baseModel = (folder: string, { name, expect }: BaseModelOptions = {}): BaseModel => ({
  ...wholeFolder({ folder, expect: expect ?? null }),
  name: name ?? basename(resolve(folder)),
  vae: vaePart({ folder }),
  textEncoder: textPart({ folder }),
})
