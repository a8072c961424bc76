/**
 * `encode({ base, images, captions }, { clipSkip })`: pictures and captions in the form that training reads.
 *
 * Three stages: each picture through the VAE, each caption through the text encoder, and the two joined by file name. A new
 * picture is encoded alone, and a changed caption leaves every picture as it is.
 */
import { Effect, Schema } from "effect"
import { Engine } from "../engine/engine.ts"
import { computingMachine } from "../engine/jobs/computing-machine.ts"
import { broken, composite } from "../runtime/define/composite.ts"
import { stage } from "../runtime/define/stage.ts"
import { Items } from "../runtime/model/items.ts"
import { type Problem, StageFailure } from "../runtime/model/stage-failure.ts"
import { paramsBehind } from "../runtime/model/wire.ts"
import { type TextEncoding, textEncoding } from "../settings/text-encoding.ts"
import { textPart, vaePart } from "./base/base-parts.ts"
import { engineCores, locateFiles, stageFailure } from "./base/engine-words.ts"
import { takenFor, triggerProblems } from "./base/ordinary-trigger.ts"
import { encodeImages } from "./dataset/encode-images.ts"
import { encodeTexts } from "./dataset/encode-texts.ts"
import { type BaseModel, BaseModelFolder, TextPart } from "./wires/base-files.ts"
import { Caption, type Captions } from "./wires/captions.ts"
import { Dataset, type EncodedDataset, EncodedPicture, EncodedText } from "./wires/dataset.ts"
import { CroppedPicture, type CroppedPictures } from "./wires/pictures.ts"

const lostWords = (texts: Items<EncodedText>): readonly Problem[] =>
  texts
    .filter(({ value }) => value.lost.length > 0)
    .map(({ key, value }) => ({
      field: key,
      why: `the caption is longer than ${value.tokenIds[0]!.length} tokens; this was cut off: "${value.lost.join(" ")}"`,
      hint: "Shorten the caption, or put what matters first",
      severity: "warning",
    }))

/** The word that the base model takes the trigger for, unless its tokens have told so before. */
const wordTakenFor = Effect.fnUntraced(function* (trigger: string, encoding: TextEncoding, { files }: TextPart) {
  const engine = yield* Engine
  const base = yield* locateFiles(files)
  if ((yield* triggerProblems(trigger, base)).length > 0) return null
  const nearest = yield* engine
    .nearestWord({ base, phrase: trigger, encoding })
    .pipe(Effect.mapError(stageFailure("trigger")))
  if (nearest === null || nearest.likeness < takenFor) return null
  return { word: nearest.word, likeness: Math.round(nearest.likeness * 1000) / 1000 }
})

const join = stage({
  name: "encode",
  code: import.meta.url,
  params: Schema.Struct({
    /** null: the model's own. */
    clipSkip: Schema.NullOr(Schema.Int),
  }),
  // What trains on the dataset trains this model.
  passes: { base: BaseModelFolder },
  wires: {
    pictures: Items(CroppedPicture),
    latents: Items(EncodedPicture),
    captions: Items(Caption),
    texts: Items(EncodedText),
    textEncoder: TextPart,
  },
  output: Dataset,
  machine: computingMachine,
  services: Engine.layer,
  cores: engineCores,
  inspect: ({ texts }) => lostWords(texts),
  run: Effect.fnUntraced(function* ({ params, ...inputs }) {
    const latents = new Map(inputs.latents.map(({ key, value }) => [key, value]))
    const texts = new Map(inputs.texts.map(({ key, value }) => [key, value]))
    const samples = yield* Effect.forEach(inputs.pictures, ({ key, value: picture }) => {
      const [image, text] = [latents.get(key), texts.get(key)]
      if (image === undefined || text === undefined) return Effect.fail(unmatched(key))
      return Effect.succeed({
        key,
        ...image,
        ...text,
        originalSha256: picture.originalSha256,
        width: picture.width,
        height: picture.height,
        timeIds: [
          picture.originalHeight,
          picture.originalWidth,
          picture.cropTop,
          picture.cropLeft,
          picture.height,
          picture.width,
        ],
      })
    })
    const encoding = textEncoding(inputs.textEncoder.family, params.clipSkip)
    const trigger = inputs.captions[0]?.value.trigger ?? null
    const triggerLike = trigger === null ? null : yield* wordTakenFor(trigger, encoding, inputs.textEncoder)
    return { encoding, trigger, triggerLike, samples }
  }),
})

const unmatched = (key: string): StageFailure =>
  new StageFailure({
    what: "a picture has no caption",
    where: key,
    why: "images and captions come from different folders",
    hint: "Make captions from the same pictures: caption(images, …)",
    kind: "input",
  })

const Parts = Schema.Struct({ folder: Schema.String })

/** What `encode` may be told. */
export interface EncodeParams {
  /** 1 takes the text encoder's last layer, 2 the one before, and so on. Default null: as the model was trained. */
  readonly clipSkip?: number | null
}

/** What `encode` is given. */
export interface EncodeWires {
  /** From `baseModel`: whose VAE and text encoders are used. */
  readonly base: BaseModel
  /** From `crop`. */
  readonly images: CroppedPictures
  /** From `caption`, of the same pictures. */
  readonly captions: Captions
}

/**
 * Pictures and captions, encoded for a base model.
 *
 * `clipSkip`: 1 takes the text encoder's last layer, 2 the one before, and so on. Default: as the model was trained, 1 for Stable
 * Diffusion 1 and 2, 2 for Stable Diffusion XL (both of its encoders). Each picture and each caption is encoded once and kept; a
 * caption too long for the encoder is cut, and the words that were lost are named in a warning.
 *
 * @returns The dataset that `train` takes: latents, text states, captions and digests of every picture.
 *
 * @example
 * const dataset = encode({ base, images, captions })
 */
export const encode: (wires: EncodeWires, params?: EncodeParams) => EncodedDataset = composite({
  name: "encode",
  wires: { base: BaseModelFolder, images: Items(CroppedPicture), captions: Items(Caption) },
  output: Dataset,
  build: ({ base, images, captions }, { clipSkip = null, ...unknown }: EncodeParams) => {
    const folder = paramsBehind(base, Parts)
    // A folder that is no text is told by the base model.
    if (folder === undefined) return broken("encode", Dataset, { base, images, captions }, [])
    const params = { clipSkip, ...unknown }
    const vae = vaePart(folder)
    const latents = encodeImages({ pictures: images, vae })
    const textEncoder = textPart(folder)
    const texts = encodeTexts({ captions, textEncoder }, params)
    return join({ pictures: images, latents, captions, texts, textEncoder, base }, params)
  },
})
