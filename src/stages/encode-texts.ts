/** Captions through tokenizer and text encoder. What does not fit into the encoder's 77 tokens is kept in words. */
import { Effect, Schema } from "effect"
import { Engine } from "../engine/engine.ts"
import { encodeSafetensors } from "../formats/safetensors.ts"
import { itemStage } from "../runtime/item-stage.ts"
import { StageContext } from "../runtime/stage-context.ts"
import { ModelPart } from "./base-files.ts"
import { Caption } from "./captions.ts"
import { EncodedText } from "./dataset.ts"
import { engineCores, locateFiles, stageFailure } from "./engine-words.ts"

export const encodeTexts = itemStage({
  name: "encode-texts",
  noun: "caption",
  code: import.meta.url,
  params: Schema.Struct({ clipSkip: Schema.Int }),
  item: Caption,
  shared: { textEncoder: ModelPart },
  output: EncodedText,
  services: Engine.layer,
  cores: engineCores,
  check: ({ clipSkip }) =>
    clipSkip >= 1
      ? []
      : [{ field: "clipSkip", why: `${clipSkip} must be 1 or more`, hint: "1 skips no layer", severity: "error" }],
  run: Effect.fnUntraced(function* ({ params, key, item, shared }) {
    const { blobs } = yield* StageContext
    const engine = yield* Engine
    const base = yield* locateFiles(shared.textEncoder.files)
    const { tokenIds, truncated, states, shape } = yield* engine
      .encodeText({ base, text: item.text, clipSkip: params.clipSkip })
      .pipe(Effect.mapError(stageFailure(key)))
    const bytes = encodeSafetensors(new Map([["states", { dtype: "F32", shape, data: states }]]))
    return { text: item.text, tokenIds, lost: truncated, states: yield* blobs.put(bytes), statesShape: shape }
  }),
})
