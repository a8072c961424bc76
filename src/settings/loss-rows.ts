/** What a picture is shown with, and what is asked of the UNet: noise, timesteps, caption, target, weight. */
import { Schema } from "effect"
import { fixedInDrawThings, nothingInDrawThings, number, same } from "./other-words.ts"
import { PredictionType } from "./prediction-type.ts"
import { requiredRow, row } from "./row.ts"
import { above0, atLeast, isFraction } from "./rules.ts"

const end = (meaning: string, title: string) =>
  requiredRow(Schema.Finite, {
    title,
    unit: "fraction",
    meaning,
    inForce: "step",
    rules: [{ holds: isFraction, why: "must lie between 0 and 1", hint: "0 is the noisy start, 1 the clean end" }],
    kohya: { name: null },
    drawThings: same(title),
  })

const denoisingRows = {
  start: end("Where the trained part starts.", "denoising start"),
  end: end("Where it ends.", "denoising end"),
}

const Denoising = Schema.Struct({ start: Schema.Finite, end: Schema.Finite })

/** Of the thousand that the base models know: 0 the noisy start, 1 the clean end. */
const timestepOf = (fraction: number): number => Math.round((1 - fraction) * 999)

export const lossRows = {
  noiseOffset: row(Schema.Finite, {
    title: "noise offset",
    unit: "deviation",
    meaning: "Standard deviation of a random brightness added to the noise, drawn per picture and channel.",
    default: 0,
    inForce: "step",
    rules: [atLeast(0, "Usual values are 0 to 0.1")],
    kohya: {
      name: "--noise_offset",
      flags: (offset) => (offset === 0 ? [] : [`--noise_offset ${number(offset)}`]),
      metadata: (offset) => ({ ss_noise_offset: offset }),
    },
    drawThings: same("noise offset"),
  }),
  denoising: row(Denoising, {
    title: "denoising schedule",
    unit: "fraction",
    meaning: "The part of the denoising that is trained: 0 is the noisy start, 1 the clean end.",
    default: { start: 0, end: 1 },
    inForce: "step",
    rules: [
      {
        holds: ({ start, end }) => isFraction(start) && isFraction(end) && start <= end,
        why: "start and end must lie between 0 and 1, the start first",
        hint: "{ start: 0, end: 1 } trains all of it",
      },
    ],
    together: [
      {
        holds: ({ start, end }) => timestepOf(start) !== timestepOf(end),
        why: "",
        says: ({ start, end }) => `${start} to ${end} is a single timestep, and the others are left as they are`,
        hint: "{ start: 0, end: 1 } trains all of them",
        severity: "warning",
      },
    ],
    kohya: {
      name: "--min_timestep, --max_timestep",
      // kohya's upper end is not drawn.
      flags: ({ start, end }, { timesteps: { lowest, highest } }) =>
        start === 0 && end === 1 ? [] : [`--min_timestep ${lowest}`, `--max_timestep ${highest + 1}`],
    },
    drawThings: {
      name: "denoising schedule",
      value: ({ start, end }) => `${number(100 * start)} % … ${number(100 * end)} %`,
    },
    shown: ({ start, end }) => `${start} … ${end}`,
    parts: denoisingRows,
  }),
  minSnrGamma: row(Schema.NullOr(Schema.Finite), {
    title: "min-SNR γ",
    unit: "γ",
    meaning: "Min-SNR weighting of the loss (Hang et al. 2023), 5 in the paper; null weighs every timestep the same.",
    default: null,
    inForce: "step",
    rules: [{ ...above0("5 is usual"), why: "must be greater than 0, or null" }],
    kohya: {
      name: "--min_snr_gamma",
      flags: (gamma) => (gamma === null ? [] : [`--min_snr_gamma ${number(gamma)}`]),
      metadata: (gamma) => ({ ss_min_snr_gamma: gamma }),
    },
    drawThings: fixedInDrawThings(1),
    shown: (gamma) => (gamma === null ? "none" : number(gamma)),
  }),
  captionDropout: row(Schema.Finite, {
    title: "caption dropout",
    unit: "fraction",
    meaning: "Share of the pictures, drawn afresh at each use, that are trained on with an empty caption.",
    default: 0,
    inForce: "step",
    rules: [
      {
        holds: (share) => share >= 0 && share < 1,
        why: "must lie between 0 and 1, 1 excluded",
        hint: "0.05 to 0.1 is usual, 0 drops none",
      },
    ],
    kohya: { name: "caption_dropout_rate in the dataset's configuration" },
    drawThings: { name: "caption_dropout_rate, which the app does not show", value: () => null },
    shown: (share) => (share > 0 ? number(share) : null),
    unrecorded: 0,
  }),
  predictionType: row(Schema.NullOr(PredictionType), {
    title: "prediction",
    unit: "word",
    meaning:
      'What the UNet predicts, `"epsilon"` or `"v_prediction"`, where a model\'s configuration is wrong; null: as it says.',
    default: null,
    inForce: "step",
    kohya: {
      name: "--v_parameterization",
      flags: (predicted) => (predicted === "v_prediction" ? ["--v_parameterization"] : []),
    },
    drawThings: nothingInDrawThings,
    shown: (predicted) => (predicted === "v_prediction" ? "v" : null),
  }),
}
