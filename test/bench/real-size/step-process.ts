/**
 * The process that is measured: opens a base model, does a few training steps, and tells times as lines of JSON.
 *
 *     node step-process.ts '{"base": "…", "pixels": 512, "steps": 2, "dim": 16, "threads": 2, "accumulation": 1,
 *       "memory": "auto"}'
 *
 * It runs what the engine's host process runs, in its own process so that a benchmark can watch its memory. Pictures
 * and captions are random numbers of the right shape: their content does not change the time of a step.
 */
import { Effect } from "effect"
import { randomStream } from "../../../src/diffusion/random-stream.ts"
import { openUnet } from "../../../src/engine/base/base-model.ts"
import type { MemoryPlan } from "../../../src/engine/jobs/memory-need.ts"
import type { TrainSample } from "../../../src/engine/jobs/train-job.ts"
import { GivesBackAtOnce, ProfilePrefix } from "../../../src/engine/session/session.ts"
import { Sessions } from "../../../src/engine/session/sessions.ts"
import { openTrainer } from "../../../src/engine/train/trainer.ts"
import { conditionShape, type UnetConfig } from "../../../src/models/unet-config.ts"
import { familyOf } from "../../../src/settings/family.ts"
import type { MemoryChoice } from "../../../src/settings/memory-mode.ts"
import { mapCondition } from "../../../src/settings/text-condition.ts"
import { textEncoding } from "../../../src/settings/text-encoding.ts"
import { TrainSettings } from "../../../src/settings/train-settings.ts"
import { filesIn } from "../../rig/files-in.ts"

export interface StepPlan {
  readonly base: string
  readonly pixels: number
  readonly steps: number
  readonly dim: number
  readonly threads: number
  /** Pictures of one update. */
  readonly accumulation: number
  readonly memory: MemoryChoice
  readonly profile: string | null
  /** Whether dead values go back to the system at once, to watch the process's memory. */
  readonly givesBack?: boolean
}

export type StepEvent =
  | { readonly kind: "planned"; readonly plan: MemoryPlan }
  | { readonly kind: "opened"; readonly elapsedMs: number }
  | { readonly kind: "step"; readonly elapsedMs: number; readonly loss: number; readonly gradNorm: number }
  /** Most memory that was resident at once. */
  | { readonly kind: "ended"; readonly peakBytes: number }

const randoms = (length: number, sample: number): Float32Array => {
  const { normal } = randomStream({ seed: 1, purpose: "noise", step: 1, sample })
  return Float32Array.from({ length }, normal)
}

export const randomSample = (pixels: number, config: UnetConfig): TrainSample => {
  const side = pixels / 8
  const shape = conditionShape(config, 77)
  const size = 4 * side * side
  return {
    key: "random",
    caption: "",
    mean: randoms(size, 0).map((value) => 5 * value),
    logVariance: new Float32Array(size).fill(-8),
    latentShape: [4, side, side],
    tokenIds: [Array.from({ length: 77 }, (_, place) => place)],
    condition: mapCondition(shape, (extents, part) =>
      randoms(
        extents.reduce((product, extent) => product * extent, 1),
        part === "states" ? 1 : 2,
      ),
    ),
    conditionShape: shape,
    timeIds: [pixels, pixels, 0, 0, pixels, pixels],
  }
}

const tell = (event: StepEvent): void => {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}

/** Tells how long each session took to make. */
const timed = (sessions: typeof Sessions.Service) =>
  Sessions.of({
    ...sessions,
    get: (request) =>
      Effect.suspend(() => {
        const startedAt = performance.now()
        return Effect.tap(sessions.get(request), () =>
          Effect.sync(() => tell({ kind: "opened", elapsedMs: performance.now() - startedAt })),
        )
      }),
  })

const measured = Effect.fn("measured")(function* ({ base, pixels, steps, dim, accumulation, memory }: StepPlan) {
  const files = filesIn(base)
  const { config } = yield* openUnet(files)
  const trainer = yield* openTrainer({
    base: files,
    encoding: textEncoding(familyOf(config)),
    settings: TrainSettings.make({
      networkDim: dim,
      unetLearningRate: 1e-4,
      steps,
      gradientAccumulationSteps: accumulation,
      seed: 1,
      warmupSteps: 0,
    }),
    samples: [randomSample(pixels, config)],
    fromStep: 0,
    untilStep: steps,
    snapshotAtSteps: [],
    memory,
  })
  tell({ kind: "planned", plan: trainer.facts.memory })
  for (let step = 0; step < steps; step++) {
    const startedAt = performance.now()
    const { pictures, gradNorm } = yield* trainer.update
    tell({ kind: "step", elapsedMs: performance.now() - startedAt, loss: pictures[0]!.loss, gradNorm })
  }
  tell({ kind: "ended", peakBytes: 1024 * process.resourceUsage().maxRSS })
})

if (import.meta.main) {
  const plan = JSON.parse(process.argv[2]!) as StepPlan
  await Effect.flatMap(Sessions, (sessions) => Effect.provideService(measured(plan), Sessions, timed(sessions))).pipe(
    Effect.provideService(ProfilePrefix, plan.profile ?? undefined),
    Effect.provideService(GivesBackAtOnce, plan.givesBack ?? false),
    Effect.provide(Sessions.layer(plan.threads)),
    Effect.runPromise,
  )
  process.exit(0)
}
