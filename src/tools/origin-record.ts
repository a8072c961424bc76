/**
 * The record inside a LoRA file from which its training can be repeated: every setting, every final caption, and the digests of
 * pictures, base model and code. It stands under the metadata key "loom".
 *
 * A file may come from a stranger, so nothing in it is trusted: names must be plain file names, and settings are decoded by the
 * schema of the trainer before they are written into a pipeline.
 */
import { Option, Schema } from "effect"
import { numberRows } from "../settings/train-rows.ts"
import { TrainSettings } from "../settings/train-settings.ts"
import { isObject, withUnrecorded } from "../settings/walk-rows.ts"

const Digest = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))

/** A name without a way out of its folder. */
export const PlainFileName = Schema.String.check(
  Schema.makeFilter((name) => /^[^/\\\p{Cc}]+$/u.test(name) && !/^\.+$/.test(name) && name.length < 256),
)

const OriginRecord = Schema.Struct({
  format: Schema.Literals([1, 2]),
  /** Version of Loom; records of format 1 do not say it. */
  loom: Schema.optionalKey(Schema.String),
  /** Of the LoRA's numbers; records of format 1 do not say it. */
  precision: Schema.optionalKey(Schema.Literals(["fp32", "fp16"])),
  /** The trial of a sweep that it is. */
  trial: Schema.optionalKey(Schema.Struct({ sweep: PlainFileName, trial: Schema.Int })),
  settings: Schema.Struct({
    ...TrainSettings.fields,
    /** Of the captions' encoding. */
    clipSkip: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)),
  }),
  trigger: Schema.NullOr(Schema.String),
  pictures: Schema.Array(
    Schema.Struct({
      key: PlainFileName,
      sha256: Digest,
      width: Schema.Int,
      height: Schema.Int,
      caption: Schema.String,
    }),
  ).check(Schema.isMinLength(1)),
  /** Path inside the base model's folder to digest. */
  base: Schema.Record(Schema.String, Digest),
  /** Of the code that trained. */
  code: Schema.String,
  /** Kind of machine that trained; earlier records do not say it. */
  machine: Schema.optionalKey(Schema.String),
})

export interface Origin extends Schema.Schema.Type<typeof OriginRecord> {
  /** Of the LoRA and its files. */
  readonly name: string
  readonly baseName: string
}

const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown)))
const decode = Schema.decodeUnknownOption(OriginRecord)

/** The first records have fewer settings than there are now. */
const decodeRecord = (text: string | undefined) =>
  parse(text).pipe(
    Option.map(({ settings, ...record }) => ({
      ...record,
      settings: isObject(settings) ? withUnrecorded(numberRows, settings) : settings,
    })),
    Option.flatMap(decode),
  )

/** What a LoRA's metadata tells about how it was made; none when Loom did not write it, or somebody changed it. */
export const originOf = (metadata: Readonly<Record<string, string>>): Option.Option<Origin> =>
  Option.map(decodeRecord(metadata["loom"]), (record) => ({
    ...record,
    name: metadata["ss_output_name"] ?? "lora",
    baseName: metadata["ss_sd_model_name"] ?? "base",
  }))
