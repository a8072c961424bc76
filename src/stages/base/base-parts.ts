/**
 * Two parts of a base model that stages read alone, so that a fine-tuned UNet in the same folder leaves encoded pictures and captions
 * as they are.
 *
 * Each learns from the wiring what the pipeline wants of it: a size it cannot take, a layer it has not got, a trigger word it knows
 * already are told before any work, where they can be mended. The wishes are no part of the identity.
 */
import { resolve } from "node:path"
import { Effect, Schema } from "effect"
import { source } from "../../runtime/define/source.ts"
import { SourceContext } from "../../runtime/model/stage-context.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"
import type { WiredStage } from "../../runtime/model/wired-stage.ts"
import { type TextEncoding, textEncoding } from "../../settings/text-encoding.ts"
import { TextPart, VaePart } from "../wires/base-files.ts"
import {
  type Component,
  describeFolder,
  type Found,
  familyIn,
  findComponent,
  textComponents,
  textLayers,
  vae,
} from "./base-folder.ts"
import { triggerProblems } from "./ordinary-trigger.ts"
import { sizeBefore, type WantedSize } from "./picture-size.ts"
import { sizeProblem } from "./size-problems.ts"

export const Folder = Schema.Struct({
  /** Folder in diffusers layout, relative to the pipeline file. */
  folder: Schema.String,
})

interface SizeFacts {
  readonly sizeMultiple: number
  /** False when configurations are missing; that is told by itself. */
  readonly isSizeKnown: boolean
}

/** Each size that a base model cannot take, told at the stage that wants it. */
export const sizeWishProblems = (
  sizes: readonly WantedSize[],
  { sizeMultiple, isSizeKnown }: SizeFacts,
): readonly Problem[] =>
  isSizeKnown
    ? sizes.flatMap((size) =>
        sizeProblem(size, sizeMultiple, size.setting).map((one) => ({ ...one, label: size.label })),
      )
    : []

/** The content of files, by name. */
export const digestFiles = Effect.fnUntraced(function* (files: Found["files"]) {
  const context = yield* SourceContext
  const entries = yield* Effect.forEach(files, ([name, path]) =>
    Effect.map(context.fileBlob(path), (blob) => [name, blob] as const),
  )
  return Object.fromEntries(entries)
})

/** A part of the folder. What is wrong with it is told by the source of the whole. */
const readPart = Effect.fnUntraced(function* (folder: string, parts: readonly Component[]) {
  const root = resolve((yield* SourceContext).root, folder)
  const found = yield* Effect.forEach(parts, (component) => findComponent(root, component))
  const files = found.flatMap((part) => part.files)
  return { root, paths: Object.fromEntries(files), files: yield* digestFiles(files) }
})

export const vaePart = source({
  name: "vae",
  code: import.meta.url,
  params: Folder,
  output: VaePart,
  wired: ({ readers }: WiredStage) => readers.flatMap((reader) => sizeBefore(reader) ?? []),
  read: Effect.fnUntraced(function* ({ params }, { wired: sizes }) {
    const { root, files } = yield* readPart(params.folder, [vae])
    const facts = yield* describeFolder(root)
    const { problem } = yield* SourceContext
    yield* Effect.forEach(sizeWishProblems(sizes, facts), problem)
    return { files, sizeMultiple: facts.sizeMultiple }
  }),
})

/** What captions ask of the text encoder. */
interface WantedText {
  readonly trigger: string | null
  /** Label of the stage that was given the trigger. */
  readonly triggerAt: string
  /** null: the model's own. */
  readonly clipSkip: number | null
  /** Label of the stage that skips. */
  readonly clipSkipAt: string
}

const Skipping = Schema.Struct({ clipSkip: Schema.NullOr(Schema.Finite) })
const Triggered = Schema.Struct({ trigger: Schema.NullOr(Schema.String) })

const wantedTexts = ({ readers }: WiredStage): readonly WantedText[] =>
  readers.map((reader) => {
    const caption = reader.upstream("caption")[0]
    return {
      trigger: caption?.paramsAs(Triggered)?.trigger ?? null,
      triggerAt: caption?.label ?? reader.label,
      clipSkip: reader.paramsAs(Skipping)?.clipSkip ?? null,
      clipSkipAt: reader.label,
    }
  })

/** A skip below 1 is told by the stage that skips. */
const clipSkipProblems = Effect.fnUntraced(function* (root: string, { family, clipSkip }: TextEncoding) {
  const layers = yield* textLayers(root, family)
  if (layers === undefined || clipSkip <= layers) return []
  const why = `${clipSkip} skips more layers than this base model's text encoder has (${layers})`
  return [{ field: "clipSkip", why, hint: `Choose 1 (no skip) to ${layers}`, severity: "error" as const }]
})

export const textPart = source({
  name: "text-encoder",
  code: import.meta.url,
  params: Folder,
  output: TextPart,
  wired: wantedTexts,
  read: Effect.fnUntraced(function* ({ params }, { wired: texts }) {
    const { root: projectRoot, problem } = yield* SourceContext
    const family = yield* familyIn(resolve(projectRoot, params.folder))
    const { root, paths, files } = yield* readPart(params.folder, textComponents(family))
    for (const { trigger, triggerAt, clipSkip, clipSkipAt } of texts) {
      const known = yield* triggerProblems(trigger, paths)
      const tooMany = yield* clipSkipProblems(root, textEncoding(family, clipSkip))
      yield* Effect.forEach(known, (one) => problem({ ...one, label: triggerAt }))
      yield* Effect.forEach(tooMany, (one) => problem({ ...one, label: clipSkipAt }))
    }
    return { files, family }
  }),
})
