/**
 * The trigger word's way into a caption.
 *
 * A `[trigger]` placeholder is replaced wherever it stands. If the trigger is then still not in the caption as a word
 * of its own, it is put in front: "sks dog" + "on the beach" → "sks dog, on the beach". The rule is idempotent, and
 * compares without regard to case, as CLIP's tokenizer does.
 */
import { Schema } from "effect"

const placeholder = /\[trigger\]/gi

export const hasTriggerPlaceholder = (caption: string): boolean => caption.search(placeholder) >= 0

/** With a square bracket in it a trigger could make up new placeholders, and the rule would not come to rest. */
const hasBracket = (trigger: string): boolean => /[[\]]/.test(trigger)

/** A trigger word or phrase, trimmed. */
export const TriggerWord = Schema.String.check(
  Schema.makeFilter(
    (trigger) =>
      (trigger.trim() === trigger && trigger !== "" && !hasBracket(trigger)) ||
      "a trigger is a word or phrase without white space around it and without square brackets",
  ),
)

/** Where the phrase stands in the caption as whole words; any white space may stand between its words. */
export const phrasePlaces = (
  caption: string,
  phrase: string,
): readonly { readonly start: number; readonly end: number }[] => {
  const words = phrase
    .trim()
    .split(/\s+/)
    .map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"))
  const pattern = new RegExp(`(?<![\\p{L}\\p{M}\\p{N}_])${words.join("\\s+")}(?![\\p{L}\\p{M}\\p{N}_])`, "giu")
  return [...caption.matchAll(pattern)].map(({ index, 0: found }) => ({ start: index, end: index + found.length }))
}

/** Whether the caption has the phrase as whole words. */
export const containsPhrase = (caption: string, phrase: string): boolean => phrasePlaces(caption, phrase).length > 0

/** The text with the trigger, or nothing, wherever `[trigger]` stands, however it is written. */
export const replaceTriggerPlaceholder = (text: string, trigger: string | null): string =>
  text.replace(placeholder, () => trigger ?? "")

/** The caption that is trained on. Without a trigger (or with one that `TriggerWord` refuses) it stays as it is. */
export const withTrigger = (caption: string, trigger: string | null): string => {
  const phrase = trigger?.trim() ?? ""
  if (phrase === "" || hasBracket(phrase)) return caption
  const replaced = replaceTriggerPlaceholder(caption, phrase)
  if (containsPhrase(replaced, phrase)) return replaced
  return replaced.trim() === "" ? phrase : `${phrase}, ${replaced}`
}
