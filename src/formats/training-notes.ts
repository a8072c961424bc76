/**
 * What the metadata of an adapter file says about its training, in the same words whoever wrote it: kohya's `ss_…` keys,
 * Stability's `modelspec.…` keys, and the few that Draw Things and diffusers write.
 *
 * The text may come from a stranger: control characters are taken out, so that nothing in it can steer a terminal.
 */

export interface TrainingNote {
  readonly label: string
  readonly value: string
}

export interface TrainingNotes {
  readonly notes: readonly TrainingNote[]
  readonly triggers: readonly string[]
  /** Tags of all captions and how often each occurs, the most frequent first. */
  readonly tags: readonly (readonly [tag: string, count: number])[]
}

type Metadata = Readonly<Record<string, string>>

const printable = (text: string): string => text.replace(/\p{Cc}+/gu, " ").trim()

/** Python's None says nothing. */
const said = (metadata: Metadata, key: string): string | undefined => {
  const value = printable(metadata[key] ?? "")
  return value === "" || value === "None" || value === "null" ? undefined : value
}

const together = (parts: readonly (string | undefined)[]): string | undefined => {
  const present = parts.filter((part) => part !== undefined)
  return present.length === 0 ? undefined : present.join(", ")
}

const phrase = (before: string, value: string | undefined, after = ""): string | undefined =>
  value === undefined ? undefined : `${before}${value}${after}`

const stepsLine = (of: (key: string) => string | undefined): string | undefined => {
  const [step, all] = [of("ss_steps"), of("ss_max_train_steps")]
  const accumulation = of("ss_gradient_accumulation_steps")
  return together([
    step === undefined || all === undefined || step === all ? phrase("", step ?? all) : `${step} of ${all}`,
    phrase("batch ", of("ss_total_batch_size") ?? of("ss_batch_size_per_device")),
    accumulation === "1" ? undefined : phrase("accumulation ", accumulation),
    phrase("", of("ss_num_epochs"), " epochs"),
  ])
}

const ratesLine = (of: (key: string) => string | undefined): string | undefined =>
  together([
    phrase("UNet ", of("ss_unet_lr") ?? of("ss_learning_rate")),
    phrase("text encoder ", of("ss_text_encoder_lr")),
    of("ss_lr_scheduler"),
    phrase("warm-up ", of("ss_lr_warmup_steps")),
  ])

const options = (of: (key: string) => string | undefined): string | undefined =>
  together([
    phrase("seed ", of("ss_seed")),
    phrase("CLIP skip ", of("ss_clip_skip")),
    phrase("noise offset ", of("ss_noise_offset")),
    phrase("min-SNR γ ", of("ss_min_snr_gamma")),
    phrase("gradient norm ", of("ss_max_grad_norm")),
  ])

const notesOf = (of: (key: string) => string | undefined): readonly TrainingNote[] => {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["title", of("modelspec.title") ?? of("ss_output_name")],
    ["author", of("modelspec.author")],
    ["licence", of("modelspec.license")],
    ["says it fits", together([of("ss_base_model_version"), of("modelspec.architecture")])],
    [
      "base model",
      together([of("ss_sd_model_name"), phrase("SHA-256 ", of("ss_new_sd_model_hash")?.slice(0, 12), "…")]),
    ],
    [
      "network",
      together([of("ss_network_module"), of("ss_network_args") === "{}" ? undefined : of("ss_network_args")]),
    ],
    ["steps", stepsLine(of)],
    ["rates", ratesLine(of)],
    ["optimizer", of("ss_optimizer")],
    ["options", options(of)],
    [
      "pictures",
      together([of("ss_num_train_images"), phrase("at ", of("ss_resolution") ?? of("modelspec.resolution"))]),
    ],
    ["prediction", of("modelspec.prediction_type")],
    ["finished", of("modelspec.date")],
    ["comment", together([of("ss_training_comment"), of("modelspec.description"), of("modelspec.usage_hint")])],
    ["hash", of("sshs_model_hash")],
  ]
  return rows.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]))
}

/** kohya counts tags per folder; here all folders together. */
const tagsOf = (text: string | undefined): TrainingNotes["tags"] => {
  const counts = new Map<string, number>()
  try {
    const folders: unknown = JSON.parse(text ?? "{}")
    for (const tags of Object.values(folders as Readonly<Record<string, unknown>>)) {
      for (const [tag, count] of Object.entries(tags as Readonly<Record<string, unknown>>)) {
        if (typeof count === "number") counts.set(printable(tag), (counts.get(printable(tag)) ?? 0) + count)
      }
    }
  } catch {
    return []
  }
  return [...counts].sort((a, b) => b[1] - a[1])
}

const triggersOf = (of: (key: string) => string | undefined): readonly string[] => [
  ...new Set(["modelspec.trigger_phrase", "trigger_word", "instance_prompt"].flatMap((key) => of(key) ?? [])),
]

export const trainingNotes = (metadata: Metadata): TrainingNotes => {
  const of = (key: string) => said(metadata, key)
  return { notes: notesOf(of), triggers: triggersOf(of), tags: tagsOf(metadata["ss_tag_frequency"]) }
}
