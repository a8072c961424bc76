/**
 * The training job: updates until the last step or until asked to stop, with a record of each and snapshots on the way.
 *
 * Promises: the step that was begun when the parent asked to stop is finished and kept as a snapshot; after the first
 * interval every adapter's `up` that can has moved from zero, or the run fails and says which did not.
 */
import { join } from "node:path"
import { Effect } from "effect"
import { workFailure } from "../jobs/engine-failure.ts"
import { Parent } from "../jobs/parent.ts"
import type { StepRecord, TrainJob, TrainResult } from "../jobs/train-job.ts"
import { type AdapterLayout, viewOf } from "./adapter-layout.ts"
import type { LearningRates } from "./learning-rates.ts"
import { type TrainState, writeSnapshot } from "./snapshot.ts"
import { openTrainer, type Trainer, type Update } from "./trainer.ts"

/** Weight of the past in the smoothed loss: about the last 50 steps count. */
const smoothing = 0.98

/** The adapters are checked after this many updates; one is enough for `up` to leave zero. */
const checkedInterval = 10

/** The UNet's rate, or where it is not trained the rate of what is. */
const mainRate = ({ unet, text, embedding }: LearningRates): number => unet ?? text ?? embedding ?? 0

const recordOf = (update: Update, state: TrainState, startedAt: number): StepRecord => {
  const loss = update.pictures.reduce((sum, picture) => sum + picture.loss, 0) / update.pictures.length
  state.lossAverage = smoothing * state.lossAverage + (1 - smoothing) * loss
  return {
    step: state.step,
    loss,
    // The average started at zero; dividing by the weight it has gathered so far takes that out.
    lossSmoothed: state.lossAverage / (1 - smoothing ** state.step),
    learningRate: mainRate(update.learningRates),
    learningRates: update.learningRates,
    gradNorm: update.gradNorm,
    timesteps: update.pictures.map(({ drawn }) => drawn.timestep),
    losses: update.pictures.map((picture) => picture.loss),
    elapsedMs: performance.now() - startedAt,
    residentBytes: process.memoryUsage.rss(),
  }
}

/** Adapters whose `up` is still where it began, at zero. */
export const unmovedModules = ({ modules }: AdapterLayout, parameters: Float32Array): readonly string[] =>
  modules.filter(({ up }) => viewOf(parameters, up).every((value) => value === 0)).map(({ key }) => key)

const checkMoved = ({ layout, state, immovable }: Trainer) => {
  const still = unmovedModules(layout, state.parameters)
  const excused = still.length === 0 ? new Set() : immovable()
  const unmoved = still.filter((key) => !excused.has(key))
  if (unmoved.length === 0) return Effect.void
  const others = unmoved.length > 3 ? ` and ${unmoved.length - 3} more` : ""
  return workFailure(
    `training, after step ${state.step}`,
    `these adapters have not moved at all: ${unmoved.slice(0, 3).join(", ")}${others}`,
    "Check the learning rate; if it is not tiny, please report this with the base model's name",
  )
}

export const train = Effect.fn("train")(function* (job: TrainJob) {
  const parent = yield* Parent
  const trainer = yield* openTrainer(job)
  const { layout, state, facts, update } = trainer
  yield* parent.tell({ kind: "start", facts })
  const checkAt = Math.min(checkedInterval, job.untilStep)
  let keptStep = job.fromStep
  // Once for each step: the parent takes the file away, and a wish to stop may come just after a snapshot.
  const keep = Effect.gen(function* () {
    const { step } = state
    if (step <= keptStep) return
    keptStep = step
    const file = join(job.snapshotFolder, `${step}.safetensors`)
    yield* writeSnapshot(file, layout, state)
    yield* parent.tell({ kind: "snapshot", snapshot: { step, file } })
  })
  const hasEnded = () => state.step >= job.untilStep || parent.asksToStop()

  while (!hasEnded()) {
    const startedAt = performance.now()
    const record = recordOf(yield* update, state, startedAt)
    yield* parent.tell({ kind: "step", record })
    if (state.step === checkAt) yield* checkMoved(trainer)
    if (hasEnded() || !job.snapshotAtSteps.includes(state.step)) continue
    yield* keep
  }
  yield* keep
  return { step: state.step, stopped: state.step < job.untilStep } satisfies TrainResult
})
