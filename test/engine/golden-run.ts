/**
 * The run whose golden file PyTorch made: twenty updates of two micro-batches on the tiny base, with everything on.
 *
 * As a program it writes base and trace, from which test/reference/make_training_goldens.py makes the golden file:
 *
 *     node test/engine/golden-run.ts FOLDER
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { Engine } from "../../src/engine/engine.ts"
import type { BaseModelFiles } from "../../src/engine/train-job.ts"
import { makeTinyBase } from "./tiny-base.ts"
import { tinyJob } from "./tiny-job.ts"

export const goldenSteps = 20
const captions = ["a sks dog", "a photo of a dog in the text", "dog dog"]

/** Latents are random, text states come from the captions, so that PyTorch can make them too. */
export const goldenJob = Effect.fnUntraced(function* (base: BaseModelFiles) {
  const engine = yield* Engine
  const job = tinyJob(base, goldenSteps, {
    networkScale: 0.7,
    unetLearningRate: 1e-3,
    warmupSteps: 5,
    maxGradNorm: 0.05,
    minSnrGamma: 5,
    clipSkip: 2,
    denoising: { start: 0.1, end: 0.95 },
  })
  const samples = yield* Effect.forEach(job.samples, (sample, index) =>
    Effect.map(
      engine.encodeText({ base, text: captions[index]!, clipSkip: job.settings.clipSkip }),
      ({ tokenIds, states, shape }) => ({ ...sample, tokenIds, states, statesShape: shape }),
    ),
  )
  return { ...job, samples }
})

const folder = process.argv[2]
if (import.meta.main && folder !== undefined) {
  mkdirSync(folder, { recursive: true })
  const write = Effect.gen(function* () {
    const engine = yield* Engine
    const job = yield* goldenJob(makeTinyBase(join(folder, "base")))
    writeFileSync(join(folder, "trace.safetensors"), yield* engine.traceTraining(job, goldenSteps))
  })
  await Effect.runPromise(Effect.provide(write, Engine.layer))
}
