/** What is trained, and how fast: rank, scale, and the rates of the UNet's and the text encoder's adapters. */
import { Schema } from "effect"
import { adaptedParts } from "./adapter-spec.ts"
import { withDefault } from "./field-defaults.ts"
import { flag, number, rate, same } from "./other-words.ts"
import { fieldsOf, requiredRow, resolvedRow, row, settingFieldsOf } from "./row.ts"
import { above0, atLeast, notTooLow, trainsNothing } from "./rules.ts"

const dimWhy = "must be 1 or more, or 0 with a custom embedding that trains alone"
const dimHint = "Usual values are 4 to 128"
const rateHint = "Usual values are 1e-5 to 1e-3"

const textModelRows = {
  learningRate: requiredRow(Schema.Finite, {
    title: "text encoder learning rate",
    unit: "per step",
    meaning: "Learning rate of the text encoders' adapters after warm-up.",
    inForce: "rates",
    rules: [above0("4e-5 is usual; textModel: null leaves the text encoder as it is", trainsNothing)],
    together: [notTooLow],
    kohya: flag("--text_encoder_lr", undefined, rate),
    drawThings: same("text model learning rate"),
    shown: rate,
  }),
}

const TextModel = Schema.NullOr(Schema.Struct(fieldsOf(textModelRows)))
const TextModelSetting = withDefault(Schema.NullOr(Schema.Struct(settingFieldsOf(textModelRows))), null)

export const adapterRows = {
  networkDim: row(Schema.Int, {
    title: "network dim",
    unit: "rank",
    meaning:
      "Rank of every adapter: how much the LoRA can learn, and the size of its file; 0 with an embedding that trains alone.",
    default: 16,
    inForce: "start",
    rules: [{ holds: (dim) => dim >= 0, why: dimWhy, hint: dimHint }],
    together: [
      { holds: (dim, { customEmbedding }) => dim >= 1 || customEmbedding !== null, why: dimWhy, hint: dimHint },
    ],
    kohya: {
      name: "--network_dim",
      flags: (dim) => ["--network_module networks.lora", `--network_dim ${dim}`],
      metadata: (dim) => ({ ss_network_dim: dim }),
    },
    drawThings: same("network dim"),
  }),
  networkScale: row(Schema.Finite, {
    title: "network scale",
    unit: "factor",
    meaning: "How strongly the adapter acts: y = Wx + networkScale · up(down(x)).",
    default: 1,
    inForce: "start",
    rules: [above0("1 is usual", ": an adapter scaled by nothing trains nothing")],
    kohya: {
      name: "--network_alpha, which is scale × dim",
      flags: (scale, { networkDim }) => [`--network_alpha ${number(networkDim * scale)}`],
      metadata: (scale, { networkDim }) => ({ ss_network_alpha: networkDim * scale }),
    },
    drawThings: same("network scale"),
  }),
  unetLearningRate: row(Schema.Finite, {
    title: "UNet learning rate",
    unit: "per step",
    meaning:
      "Learning rate of the UNet's adapters after warm-up; 0 leaves the UNet as it is, where something else is trained.",
    default: 1e-4,
    inForce: "rates",
    rules: [atLeast(0, rateHint)],
    together: [
      {
        holds: (value, { textModel, customEmbedding }) => value > 0 || textModel !== null || customEmbedding !== null,
        why: `must be greater than 0${trainsNothing}`,
        hint: rateHint,
      },
      notTooLow,
    ],
    kohya: {
      name: "--unet_lr",
      flags: (value) => [`--unet_lr ${rate(value)}`],
      metadata: (value, beside) => ({ ss_unet_lr: adaptedParts(beside).unet ? value : null }),
    },
    drawThings: same("UNet learning rate"),
    shown: rate,
  }),
  textModel: resolvedRow(TextModel, TextModelSetting, {
    title: "train text encoder",
    unit: "",
    meaning:
      "Adapters on the text encoder too, in SDXL on both (q, k, v, out, fc1, fc2 of every layer that runs under the CLIP skip), at a rate of their own; 4e-5 is usual.",
    default: null,
    inForce: "rates",
    together: [
      {
        holds: (value, { networkDim }) => value === null || networkDim !== 0,
        why: "",
        says: () => "networkDim 0 leaves no adapters to train",
        hint: "Give networkDim a rank, such as 16",
      },
    ],
    kohya: {
      name: "without --network_train_unet_only",
      flags: (value) => (value === null ? ["--network_train_unet_only"] : []),
      metadata: (value) => ({ ss_text_encoder_lr: value?.learningRate ?? null }),
    },
    drawThings: { name: "train text model", value: () => "off" },
    shown: (value) => (value === null ? "no" : null),
    parts: textModelRows,
  }),
}
