/**
 * The curves a learning rate can follow after warm-up, as data; what they give at each update: `diffusion/learning-rate.ts`.
 *
 * They count in updates of their own and never look at the length of the run, so that two plans which agree up to an
 * update give the same training up to there.
 */
import { Schema } from "effect"
import { fallenAt, floor, holdRows } from "./falling-rows.ts"
import { withDefault } from "./field-defaults.ts"
import { inPictures, number, rate, type Told } from "./other-words.ts"
import { type Beside, fieldsOf, requiredRow, resolvedRow, settingFieldsOf } from "./row.ts"
import { atLeast } from "./rules.ts"

const cosineRows = {
  floor,
  steps: fallenAt([
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
  ]),
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
  Schema.Struct({ kind: Schema.Literal("hold"), ...fieldsOf(holdRows) }),
])
type Schedule = typeof Schedule.Type

/** As the engine obeys it: `steps` is always a number. */
export const LearningRateCurve = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("constant") }),
  /** Half a cosine from the peak, after warm-up, down to `floor` at update `steps` and held there. */
  Schema.Struct({ kind: Schema.Literal("cosine"), ...settingFieldsOf(cosineRows) }),
  /** Half cosines from the peak to `floor`, one each `stepsBetweenRestarts` − 1 updates, not delayed by warm-up. */
  Schema.Struct({ kind: Schema.Literal("cosine-restarts"), ...settingFieldsOf(restartRows) }),
  /** The peak up to update `decayFromStep`, from there a straight line down to `floor` at update `steps` and held there. */
  Schema.Struct({ kind: Schema.Literal("hold"), ...settingFieldsOf(holdRows) }),
])
export type LearningRateCurve = typeof LearningRateCurve.Type

const constant = { kind: "constant" } as const

/** Steps after a schedule has come down to 0: they change nothing. */
const idleSteps = (schedule: Schedule, { steps }: Beside): number =>
  "steps" in schedule && schedule.floor === 0 && schedule.steps !== null && schedule.steps >= 1
    ? Math.max(0, steps - schedule.steps)
    : 0

/** The whole rate is held at least until it has to be down. */
const fallsAtOnce = (schedule: Schedule): boolean =>
  schedule.kind === "hold" && schedule.steps !== null && schedule.steps <= schedule.decayFromStep

const constantInKohya = ({ warmupSteps }: Beside): string => (warmupSteps > 0 ? "constant_with_warmup" : "constant")

const floorInKohya = (floor: number, { unetLearningRate: peak }: Told): string =>
  `--lr_scheduler_min_lr_ratio ${peak > 0 ? number(floor / peak) : "0"}`

const kohyaFlags = (schedule: Schedule, told: Told): readonly string[] => {
  switch (schedule.kind) {
    case "constant":
      return [`--lr_scheduler ${constantInKohya(told)}`]
    case "cosine":
      if (schedule.floor === 0) return ["--lr_scheduler cosine"]
      return ["--lr_scheduler cosine_with_min_lr", floorInKohya(schedule.floor, told)]
    case "cosine-restarts": {
      const cycles = Math.max(1, Math.round(told.steps / Math.max(1, schedule.stepsBetweenRestarts - 1)))
      return ["--lr_scheduler cosine_with_restarts", `--lr_scheduler_num_cycles ${cycles}`]
    }
    case "hold":
      return [
        "--lr_scheduler warmup_stable_decay",
        `--lr_decay_steps ${Math.max(0, told.steps - schedule.decayFromStep)}`,
        `--lr_scheduler_args "decay_type='linear'"`,
        ...(schedule.floor === 0 ? [] : [floorInKohya(schedule.floor, told)]),
      ]
  }
}

const kohyaNames = {
  cosine: "cosine",
  "cosine-restarts": "cosine_with_restarts",
  hold: "warmup_stable_decay",
} as const

const inDrawThings = (schedule: Schedule, { gradientAccumulationSteps: pictures }: Told): string | null => {
  if (schedule.kind === "constant") return "no restarts"
  if (schedule.kind !== "cosine-restarts") return null
  return `steps between restarts ${number((schedule.stepsBetweenRestarts - 1) * pictures + 1)}`
}

const shown = (schedule: Schedule): string => {
  if (schedule.kind === "constant") return "constant"
  if (schedule.kind === "cosine-restarts") return `cosine, restarts every ${schedule.stepsBetweenRestarts - 1}`
  const down = schedule.floor === 0 ? "" : ` down to ${rate(schedule.floor)}`
  return schedule.kind === "cosine" ? `cosine${down}` : `held for ${schedule.decayFromStep} steps, then a line${down}`
}

export const schedule = resolvedRow(Schedule, withDefault(LearningRateCurve, constant), {
  title: "schedule",
  unit: "",
  meaning:
    'What all learning rates do after warm-up: `{ kind: "constant" }`; `{ kind: "cosine", floor, steps }` falls along half a cosine, once; `{ kind: "cosine-restarts", floor, stepsBetweenRestarts }` does so again and again; `{ kind: "hold", decayFromStep, floor, steps }` stays whole up to a step and falls along a straight line from there.',
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
    {
      holds: (schedule) => !fallsAtOnce(schedule),
      why: "",
      says: (schedule) =>
        schedule.kind === "hold"
          ? `the rate is to be down at step ${schedule.steps}, and not to fall before step ${schedule.decayFromStep}`
          : "",
      hint: "Give decayFromStep less than the schedule's steps, or leave those out",
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
  kinds: { constant: {}, cosine: cosineRows, "cosine-restarts": restartRows, hold: holdRows },
  unrecorded: constant,
})
