/**
 * The quick start's training as sweeps measure it: nothing is painted and nothing validated, so that what is timed is the training and what
 * a sweep adds to it.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { Effect, Schema } from "effect"
import { baseModel, caption, crop, encode, ingest, pipeline, stage, Trained, train } from "../../src/index.ts"
import { type Loom, layer, run } from "../../src/tools/program.ts"
import { root } from "./whole-process.ts"

/** A number of a training that costs nothing: how many adapters it saved, times what it is told. */
const saves = stage({
  name: "saves",
  code: import.meta.url,
  params: Schema.Struct({ weight: Schema.Finite }),
  wires: { trained: Trained },
  output: Schema.Finite,
  run: ({ trained, params: { weight } }) => weight * trained.saves.length,
})

const params = Schema.Struct({
  steps: Schema.Int,
  /** The rates fall from here on. */
  decayFromStep: Schema.Int,
  /** What the rates fall to. */
  floor: Schema.Finite,
  weight: Schema.Finite,
})

export type SweptParams = typeof params.Type

/** `steps` 400 of the quick start's 60 ms each, with rates that are held for three quarters of them (the first that may be lower comes after one more). */
export const sweptTraining = pipeline(
  "swept",
  { params, defaults: { steps: 400, decayFromStep: 299, floor: 0, weight: 1 } },
  ({ steps, decayFromStep, floor, weight }) => {
    const base = baseModel("./quickstart/base")
    const pictures = ingest("./quickstart/pictures")
    const images = crop(pictures, { size: 128 })
    const captions = caption(pictures, { trigger: "toki" })
    const dataset = encode({ base, images, captions }, { clipSkip: 1 })
    const trained = train(dataset, {
      ...{ networkDim: 16, unetLearningRate: 1.5e-3, warmupSteps: 10, gradientAccumulationSteps: 6, seed: 7 },
      ...{ steps, saveEverySteps: 0, schedule: { kind: "hold", decayFromStep, floor } },
    })
    return { saves: saves({ trained }, { weight }) }
  },
)

export const pipelinesFolder = resolve(root, "pipelines")

export interface Workshop {
  /** A new cache in which the pictures are encoded and nothing is trained. */
  readonly freshCache: () => string
  readonly output: string
}

/** Work over caches that start alike; everything is removed at the end. */
export const inWorkshop = async <A>(work: (workshop: Workshop) => Promise<A>): Promise<A> => {
  const folder = mkdtempSync(join(tmpdir(), "loom-bench-"))
  const [encoded, output] = [join(folder, "encoded"), join(folder, "output")]
  let caches = 0
  try {
    await over(encoded, run(sweptTraining, { root: pipelinesFolder, output, set: { steps: 1, decayFromStep: 1 } }))
    return await work({
      output,
      freshCache: () => {
        const cache = join(folder, `cache-${caches++}`)
        cpSync(encoded, cache, { recursive: true })
        return cache
      },
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Does work over a cache. */
export const over = <A, E>(cache: string, work: Effect.Effect<A, E, Loom>): Promise<A> =>
  Effect.runPromise(Effect.provide(work, layer({ cache })) as Effect.Effect<A>)

export const timed = async <A>(work: () => Promise<A>): Promise<{ readonly value: A; readonly elapsedMs: number }> => {
  const startedAt = performance.now()
  const value = await work()
  return { value, elapsedMs: performance.now() - startedAt }
}
