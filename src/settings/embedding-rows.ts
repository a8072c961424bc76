/** A custom embedding: new tokens for a word of the user's own, trained along with the adapters or alone. */
import { Schema } from "effect"
import { adaptedParts } from "./adapter-spec.ts"
import { withDefault } from "./field-defaults.ts"
import { isKeyword } from "./keyword.ts"
import { nothingInDrawThings, number, rate, same } from "./other-words.ts"
import { type Beside, fieldsOf, requiredRow, resolvedRow, row, settingFieldsOf } from "./row.ts"
import { above0, atLeast, notTooLow, trainsNothing } from "./rules.ts"

const keywordHint = 'Use letters, digits, "-" and "_", such as "my-dog"; captions may write it as <my-dog>'
/** What a caption has room for between its first and its last token. */
const mostTokens = 75

const isAlone = (beside: Beside): boolean => {
  const { unet, text } = adaptedParts(beside)
  return !unet && !text
}

export const customEmbeddingRows = {
  keyword: requiredRow(Schema.String, {
    title: "embedding",
    unit: "word",
    meaning:
      "`<keyword>` in a caption or prompt stands for the embedding, and so does the keyword as a word of its own.",
    inForce: "start",
    rules: [{ holds: isKeyword, why: "is not one word", hint: keywordHint }],
    kohya: { name: "--token_string" },
    drawThings: same("embedding name"),
    shown: (keyword) => `<${keyword}>`,
  }),
  length: row(Schema.Int, {
    title: "embedding length",
    unit: "tokens",
    meaning: "Tokens it is made of.",
    default: 4,
    inForce: "start",
    rules: [
      {
        holds: (length) => length >= 1 && length <= mostTokens,
        why: `must be 1 to ${mostTokens} tokens`,
        hint: "4 is usual",
      },
    ],
    kohya: { name: "--num_vectors_per_token" },
    drawThings: same("embedding length"),
  }),
  learningRate: row(Schema.Finite, {
    title: "embedding learning rate",
    unit: "per step",
    meaning: "Learning rate of its rows after warm-up.",
    default: 5e-3,
    inForce: "rates",
    rules: [above0("1e-3 to 1e-2 is usual; customEmbedding: null trains none", trainsNothing)],
    together: [
      notTooLow,
      {
        holds: (value) => value < 0.05,
        why: "often tears an embedding apart",
        hint: "Try 5e-3 first",
        severity: "warning",
      },
    ],
    kohya: { name: "--learning_rate" },
    drawThings: same("embedding learning rate"),
    shown: rate,
  }),
  stopAtStep: row(Schema.NullOr(Schema.Int), {
    title: "stop embedding at",
    unit: "updates",
    meaning: "Steps that train it; afterwards it is held and stays in use. null: all of them.",
    default: null,
    inForce: "rates",
    rules: [{ ...atLeast(1, "null trains it in all steps"), why: "must be 1 or more: it would never be trained" }],
    together: [
      {
        holds: (stop, beside) => stop === null || stop >= beside.steps || !isAlone(beside),
        why: "",
        says: (stop) => `the embedding trains alone, so nothing changes after step ${stop}`,
        hint: "Train as many steps",
        advice: (stop) => `Set steps to ${stop}`,
        severity: "warning",
      },
      {
        holds: (stop, { steps }) => stop === null || stop <= steps,
        why: "",
        says: (stop, { steps }) =>
          `${stop} is more than the ${steps} steps there are, so the embedding is trained in all of them`,
        hint: "Give null for all steps, unless more are to follow",
        severity: "warning",
      },
      {
        holds: (stop, { steps, warmupSteps }) =>
          stop === null || stop > steps || warmupSteps < 2 || stop >= warmupSteps,
        why: "",
        says: (stop, { warmupSteps }) =>
          `${stop} lies inside the warm-up of ${warmupSteps} steps, so the embedding never has its full rate`,
        hint: "Give more steps than warmupSteps, or fewer warmupSteps",
        severity: "warning",
      },
    ],
    kohya: { name: null },
    drawThings: {
      name: "stop embedding training at step",
      value: (stop, { gradientAccumulationSteps: pictures }) => (stop === null ? "0" : number(stop * pictures)),
    },
    shown: (stop) => (stop === null ? "never" : number(stop)),
  }),
  initWord: row(Schema.NullOr(Schema.String), {
    title: "embedding starts from",
    unit: "words",
    meaning:
      "Word whose tokens' rows the new ones start from, again and again where it is shorter; null: noise as large as the rows the model knows.",
    default: null,
    inForce: "start",
    rules: [
      {
        holds: (word) => word?.trim() !== "",
        why: "",
        says: () => "it is empty",
        hint: 'Give a word, such as "dog", or null to start from noise',
      },
    ],
    kohya: { name: "--init_word" },
    drawThings: nothingInDrawThings,
    shown: (word) => word,
  }),
}

const Written = Schema.NullOr(Schema.Struct(fieldsOf(customEmbeddingRows)))
const Setting = withDefault(Schema.NullOr(Schema.Struct(settingFieldsOf(customEmbeddingRows))), null)

export const embeddingRows = {
  customEmbedding: resolvedRow(Written, Setting, {
    title: "custom embedding",
    unit: "",
    meaning: "New tokens for a word of your own, trained along with the LoRA or alone.",
    default: null,
    inForce: "parts",
    kohya: { name: "a script of its own: train_textual_inversion.py" },
    drawThings: same("train custom embedding"),
    shown: () => null,
    parts: customEmbeddingRows,
  }),
}
