import { readdirSync, writeFileSync } from "node:fs"
import { Effect } from "effect"
import { Engine } from "../../src/engine/engine.ts"
import { randomStream } from "../../src/engine/random-stream.ts"
import { TrainSettings } from "../../src/engine/train-settings.ts"

const [folder, out, steps, extra, size] = process.argv.slice(2) as [string, string, string, string, string]
const base: Record<string, string> = {}
for (const e of readdirSync(folder, { recursive: true, withFileTypes: true }))
  if (e.isFile()) {
    const p = `${e.parentPath}/${e.name}`
    base[p.slice(folder.length + 1)] = p
  }
const [height, width] = (size ?? "32x32").split("x").map(Number) as [number, number]
const p = Effect.gen(function* () {
  const engine = yield* Engine
  const settings = TrainSettings.make({
    networkDim: 4,
    networkScale: 0.7,
    unetLearningRate: 1e-3,
    steps: 1000,
    warmupSteps: 3,
    gradientAccumulationSteps: 2,
    seed: 5,
    ...JSON.parse(extra ?? "{}"),
  })
  const samples = yield* Effect.forEach(["a red cat", "a photo of a blue house on the moon", "star"], (text, i) =>
    Effect.gen(function* () {
      const u = randomStream({ seed: 3, purpose: "noise", step: 9, sample: i })
      const pixels = Float32Array.from({ length: 3 * height * width }, () => u.uniform() * 2 - 1)
      const im = yield* engine.encodeImage({ base, pixels, height, width })
      const tx = yield* engine.encodeText({ base, text, clipSkip: settings.clipSkip })
      return {
        key: `p${i}`,
        mean: im.mean,
        logVariance: im.logVariance,
        latentShape: im.shape,
        tokenIds: tx.tokenIds,
        states: tx.states,
        statesShape: tx.shape,
      }
    }),
  )
  const bytes = yield* engine.traceTraining(
    { base, settings, samples, fromStep: 0, untilStep: Number(steps), snapshotAtSteps: [] },
    Number(steps),
  )
  writeFileSync(out, bytes)
  const img = yield* engine.sample({
    base,
    prompt: "a red cat",
    clipSkip: 1,
    lora: null,
    sampler: "DPM++ 2M",
    steps: 5,
    guidanceScale: 3,
    seed: 1,
    height,
    width,
  })
  console.log(img.pixels.length, img.pixels.slice(0, 6))
})
const r = await Effect.runPromiseExit(Effect.provide(p, Engine.layer))
if (r._tag === "Failure") console.log(String(r.cause))
