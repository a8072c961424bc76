/** How long is trained, what is saved on the way, and how the rates go over it. A step is one optimizer update. */
import { Schema } from "effect"
import { flag, inPictures, nothingInDrawThings, nothingInKohya, number, same } from "./other-words.ts"
import { row } from "./row.ts"
import { atLeast } from "./rules.ts"
import { schedule } from "./schedule-rows.ts"

export const courseRows = {
  steps: row(Schema.Int, {
    title: "training steps",
    unit: "updates",
    meaning: "Number of steps; one is one optimizer update, whatever the number of pictures in it.",
    default: 1000,
    inForce: "course",
    rules: [atLeast(1, "Usual values are 500 to 3000")],
    kohya: flag("--max_train_steps", "ss_max_train_steps"),
    drawThings: inPictures("training steps"),
  }),
  untilStep: row(Schema.NullOr(Schema.Int), {
    title: "train until",
    unit: "updates",
    meaning:
      "Only the steps up to this one of the whole course are trained, as they are in the whole; null: all steps.",
    default: null,
    inForce: "course",
    rules: [atLeast(1, "null trains all steps")],
    together: [
      {
        holds: (until, { steps }) => until === null || until <= steps,
        why: "",
        says: (until, { steps }) => `${until} is more than the ${steps} steps there are`,
        hint: "Give null for all steps, or more steps",
      },
    ],
    kohya: nothingInKohya,
    drawThings: nothingInDrawThings,
    shown: (until) => (until === null ? null : number(until)),
    canonical: (until, { steps }) => (until === steps ? null : until),
    unrecorded: null,
  }),
  gradientAccumulationSteps: row(Schema.Int, {
    title: "gradient accumulation",
    unit: "pictures",
    meaning: "Pictures per step; their gradients are averaged.",
    default: 1,
    inForce: "step",
    rules: [atLeast(1, "1 takes one picture per step")],
    kohya: {
      name: "--gradient_accumulation_steps",
      flags: (pictures) => ["--train_batch_size 1", `--gradient_accumulation_steps ${pictures}`],
      metadata: (pictures) => ({
        ss_gradient_accumulation_steps: pictures,
        ss_batch_size_per_device: 1,
        ss_total_batch_size: pictures,
      }),
    },
    drawThings: same("gradient accumulation"),
  }),
  warmupSteps: row(Schema.Int, {
    title: "warm-up steps",
    unit: "updates",
    meaning: "Steps over which the rates rise: by (step + 1) / warmupSteps, counted from 0, until they are whole.",
    default: 20,
    inForce: "rates",
    rules: [atLeast(0, "0 starts at the full rate")],
    together: [
      {
        holds: (warmup, { steps }) => warmup < 2 || warmup <= steps || steps < 1,
        why: "",
        says: (warmup, { steps }) =>
          `${warmup} is more than the ${steps} steps there are, so the full rate is never reached`,
        hint: "A tenth of the steps is plenty",
        severity: "warning",
      },
    ],
    kohya: flag("--lr_warmup_steps", "ss_lr_warmup_steps"),
    drawThings: inPictures("warm-up steps"),
  }),
  schedule,
  saveEverySteps: row(Schema.Int, {
    title: "save every",
    unit: "updates",
    meaning: "A checkpoint every so many steps, beside the one at the end; 0: only at the end.",
    default: 250,
    inForce: "course",
    rules: [atLeast(0, "0 saves only at the end")],
    kohya: {
      name: "--save_every_n_steps",
      flags: (steps) => (steps === 0 ? [] : [`--save_every_n_steps ${steps}`]),
    },
    drawThings: inPictures("save every"),
  }),
  seed: row(Schema.Int, {
    title: "seed",
    unit: "",
    meaning: "Of every random draw: first values, order of pictures, noise, timesteps, dropped captions.",
    default: 0,
    inForce: "start",
    rules: [atLeast(0, "Any whole number from 0 on will do")],
    kohya: flag("--seed", "ss_seed"),
    drawThings: same("seed"),
  }),
}
