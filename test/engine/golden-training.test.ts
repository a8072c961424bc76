/** Whole training runs against PyTorch in double precision (test/reference/make_training_goldens.py). */

import { readFileSync } from "node:fs"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Engine } from "../../src/engine/engine.ts"
import { decodeSafetensors, type SafetensorsInMemory } from "../../src/formats/safetensors.ts"
import type { TrainSettings } from "../../src/settings/train-settings.ts"
import type { JobInHand } from "../rig/stored-job.ts"
import { traceHere } from "../rig/trained.ts"
import { type GoldenRunName, goldenJob, goldenRuns } from "./golden-run.ts"

const goldenOf = (name: GoldenRunName) =>
  decodeSafetensors(readFileSync(new URL(`../golden/engine/${name}.safetensors`, import.meta.url)))

const largest = (values: Float32Array): number => values.reduce((top, value) => Math.max(top, Math.abs(value)), 0)
const difference = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, at) => value - b[at]!)
const squares = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0)

/** The worst relative error of each kind, as test/reference/replay.py counts them. */
interface Errors {
  readonly loss: number
  readonly gradient: number
  readonly movement: number
}
const limits: Errors = { loss: 1e-5, gradient: 1e-4, movement: 1e-3 }

const lossError = (golden: SafetensorsInMemory, trace: SafetensorsInMemory, accumulation: number): number =>
  golden.float32("losses").reduce((worst, expected, draw) => {
    const [loss] = trace.float32(`step.${Math.floor(draw / accumulation)}.${draw % accumulation}.loss`)
    return Math.max(worst, Math.abs(loss! / expected - 1))
  }, 0)

const gradientError = (golden: SafetensorsInMemory, trace: SafetensorsInMemory): number => {
  const keys = [...golden.header.tensors.keys()].filter((key) => key.startsWith("step."))
  const floor = 1e-6 * Math.max(...keys.map((key) => largest(golden.float32(key))))
  const errors = keys.map((key) => {
    const expected = golden.float32(key)
    const own = trace.float32(key.replace(".adapter/", ".grad/").replace(".embedding/", ".grad_embedding/"))
    return largest(difference(own, expected)) / Math.max(largest(expected), floor)
  })
  return Math.max(...errors)
}

const movementError = (golden: SafetensorsInMemory, trace: SafetensorsInMemory, steps: number): number => {
  let offSquared = 0
  let movedSquared = 0
  for (const key of [...golden.header.tensors.keys()].filter((one) => /^(adapter|embedding)\//.test(one))) {
    const at = (when: string | number) => trace.float32(key.replace("/", `.${when}/`))
    const expected = golden.float32(key)
    offSquared += squares(difference(at(steps - 1), expected))
    movedSquared += squares(difference(at("init"), expected))
  }
  return Math.sqrt(offSquared / movedSquared)
}

const judge = Effect.fnUntraced(function* (name: GoldenRunName, job: JobInHand) {
  const golden = goldenOf(name)
  const trace = decodeSafetensors(yield* traceHere(job, job.untilStep))
  const errors: Errors = {
    loss: lossError(golden, trace, job.settings.gradientAccumulationSteps),
    gradient: gradientError(golden, trace),
    movement: movementError(golden, trace, job.untilStep),
  }
  return { trace, errors }
})

const brokenLimits = (errors: Errors): readonly string[] =>
  (Object.keys(limits) as readonly (keyof Errors)[]).filter((kind) => !(errors[kind] <= limits[kind]))

const stoppedAt = (stopAtStep: number) => (settings: TrainSettings) => ({
  customEmbedding: { ...settings.customEmbedding!, stopAtStep },
})

/** Settings that compute what a wrong trainer would, and the kinds of numbers in which that shows. */
const mistakes: readonly (readonly [string, (settings: TrainSettings) => Partial<TrainSettings>, readonly string[]])[] =
  [
    ["the scale twice", () => ({ networkScale: 0.7 ** 2 }), ["loss", "gradient", "movement"]],
    ["another clipping", () => ({ maxGradNorm: 0.1 }), ["movement"]],
    ["an embedding held one update late", stoppedAt(4), ["movement"]],
    ["an embedding held one update early", stoppedAt(2), ["movement"]],
    ["a noise offset of other size", () => ({ noiseOffset: 0.2 }), ["loss", "gradient", "movement"]],
    ["other loss weights", () => ({ minSnrGamma: 4 }), ["loss", "movement"]],
    ["rates without restarts", () => ({ schedule: { kind: "constant" as const } }), ["movement"]],
  ]

layer(Engine.layer, { excludeTestServices: true })("golden runs", (it) => {
  it.effect.each(Object.keys(goldenRuns) as readonly GoldenRunName[])(
    "%s has PyTorch's losses, gradients and movement",
    (name) =>
      Effect.gen(function* () {
        const { errors } = yield* judge(name, yield* goldenJob(name))
        assert.deepStrictEqual(brokenLimits(errors), [], JSON.stringify(errors))
      }),
  )

  it.effect.each(mistakes)("the golden run of everything rejects %s", ([, mistake, shows]) =>
    Effect.gen(function* () {
      const job = yield* goldenJob("whole-tab")
      const settings = { ...job.settings, ...mistake(job.settings) }
      const { errors } = yield* judge("whole-tab", { ...job, settings })
      assert.includeMembers([...brokenLimits(errors)], [...shows], JSON.stringify(errors))
    }),
  )

  const sdxlMistakes: readonly (readonly [string, (job: JobInHand) => JobInHand, readonly string[]])[] = [
    ["another CLIP skip", (job) => ({ ...job, encoding: { ...job.encoding, clipSkip: 1 } }), ["loss", "gradient"]],
    [
      "sizes told in another order",
      (job) => ({
        ...job,
        samples: job.samples.map((sample) => ({ ...sample, timeIds: sample.timeIds.toReversed() })),
      }),
      ["loss", "gradient"],
    ],
  ]

  it.effect.each(sdxlMistakes)("the golden run of SDXL rejects %s", ([, mistake, shows]) =>
    Effect.gen(function* () {
      const { errors } = yield* judge("whole-tab-sdxl", mistake(yield* goldenJob("whole-tab-sdxl")))
      assert.includeMembers([...brokenLimits(errors)], [...shows], JSON.stringify(errors))
    }),
  )

  it.effect("an embedding that is held keeps its rows, and one stop later it does not", () =>
    Effect.gen(function* () {
      const job = yield* goldenJob("whole-tab")
      const { trace } = yield* judge("whole-tab", job)
      assert.deepStrictEqual(trace.float32("embedding.3/clip_l"), trace.float32("embedding.2/clip_l"))
      assert.isFalse(trace.header.tensors.has("step.3.grad_embedding/clip_l"))
      const settings = { ...job.settings, ...stoppedAt(4)(job.settings) }
      const { trace: later } = yield* judge("whole-tab", { ...job, settings })
      assert.deepStrictEqual(later.float32("embedding.2/clip_l"), trace.float32("embedding.2/clip_l"))
      assert.notDeepEqual(later.float32("embedding.3/clip_l"), trace.float32("embedding.2/clip_l"))
    }),
  )
})
