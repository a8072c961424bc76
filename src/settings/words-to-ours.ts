/**
 * From other trainers' words to ours, for whoever brings a configuration along: `network_dim` is `networkDim`.
 *
 * The rows know kohya's flags and metadata keys, and a row's title in one word is how Draw Things' configuration spells it. By hand
 * is only what no row says: other spellings, and words whose value has to be counted otherwise. By-hand words come first.
 * Sources: kohya-ss/sd-scripts 48d368f (library/train_util.py), diffusers' train_text_to_image_lora.py, drawthingsai/draw-things-community
 * bfafc68. A value may need another form too: the parameter's own check says so.
 */
import type { Row, Rows } from "./row.ts"
import { trainRows } from "./train-rows.ts"
import { TrainSettings } from "./train-settings.ts"

/** Other spellings of what a row knows, in diffusers, in older scripts and in people's memory. */
const spellings: Readonly<Partial<Record<keyof typeof trainRows, readonly string[]>>> = {
  networkDim: ["rank", "lora_rank", "dim"],
  networkScale: ["alpha", "lora_alpha"],
  unetLearningRate: ["learning_rate", "learningRate", "lr"],
  textModel: ["train_text_encoder", "trainTextModel", "textModelLearningRate"],
  steps: ["maxTrainSteps", "num_train_steps"],
  gradientAccumulationSteps: ["train_batch_size", "batch_size", "batchSize"],
  warmupSteps: ["warmup_steps"],
  schedule: ["scheduler"],
  saveEverySteps: ["checkpointing_steps"],
  minSnrGamma: ["snr_gamma"],
  captionDropout: ["caption_dropout_rate"],
  predictionType: ["prediction_type"],
  weightDecay: ["adam_weight_decay"],
  betas: ["adam_beta1", "adam_beta2"],
  eps: ["adam_epsilon"],
}

const fromEpochs = "steps (epochs · pictures / gradientAccumulationSteps)"

/** What is counted otherwise, or belongs to another stage. */
const sentences: Readonly<Record<string, string>> = {
  max_train_epochs: fromEpochs,
  num_train_epochs: fromEpochs,
  epochs: fromEpochs,
  v_parameterization: 'predictionType: "v_prediction"',
  clip_skip: "encode's clipSkip",
  clipSkip: "encode's clipSkip",
  resolution: "crop's size",
  output_name: "checkpoint's name",
}

type Entries = readonly (readonly [word: string, ours: string])[]

/** "--network_alpha, which is scale × dim" → network_alpha; `--optimizer_args "betas=…"` → betas. */
const wordsIn = (kohyaName: string): readonly string[] =>
  [...kohyaName.matchAll(/(?:^|, )--(\w+)(?=,|$)|"(\w+)=/g)].map(([, flag, argument]) => flag ?? argument!)

/** "training steps" → trainingSteps; titles that are more than words have none. */
const inOneWord = (title: string): readonly string[] =>
  /^[a-z]+( [a-z]+)*$/.test(title) ? [title.replace(/ ([a-z])/g, (_, letter: string) => letter.toUpperCase())] : []

/** Keys of the metadata, which only whole parameters have. */
const metadataKeys = ({ kohya, default: value }: Row): readonly string[] =>
  Object.keys(kohya.metadata?.(value, TrainSettings.make({})) ?? {})

/** How the object is written that a part stands in: with the members that it cannot do without. */
const objectWith = (rows: Rows, name?: string): string => {
  const members = Object.entries(rows).flatMap(([member, row]) =>
    row.default === undefined || member === name ? [member] : [],
  )
  return members.join(", ")
}

const writtenAs = (name: string, { parts }: Row): string =>
  parts === undefined ? name : `${name}: { ${objectWith(parts)} }`

const entriesOf = (row: Row, ours: string, others: readonly string[] = []): Entries => {
  const note = / (is .*)$/.exec(row.kohya.name ?? "")?.[1]
  const kohya = [...others, ...wordsIn(row.kohya.name ?? "")]
  return [
    ...kohya.map((word) => [word, note === undefined ? ours : `${ours} (${word} ${note})`] as const),
    ...inOneWord(row.title).map((word) => [word, ours] as const),
  ]
}

const partEntries = (name: string, { parts = {}, kinds = {} }: Row): Entries => [
  ...Object.entries(parts).flatMap(([part, row]) => entriesOf(row, `${name}: { ${objectWith(parts, part)} }`)),
  ...Object.entries(kinds).flatMap(([kind, rows]) =>
    Object.entries(rows).flatMap(([part, row]) =>
      entriesOf(row, `${name}: { kind: "${kind}", ${objectWith(rows, part)} }`),
    ),
  ),
]

/** All words of the rows, those of whole parameters before those of their parts. */
const wordsOf = (rows: Rows, others: Readonly<Record<string, readonly string[]>>): Entries => {
  const all = Object.entries(rows)
  return [
    ...all.flatMap(([name, row]) =>
      entriesOf(row, writtenAs(name, row), [...(others[name] ?? []), ...metadataKeys(row)]),
    ),
    ...all.flatMap(([name, row]) => partEntries(name, row)),
  ]
}

/** What another trainer's word is called here, or how it is written: "networkDim", "textModel: { learningRate }". */
export const wordsToOurs: Readonly<Record<string, string>> = {
  // The first entry of a word counts.
  ...Object.fromEntries([...wordsOf(trainRows, spellings)].reverse()),
  ...sentences,
}
