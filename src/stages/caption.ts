/**
 * `caption(pictures, { trigger, template })`: the captions that are trained on, word for word.
 *
 * The text of the file beside a picture, or the template where there is no file, with the trigger word in it. Every
 * picture must end up with a caption; the final texts are kept in the dataset and in the LoRA file.
 */
import { parse } from "node:path"
import { Effect, Schema } from "effect"
import { hasTriggerPlaceholder, TriggerWord, withTrigger } from "../formats/caption-text.ts"
import { countMentions } from "../formats/embedding-mention.ts"
import { composite } from "../runtime/define/composite.ts"
import { itemStage } from "../runtime/define/item-stage.ts"
import { Items } from "../runtime/model/items.ts"
import { type Problem, StageFailure } from "../runtime/model/stage-failure.ts"
import type { MakeIn } from "../runtime/model/wire.ts"
import type { WiredStage } from "../runtime/model/wired-stage.ts"
import { named } from "../runtime/model/word.ts"
import { withDefault } from "../settings/field-defaults.ts"
import { isKeyword } from "../settings/keyword.ts"
import { listNames } from "./dataset/list-names.ts"
import { Caption, type Captions, CaptionText, type CaptionTexts } from "./wires/captions.ts"
import type { CroppedPictures, Pictures } from "./wires/pictures.ts"

const CaptionSettings = Schema.Struct({
  /** Word or phrase that shall call up what is learned. `[trigger]` in a caption is replaced by it, else it is put in front. */
  trigger: withDefault(Schema.NullOr(TriggerWord), null),
  /**
   * Caption of pictures without a caption file. `[name]` is the file's name in words, `[trigger]` the trigger word. Default null:
   * every picture needs a caption file.
   */
  template: withDefault(Schema.NullOr(Schema.String), null),
})
type CaptionSettings = typeof CaptionSettings.Type
/** What `caption` is told: all may be left out where every picture has a caption file. */
export interface CaptionParams extends MakeIn<typeof CaptionSettings> {
  /**
   * Word or phrase that shall call up what is learned. `[trigger]` in a caption is replaced by it, else it is put in front. Default
   * null: none.
   */
  readonly trigger?: string | null
}

/** "red-apple_03.png" → "red apple" */
export const nameInWords = (key: string): string =>
  parse(key)
    .name.replace(/[-_\s]+/g, " ")
    .replace(/ \d+$/, "")
    .trim()

/** The caption trained on; null when the picture has neither a file nor a template. */
const finalCaption = (key: string, caption: string | null, { trigger, template }: CaptionSettings): string | null => {
  const text = caption ?? template?.replaceAll("[name]", () => nameInWords(key)) ?? null
  return text === null ? null : withTrigger(text.trim(), trigger)
}

const Embedding = Schema.Struct({ customEmbedding: Schema.NullOr(Schema.Struct({ keyword: Schema.String })) })

/** Keywords of the embeddings that are trained on these captions. */
const keywordsBehind = (here: WiredStage): readonly string[] =>
  here.downstream("train").flatMap((training) => training.paramsAs(Embedding)?.customEmbedding?.keyword ?? [])

/** An embedding that no caption mentions would train nothing. A keyword that is none is told by the training. */
const unmentioned = (
  texts: readonly { readonly text: string | null }[],
  keywords: readonly string[],
): readonly Problem[] =>
  [...new Set(keywords)]
    .filter(isKeyword)
    .filter((keyword) => !texts.some(({ text }) => text !== null && countMentions(text, keyword) > 0))
    .map((keyword) => ({
      field: `embedding <${keyword}>`,
      why: "no caption mentions it, so nothing would train it",
      hint: `Write <${keyword}> into the captions, or make it caption's trigger`,
      severity: "error",
    }))

const captionProblems = (
  items: Items<CaptionText>,
  params: CaptionSettings,
  keywords: readonly string[],
): readonly Problem[] => {
  const texts = items.map(({ key, value }) => ({ key, text: finalCaption(key, value.caption, params) }))
  const without = texts.filter(({ text }) => text === null || text === "").map(({ key }) => key)
  const open = texts.filter(({ text }) => text !== null && hasTriggerPlaceholder(text)).map(({ key }) => key)
  const problems: Problem[] = [...unmentioned(texts, keywords)]
  if (without.length > 0) {
    problems.push({
      field: listNames(without),
      why: without.length === 1 ? "the picture has no caption" : `${without.length} pictures have no caption`,
      hint: 'Write a .txt file beside the picture, or give caption a template, such as "a photo of [name]"',
      severity: "error",
    })
  }
  if (open.length > 0) {
    problems.push({
      field: listNames(open),
      why: "the caption has a [trigger] placeholder, but no trigger is given",
      hint: 'Give caption a trigger, such as trigger: "sks dog"',
      severity: "error",
    })
  }
  return problems
}

const captionStage = itemStage({
  name: "caption",
  noun: "caption",
  code: import.meta.url,
  params: CaptionSettings,
  item: CaptionText,
  output: Caption,
  inspect: ({ params, items, here }) => captionProblems(items, params, keywordsBehind(here)),
  run: ({ params, key, item }) => {
    const text = finalCaption(key, item.caption, params)
    return text === null ? Effect.fail(noCaption(key)) : Effect.succeed({ text, trigger: params.trigger })
  },
})

const noCaption = (key: string): StageFailure =>
  new StageFailure({
    what: "a picture has no caption",
    where: key,
    why: "there is no .txt file beside it, and no template",
    hint: "Write a caption file, or give caption a template",
    kind: "input",
  })

/** Wherever the texts of caption files can be found: they lie behind every picture of a folder. */
type Captioned = Pictures | CroppedPictures | CaptionTexts

/**
 * The captions of pictures: from the `.txt` files beside them, else from `template`.
 *
 * `trigger`: a word or phrase such as "sks dog", or null (default) for none. `template`: such as "a photo of [name]", or null (default).
 * A picture that ends up without a caption, and a `[trigger]` without a trigger word, are told as errors before any work.
 *
 * @param pictures From `ingest` or `crop`, or the caption texts of an own source.
 * @returns Final captions, word for word as they are trained on, by the pictures' file names; `encode` takes them as `captions`.
 *
 * @example
 * const captions = caption(pictures, { trigger: "toki", template: "[trigger], a drawing of [name]" })
 */
export const caption: (pictures: Captioned | { readonly pictures: Captioned }, params?: CaptionParams) => Captions =
  composite({
    name: "caption",
    wires: { pictures: named("pictures or cropped pictures or caption texts", Schema.Unknown) },
    upstream: { captions: Items(CaptionText) },
    output: Items(Caption),
    build: ({ captions }, params: CaptionParams) => captionStage(captions, params),
  })
