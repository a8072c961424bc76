/**
 * What schedules that fall have in common, the rate they come down to and the step at which they are there, and the one that holds
 * before it falls.
 *
 * The last step is that of the whole course: one that is trained up to a step of it (`untilStep`) falls as the whole does.
 */
import { Schema } from "effect"
import { nothingInDrawThings, number, rate } from "./other-words.ts"
import { type Beside, type Rule, requiredRow, resolvedRow, row } from "./row.ts"
import { atLeast } from "./rules.ts"

/** The rates that the schedule bends; what is not trained has none. */
const lowestPeak = ({ unetLearningRate, textModel, customEmbedding }: Beside): number =>
  Math.min(
    ...[unetLearningRate, textModel?.learningRate ?? 0, customEmbedding?.learningRate ?? 0].filter((peak) => peak > 0),
  )

export const floor = row(Schema.Finite, {
  title: "schedule floor",
  unit: "per step",
  meaning: "The rate it comes down to.",
  default: 0,
  inForce: "rates",
  rules: [atLeast(0, "0 is usual")],
  together: [
    {
      holds: (value, beside) => value <= lowestPeak(beside),
      why: "",
      says: (value, beside) => `${value} lies above the learning rate ${lowestPeak(beside)}`,
      hint: "The floor is a rate, and holds for all that is trained",
    },
    {
      holds: (value, beside) => value !== lowestPeak(beside),
      why: "is the learning rate itself, which so never falls",
      hint: 'Give a lower floor, or { kind: "constant" }',
      severity: "warning",
    },
  ],
  kohya: { name: "--lr_scheduler_min_lr_ratio, which is floor / rate" },
  drawThings: { name: "UNet learning rate lower bound" },
  shown: rate,
})

/** When it is down; `together`: what this has to be beside the warm-up. */
export const fallenAt = (together: readonly Rule<number | null>[]) =>
  resolvedRow(Schema.NullOr(Schema.Int), Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)), {
    title: "schedule steps",
    unit: "updates",
    meaning: "Step at which it has come down, and stays; null: the last one.",
    default: null,
    inForce: "rates",
    rules: [atLeast(1, "null takes all steps")],
    together: [
      ...together,
      {
        holds: (given, { steps }) => given === null || given <= steps,
        why: "",
        says: (given, { steps }) =>
          `${given} is more than the ${steps} steps there are, so the rate does not come down to the floor`,
        hint: "Give null for all steps, unless more are to follow",
        severity: "warning",
      },
    ],
    kohya: { name: "always the whole run" },
    drawThings: nothingInDrawThings,
    shown: (steps) => (steps === null ? "all" : number(steps)),
    resolve: (steps, beside) => steps ?? beside.steps,
  })

const fallLater = 'Give a lower decayFromStep, or { kind: "constant" }'

/**
 * The whole rate up to a step, from there a line down (Hägele et al. 2024, "constant learning rate and cooldown"). Up to that step
 * trainings of any length and with any floor have the same rates, and so the same steps.
 */
export const holdRows = {
  decayFromStep: requiredRow(Schema.Int, {
    title: "decay from step",
    unit: "updates",
    meaning: "Steps with the whole rate; from there on it falls along a straight line.",
    inForce: "rates",
    rules: [atLeast(0, "Four fifths of the steps is usual")],
    together: [
      {
        holds: (from, { warmupSteps }) => warmupSteps < 2 || from >= warmupSteps,
        why: "",
        says: (from, { warmupSteps }) =>
          `${from} lies inside the warm-up of ${warmupSteps} steps, so the full rate is never reached`,
        hint: "Give warmupSteps or more, or fewer warmupSteps",
        severity: "warning",
      },
      {
        holds: (from, { steps }) => from <= steps || steps < 1,
        why: "",
        says: (from, { steps }) => `${from} is more than the ${steps} steps there are, so the rate never falls`,
        hint: fallLater,
        severity: "warning",
      },
      {
        // The first step that may be lower is the second one after it.
        holds: (from, { steps }) => from > steps || from < steps - 1,
        why: "",
        says: (_, { steps }) => `the rate is held through all ${steps} steps, so it never falls`,
        hint: fallLater,
        severity: "warning",
      },
    ],
    kohya: { name: "--lr_decay_steps, which is steps − this" },
    drawThings: nothingInDrawThings,
  }),
  floor,
  steps: fallenAt([]),
}
