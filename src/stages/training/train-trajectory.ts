/**
 * From settings to snapshots: which steps are already on this trajectory, and training the ones that are not.
 *
 * A save step is reached from the furthest snapshot before it; save steps without a snapshot between them share one run.
 * Only the steps after a change differ in their keys (step-keys.ts), so only they are computed again.
 */
import { Deferred, Effect, Option } from "effect"
import { denoisingBands, lossByBand } from "../../diffusion/denoising-bands.ts"
import { Engine } from "../../engine/engine.ts"
import type { Snapshot, StepRecord, StoredSample } from "../../engine/jobs/train-job.ts"
import type { Blob } from "../../runtime/model/blob.ts"
import type { KnownWorkQuery } from "../../runtime/model/node.ts"
import { StageContext } from "../../runtime/model/stage-context.ts"
import { StageFailure, StageStopped } from "../../runtime/model/stage-failure.ts"
import type { MemoryChoice } from "../../settings/memory-mode.ts"
import { lastStep, type TrainSettings } from "../../settings/train-settings.ts"
import { locateFiles, stageFailure, storedFile } from "../base/engine-words.ts"
import { storedSample } from "../dataset/stored-sample.ts"
import type { BaseModelFolder } from "../wires/base-files.ts"
import type { Dataset } from "../wires/dataset.ts"
import { stepKeys } from "./step-keys.ts"
import { tellStart } from "./tell-start.ts"

export interface Course {
  readonly dataset: Dataset
  readonly base: BaseModelFolder
  readonly settings: TrainSettings
  readonly snapshotEverySteps: number
  readonly memory: MemoryChoice
}

/** Steps at which an adapter is wanted: every so many, and the last one. */
export const saveSteps = (settings: Pick<TrainSettings, "steps" | "untilStep" | "saveEverySteps">) => {
  const [last, every] = [lastStep(settings), settings.saveEverySteps]
  return [...(every === 0 ? [] : multiples(every, 0, last - 1)), last]
}

/** Multiples of `every` in (after, upTo]. */
const multiples = (every: number, after: number, upTo: number): readonly number[] => {
  const first = Math.floor(after / every) + 1
  return Array.from(
    { length: Math.max(0, Math.floor(upTo / every) - first + 1) },
    (_, index) => (first + index) * every,
  )
}

/** How far the steps of this course are known, and how many the last result had: nothing is trained to find out. */
export const knownSteps = Effect.fnUntraced(function* (
  course: Pick<Course, "dataset" | "base" | "settings">,
  { furthest, lastParams }: Pick<KnownWorkQuery<unknown, unknown>, "furthest" | "lastParams">,
) {
  const { keys } = yield* stepKeys(course)
  const found = yield* furthest(keys)
  const before = lastParams?.["untilStep"] ?? lastParams?.["steps"]
  return {
    done: Option.match(found, { onNone: () => 0, onSome: ({ index }) => index + 1 }),
    of: lastStep(course.settings),
    unit: "steps",
    ...(typeof before === "number" && { before }),
  }
})

interface Stretch {
  /** Steps done when it starts, with the snapshot to start from. */
  readonly from: number
  readonly snapshot: Blob | undefined
  /** Save steps to reach, in order. */
  readonly reach: readonly number[]
}

/** The stretches of training that are missing for these save steps. */
const missingStretches = Effect.fnUntraced(function* (keys: readonly string[], wanted: readonly number[]) {
  const { trajectory } = yield* StageContext
  const stretches: Stretch[] = []
  for (const step of wanted) {
    const found = yield* trajectory.furthest(keys.slice(0, step))
    const from = Option.match(found, { onNone: () => 0, onSome: ({ index }) => index + 1 })
    if (from === step) continue
    const last = stretches.at(-1)
    if (last !== undefined && from <= last.reach.at(-1)!) {
      stretches[stretches.length - 1] = { ...last, reach: [...last.reach, step] }
    } else {
      stretches.push({ from, snapshot: Option.getOrUndefined(found)?.blob, reach: [step] })
    }
  }
  return stretches
})

const stepsIn = (stretches: readonly Stretch[]): number =>
  stretches.reduce((sum, { from, reach }) => sum + reach.at(-1)! - from, 0)

const metricsOf = ({ loss, lossSmoothed, learningRate, gradNorm, elapsedMs, residentBytes }: StepRecord) => ({
  loss,
  lossSmoothed,
  learningRate,
  gradNorm,
  elapsedMs,
  residentBytes,
})

/** The rates of the other groups, for the record alone. */
const otherRates = ({ learningRates: { text, embedding } }: StepRecord) => ({
  ...(text !== undefined && { textLearningRate: text }),
  ...(embedding !== undefined && { embeddingLearningRate: embedding }),
})

/** The loss of the step's pictures by quarter of the denoising they were shown: "loss 0–25 %" is the noisy start. */
const bandLosses = ({ timesteps, losses }: StepRecord, { trainTimesteps }: BaseModelFolder) => {
  const measured = timesteps.map((timestep, place) => ({ timestep, loss: losses[place]! }))
  const byBand = lossByBand(measured, trainTimesteps)
  return Object.fromEntries(
    denoisingBands.flatMap((band, place) => {
      const loss = byBand[place]
      return loss === undefined ? [] : [[`loss ${band}`, loss] as const]
    }),
  )
}

/** Where a stretch files snapshots: at every so many steps, where the run wants one besides, and where it saves. */
const snapshotSteps = (
  { snapshotEverySteps }: Course,
  waypoints: readonly number[],
  { from, reach }: Stretch,
): readonly number[] => {
  const untilStep = reach.at(-1)!
  const passed = waypoints.filter((step) => step > from && step < untilStep)
  return [...new Set([...multiples(snapshotEverySteps, from, untilStep), ...passed, ...reach])].sort((a, b) => a - b)
}

const stoppedAt = (done: number, of: number): StageStopped =>
  new StageStopped({ done, of, unit: "steps", hint: `Run the same command again to go on from step ${done}` })

const trainStretch = Effect.fnUntraced(function* (
  course: Course,
  keys: readonly string[],
  samples: readonly StoredSample[],
  stretch: Stretch,
  stepsAfter: number,
) {
  const { from, snapshot, reach } = stretch
  const context = yield* StageContext
  const { blobs, progress, record, stopRequested, trajectory, waypoints } = context
  const engine = yield* Engine
  const last = lastStep(course.settings)
  const untilStep = reach.at(-1)!
  const place = (step: number) => ({ done: step, of: last, unit: "steps", left: untilStep - step + stepsAfter })
  yield* progress(place(from))
  // The engine's hooks cannot fail; what goes wrong in them ends the training through this.
  const trouble = yield* Deferred.make<never, StageFailure>()
  const orTrouble = (work: Effect.Effect<void, StageFailure>) =>
    Effect.catch(work, (failure) => Effect.asVoid(Deferred.fail(trouble, failure)))
  const keep = ({ step, file }: Snapshot) =>
    Effect.flatMap(blobs.take(file), (blob) => trajectory.file(keys[step - 1]!, blob))
  const job = {
    base: yield* locateFiles(course.base.files),
    encoding: course.dataset.encoding,
    settings: course.settings,
    samples,
    ...(snapshot === undefined ? {} : { resume: yield* storedFile(snapshot) }),
    fromStep: from,
    untilStep,
    snapshotAtSteps: snapshotSteps(course, waypoints, stretch),
    snapshotFolder: yield* blobs.scratch,
    memory: course.memory,
  }
  const result = yield* engine
    .train(job, {
      onStart: (facts) => Effect.provideService(tellStart(facts), StageContext, context),
      onStep: (row) =>
        Effect.andThen(
          progress({ ...place(row.step), metrics: metricsOf(row) }),
          orTrouble(
            record("train", {
              step: row.step,
              ...metricsOf(row),
              ...otherRates(row),
              ...bandLosses(row, course.base),
            }),
          ),
        ),
      onSnapshot: (snapshot) => orTrouble(keep(snapshot)),
      shouldStop: stopRequested,
    })
    .pipe(Effect.mapError(stageFailure("train")), Effect.raceFirst(Deferred.await(trouble)))
  if (result.stopped) return yield* stoppedAt(result.step, last)
}, Effect.scoped)

/** Trains the first stretch that is missing, but nothing that somebody else is training at the moment: that is waited for. */
const trainAlone = Effect.fnUntraced(function* ({ course, keys, wanted, samples }: Reaching, planned: Stretch) {
  const { stopRequested, trajectory, waypoints } = yield* StageContext
  const marks = snapshotSteps(course, waypoints, planned).map((step) => keys[step - 1]!)
  yield* trajectory.setOut(keys.slice(0, planned.reach.at(-1)), marks)
  const [stretch, ...later] = yield* missingStretches(keys, wanted)
  // Others may have done it all by now, or gone further than was planned: then the marks would be wrong.
  if (stretch === undefined || stretch.reach.at(-1) !== planned.reach.at(-1)) return
  if (stopRequested()) return yield* stoppedAt(stretch.from, lastStep(course.settings))
  yield* trainStretch(course, keys, yield* samples, stretch, stepsIn(later))
}, Effect.scoped)

interface Reaching {
  readonly course: Course
  readonly keys: readonly string[]
  readonly wanted: readonly number[]
  readonly samples: Effect.Effect<readonly StoredSample[], StageFailure, StageContext>
}

/** The snapshots at all save steps; what is missing is trained. */
export const reachSteps = Effect.fn("reachSteps")(function* (course: Course) {
  const { trajectory } = yield* StageContext
  const { code, keys } = yield* stepKeys(course)
  const wanted = saveSteps(course.settings)
  const samples = yield* Effect.cached(Effect.forEach(course.dataset.samples, storedSample))
  for (;;) {
    const [stretch] = yield* missingStretches(keys, wanted)
    if (stretch === undefined) break
    yield* trainAlone({ course, keys, wanted, samples }, stretch)
  }
  const snapshots = yield* Effect.forEach(wanted, (step) =>
    trajectory.furthest([keys[step - 1]!]).pipe(
      Effect.flatMap(
        Option.match({
          onNone: () => Effect.fail(snapshotLost(step)),
          onSome: ({ blob }) => Effect.succeed({ step, snapshot: blob }),
        }),
      ),
    ),
  )
  return { code, snapshots }
})

const snapshotLost = (step: number): StageFailure =>
  new StageFailure({
    what: "a snapshot is gone",
    where: `step ${step}`,
    why: "it was filed a moment ago and is not in the cache any more",
    hint: "Let nothing delete the cache while a run goes on, and run again",
    kind: "work",
  })
