/**
 * The curves a learning rate can follow after warm-up, as data; what they give at each update: `diffusion/learning-rate.ts`.
 *
 * They count in updates of their own and never look at the length of the run, so that two plans which agree up to an
 * update give the same training up to there.
 */
import { Schema } from "effect"
import { withDefault } from "./field-defaults.ts"
import { inPictures, nothingInDrawThings, number, rate, type Told } from "./other-words.ts"
import { type Beside, fieldsOf, requiredRow, resolvedRow, row, settingFieldsOf } from "./row.ts"
import { atLeast } from "./rules.ts"

/** The rates that the schedule bends; what is not trained has none. */
const lowestPeak = ({ unetLearningRate, textModel, customEmbedding }: Beside): number =>
  Math.min(
    ...[unetLearningRate, textModel?.learningRate ?? 0, customEmbedding?.learningRate ?? 0].filter((peak) => peak > 0),
  )

const floor = row(Schema.Finite, {
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

const cosineRows = {
  floor,
  steps: resolvedRow(Schema.NullOr(Schema.Int), Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)), {
    title: "schedule steps",
    unit: "updates",
    meaning: "Step at which it has come down, and stays; null: the last one.",
    default: null,
    inForce: "rates",
    rules: [atLeast(1, "null takes all steps")],
    together: [
      {
        holds: (steps, { warmupSteps }) => steps === null || warmupSteps < 2 || steps > warmupSteps,
        why: "",
        says: (steps, { warmupSteps }) =>
          `${steps} lies inside the warm-up of ${warmupSteps} steps, so the rate drops from its peak to the floor at once`,
        hint: "Give more steps than warmupSteps, or null for all of them",
        severity: "warning",
      },
      {
        // More warm-up than there are steps is told by itself.
        holds: (given, { steps, warmupSteps }) => given !== null || warmupSteps < 2 || warmupSteps !== steps,
        why: "",
        says: (_, { warmupSteps }) => `the warm-up takes all ${warmupSteps} steps, so the rate never falls`,
        hint: "Give fewer warmupSteps: a tenth of the steps is plenty",
        severity: "warning",
      },
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
  }),
}

const restartRows = {
  floor,
  stepsBetweenRestarts: requiredRow(Schema.Int, {
    title: "steps between restarts",
    unit: "updates",
    meaning: "Steps from one peak to the next, and one more, as Draw Things counts them.",
    inForce: "rates",
    rules: [atLeast(2, "200 is usual")],
    together: [
      {
        holds: (steps) => steps > 2,
        why: "is a restart at every step, so the rate never falls",
        hint: 'Give 3 or more, or { kind: "constant" }',
        severity: "warning",
      },
      {
        holds: (between, { steps }) => between - 1 <= steps || steps < 1,
        why: "",
        says: (between, { steps }) => `${between} is more than the ${steps} steps there are, so there is no restart`,
        hint: 'Give fewer, or { kind: "cosine" }, which comes down at the last step',
        severity: "warning",
      },
      {
        holds: (between, { warmupSteps, steps }) => between <= 2 || warmupSteps <= between - 1 || between - 1 > steps,
        why: "",
        says: (between, { warmupSteps }) =>
          `the first restart, after ${between - 1} steps, comes inside the warm-up of ${warmupSteps}`,
        hint: "Give fewer warmupSteps",
        severity: "warning",
      },
    ],
    kohya: { name: "--lr_scheduler_num_cycles, which is steps / this" },
    drawThings: inPictures("steps between restarts"),
  }),
}

const Schedule = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("constant") }),
  Schema.Struct({ kind: Schema.Literal("cosine"), ...fieldsOf(cosineRows) }),
  Schema.Struct({ kind: Schema.Literal("cosine-restarts"), ...fieldsOf(restartRows) }),
])
type Schedule = typeof Schedule.Type

/** As the engine obeys it: `steps` is always a number. */
export const LearningRateCurve = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("constant") }),
  /** Half a cosine from the peak, after warm-up, down to `floor` at update `steps` and held there. */
  Schema.Struct({ kind: Schema.Literal("cosine"), ...settingFieldsOf(cosineRows) }),
  /** Half cosines from the peak to `floor`, one each `stepsBetweenRestarts` − 1 updates, not delayed by warm-up. */
  Schema.Struct({ kind: Schema.Literal("cosine-restarts"), ...settingFieldsOf(restartRows) }),
])
export type LearningRateCurve = typeof LearningRateCurve.Type

const constant = { kind: "constant" } as const

/** Steps after a cosine has come down to 0: they change nothing. */
const idleSteps = (schedule: Schedule, { steps }: Beside): number =>
  schedule.kind === "cosine" && schedule.floor === 0 && schedule.steps !== null && schedule.steps >= 1
    ? Math.max(0, steps - schedule.steps)
    : 0

const constantInKohya = ({ warmupSteps }: Beside): string => (warmupSteps > 0 ? "constant_with_warmup" : "constant")

const kohyaFlags = (schedule: Schedule, told: Told): readonly string[] => {
  switch (schedule.kind) {
    case "constant":
      return [`--lr_scheduler ${constantInKohya(told)}`]
    case "cosine": {
      const { unetLearningRate: peak } = told
      if (schedule.floor === 0) return ["--lr_scheduler cosine"]
      const ratio = peak > 0 ? number(schedule.floor / peak) : "0"
      return ["--lr_scheduler cosine_with_min_lr", `--lr_scheduler_min_lr_ratio ${ratio}`]
    }
    case "cosine-restarts": {
      const cycles = Math.max(1, Math.round(told.steps / Math.max(1, schedule.stepsBetweenRestarts - 1)))
      return ["--lr_scheduler cosine_with_restarts", `--lr_scheduler_num_cycles ${cycles}`]
    }
  }
}

const kohyaNames = { cosine: "cosine", "cosine-restarts": "cosine_with_restarts" } as const

const inDrawThings = (schedule: Schedule, { gradientAccumulationSteps: pictures }: Told): string | null => {
  if (schedule.kind === "constant") return "no restarts"
  if (schedule.kind === "cosine") return null
  return `steps between restarts ${number((schedule.stepsBetweenRestarts - 1) * pictures + 1)}`
}

const shown = (schedule: Schedule): string => {
  if (schedule.kind === "constant") return "constant"
  if (schedule.kind === "cosine-restarts") return `cosine, restarts every ${schedule.stepsBetweenRestarts - 1}`
  return schedule.floor === 0 ? "cosine" : `cosine down to ${rate(schedule.floor)}`
}

export const schedule = resolvedRow(Schedule, withDefault(LearningRateCurve, constant), {
  title: "schedule",
  unit: "",
  meaning:
    'What all learning rates do after warm-up: `{ kind: "constant" }`; `{ kind: "cosine", floor, steps }` falls along half a cosine, once; `{ kind: "cosine-restarts", floor, stepsBetweenRestarts }` does so again and again.',
  default: constant,
  inForce: "rates",
  together: [
    {
      holds: (schedule, beside) => idleSteps(schedule, beside) === 0,
      why: "",
      says: (schedule, beside) =>
        `the rates have come down to 0 before the end, so the last ${idleSteps(schedule, beside)} steps change nothing`,
      hint: "Leave the schedule's steps out, train fewer steps, or give a floor above 0",
      severity: "warning",
    },
  ],
  kohya: {
    name: "--lr_scheduler",
    flags: kohyaFlags,
    metadata: ({ kind }, beside) => ({
      ss_lr_scheduler: kind === "constant" ? constantInKohya(beside) : kohyaNames[kind],
    }),
  },
  drawThings: { name: "steps between restarts", value: inDrawThings },
  shown,
  kinds: { constant: {}, cosine: cosineRows, "cosine-restarts": restartRows },
  unrecorded: constant,
})
