/**
 * Captions through the tokenizers and text encoders of the family. What does not fit into the encoder's 77 tokens is kept
 * in words.
 */
import { Effect, Schema } from "effect"
import { Engine } from "../../engine/engine.ts"
import { computingMachine } from "../../engine/jobs/computing-machine.ts"
import { encodeCondition } from "../../formats/encoded-sample.ts"
import { itemStage } from "../../runtime/define/item-stage.ts"
import { StageContext } from "../../runtime/model/stage-context.ts"
import { mapCondition } from "../../settings/text-condition.ts"
import { textEncoding } from "../../settings/text-encoding.ts"
import { engineCores, locateFiles, stageFailure } from "../base/engine-words.ts"
import { TextPart } from "../wires/base-files.ts"
import { Caption } from "../wires/captions.ts"
import { EncodedText } from "../wires/dataset.ts"

export const encodeTexts = itemStage({
  name: "encode-texts",
  noun: "caption",
  code: import.meta.url,
  params: Schema.Struct({
    /** null: the model's own. */
    clipSkip: Schema.NullOr(Schema.Int),
  }),
  item: Caption,
  shared: { textEncoder: TextPart },
  output: EncodedText,
  machine: computingMachine,
  services: Engine.layer,
  cores: engineCores,
  check: ({ clipSkip }) =>
    clipSkip === null || clipSkip >= 1
      ? []
      : [{ field: "clipSkip", why: `${clipSkip} must be 1 or more`, hint: "1 skips no layer", severity: "error" }],
  run: Effect.fnUntraced(function* ({ params, key, item, textEncoder }) {
    const { blobs } = yield* StageContext
    const engine = yield* Engine
    const base = yield* locateFiles(textEncoder.files)
    const { tokenIds, truncated, condition } = yield* engine
      .encodeText({ base, text: item.text, encoding: textEncoding(textEncoder.family, params.clipSkip) })
      .pipe(Effect.mapError(stageFailure(key)))
    return {
      text: item.text,
      tokenIds,
      lost: truncated,
      condition: yield* blobs.put(encodeCondition(condition)),
      conditionShape: mapCondition(condition, ({ shape }) => shape),
    }
  }),
})
