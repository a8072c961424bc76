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
import { itemStage } from "../runtime/define/item-stage.ts"
import type { Items } from "../runtime/model/items.ts"
import { type Problem, StageFailure } from "../runtime/model/stage-failure.ts"
import type { Output } from "../runtime/model/wire.ts"
import { isKeyword } from "../settings/keyword.ts"
import { listNames } from "./dataset/list-names.ts"
import { Caption, type CaptionSet, CaptionText } from "./wires/captions.ts"

const CaptionParams = Schema.Struct({
  /** Word or phrase that shall call up what is learned. `[trigger]` in a caption is replaced by it, else it is put in front. */
  trigger: Schema.NullOr(TriggerWord).pipe(Schema.withConstructorDefault(Effect.succeed(null))),
  /** Caption of pictures without a caption file. `[name]` is the file's name in words, `[trigger]` the trigger word. */
  template: Schema.NullOr(Schema.String).pipe(Schema.withConstructorDefault(Effect.succeed(null))),
  /** Keywords of the embeddings that are trained on these captions; a training adds its own. No part of the identity. */
  mentions: Schema.Array(Schema.String).pipe(Schema.withConstructorDefault(Effect.succeed([]))),
})
type CaptionParams = typeof CaptionParams.Type

/** "red-apple_03.png" → "red apple" */
export const nameInWords = (key: string): string =>
  parse(key)
    .name.replace(/[-_\s]+/g, " ")
    .replace(/ \d+$/, "")
    .trim()

/** The caption trained on; null when the picture has neither a file nor a template. */
const finalCaption = (key: string, caption: string | null, { trigger, template }: CaptionParams): string | null => {
  const text = caption ?? template?.replaceAll("[name]", () => nameInWords(key)) ?? null
  return text === null ? null : withTrigger(text.trim(), trigger)
}

/** An embedding that no caption mentions would train nothing. A keyword that is none is told by the training. */
const unmentioned = (
  texts: readonly { readonly text: string | null }[],
  { mentions }: CaptionParams,
): readonly Problem[] =>
  [...new Set(mentions)]
    .filter(isKeyword)
    .filter((keyword) => !texts.some(({ text }) => text !== null && countMentions(text, keyword) > 0))
    .map((keyword) => ({
      field: `embedding <${keyword}>`,
      why: "no caption mentions it, so nothing would train it",
      hint: `Write <${keyword}> into the captions, or make it caption's trigger`,
      severity: "error",
    }))

const captionProblems = (items: Items<CaptionText>, params: CaptionParams): readonly Problem[] => {
  const texts = items.map(({ key, value }) => ({ key, text: finalCaption(key, value.caption, params) }))
  const without = texts.filter(({ text }) => text === null || text === "").map(({ key }) => key)
  const open = texts.filter(({ text }) => text !== null && hasTriggerPlaceholder(text)).map(({ key }) => key)
  const problems: Problem[] = [...unmentioned(texts, params)]
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
  params: CaptionParams,
  item: CaptionText,
  shared: {},
  output: Caption,
  keyed: ({ mentions: _, ...words }) => words,
  inspect: ({ params, items }) => captionProblems(items, params),
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

/**
 * The captions of pictures: from the `.txt` files beside them, else from `template`.
 *
 * `trigger`: a word or phrase such as "sks dog", or null (default) for none. `template`: such as "a photo of [name]", or null (default).
 */
export const caption = (
  pictures: { readonly captions: Output<Items<CaptionText>> },
  params: Omit<(typeof CaptionParams)["~type.make.in"], "mentions"> = {},
): CaptionSet => {
  // Parameters are read when the whole pipeline is wired, so what trainings add until then is seen.
  const mentions: string[] = []
  return {
    ...captionStage(pictures.captions, {}, { ...params, mentions }),
    trigger: typeof params.trigger === "string" ? params.trigger : null,
    expectMention: (keyword) => mentions.push(keyword),
  }
}
