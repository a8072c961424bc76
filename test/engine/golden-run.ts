/**
 * The runs whose golden files PyTorch made, on tiny bases: twenty updates of UNet adapters, and five of everything at
 * once, in which the embedding is held after the third; the latter also on a base of SDXL's shape, on its own CLIP skip 2.
 *
 * As a program it writes base and trace of one, from which test/reference/make_training_goldens.py makes the golden file:
 *
 *     node test/engine/golden-run.ts training|whole-tab|whole-tab-sdxl FOLDER
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { Engine } from "../../src/engine/engine.ts"
import type { BaseModelFiles } from "../../src/engine/jobs/train-job.ts"
import { mapCondition } from "../../src/settings/text-condition.ts"
import { traceHere } from "../rig/trained.ts"
import { makeTinyBase, makeTinySdxl } from "./tiny-base.ts"
import { type SomeSettings, tinyJob } from "./tiny-job.ts"

interface GoldenRun {
  readonly makeBase: (root?: string) => BaseModelFiles
  readonly steps: number
  readonly captions: readonly string[]
  readonly settings: SomeSettings
}

const wholeTab = {
  networkScale: 0.7,
  unetLearningRate: 1e-3,
  textModel: { learningRate: 4e-4 },
  customEmbedding: { keyword: "toki", length: 3, learningRate: 5e-3, stopAtStep: 3, initWord: "photo text" },
  gradientAccumulationSteps: 3,
  warmupSteps: 2,
  schedule: { kind: "cosine-restarts", floor: 1e-5, stepsBetweenRestarts: 3 },
  maxGradNorm: 0.05,
  minSnrGamma: 5,
  noiseOffset: 0.1,
} as const
const wholeTabCaptions = ["a dog in the text", "a photo of <toki>", "toki, a dog and a TOKI"]

export const goldenRuns = {
  training: {
    makeBase: makeTinyBase,
    steps: 20,
    captions: ["a sks dog", "a photo of a dog in the text", "dog dog"],
    settings: {
      networkScale: 0.7,
      unetLearningRate: 1e-3,
      warmupSteps: 5,
      maxGradNorm: 0.05,
      minSnrGamma: 5,
      clipSkip: 2,
      denoising: { start: 0.1, end: 0.95 },
    },
  },
  "whole-tab": { makeBase: makeTinyBase, steps: 5, captions: wholeTabCaptions, settings: wholeTab },
  "whole-tab-sdxl": {
    makeBase: makeTinySdxl,
    steps: 5,
    captions: wholeTabCaptions,
    // Adam's first update is nearly the gradient's sign. Where a gradient is almost zero, the second one depends on
    // rounding; this seed has no such place.
    settings: { ...wholeTab, seed: 3, clipSkip: 2, captionDropout: 0.2 },
  },
} as const satisfies Record<string, GoldenRun>
export type GoldenRunName = keyof typeof goldenRuns

/** Latents are random, text states come from the captions, so that PyTorch can make them too. */
export const goldenJob = Effect.fnUntraced(function* (name: GoldenRunName, folder?: string) {
  const engine = yield* Engine
  const { makeBase, steps, captions, settings }: GoldenRun = goldenRuns[name]
  const base = makeBase(folder)
  const job = tinyJob(base, steps, settings)
  const samples = yield* Effect.forEach(job.samples, (sample, index) =>
    Effect.map(
      engine.encodeText({ base, text: captions[index]!, encoding: job.encoding }),
      ({ tokenIds, condition }) => ({
        ...sample,
        caption: captions[index]!,
        tokenIds,
        condition: mapCondition(condition, ({ data }) => data),
        conditionShape: mapCondition(condition, ({ shape }) => shape),
      }),
    ),
  )
  return { ...job, samples }
})

const [, , name, folder] = process.argv
if (import.meta.main && name !== undefined && name in goldenRuns && folder !== undefined) {
  mkdirSync(folder, { recursive: true })
  const write = Effect.gen(function* () {
    const job = yield* goldenJob(name as GoldenRunName, join(folder, "base"))
    writeFileSync(join(folder, "trace.safetensors"), yield* traceHere(job, job.untilStep))
  })
  await Effect.runPromise(Effect.provide(write, Engine.layer))
}
