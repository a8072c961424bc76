/** Trainings and traces by the engine, with what they write to files as bytes. */
import { mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { Engine } from "../../src/engine/engine.ts"
import { embeddingIn, loraModulesInSnapshot } from "../../src/engine/train/snapshot.ts"
import { loraModule } from "../../src/formats/lora-file.ts"
import { readSafetensorsHeader } from "../../src/formats/safetensors.ts"
import { recordingHooks } from "../engine/tiny-job.ts"
import { type JobInHand, storedFile, storedJob } from "./stored-job.ts"

/** The training's result, with the bytes of its last snapshot. */
export const trainHere = Effect.fnUntraced(function* (job: JobInHand, { snapshots, hooks } = recordingHooks()) {
  const result = yield* (yield* Engine).train(storedJob(job), hooks)
  return { ...result, snapshot: snapshots.get(result.step)! }
})

/** The bytes of a trace. */
export const traceHere = Effect.fnUntraced(function* (job: JobInHand, steps: number) {
  const file = join(mkdtempSync(join(tmpdir(), "loom-trace-")), "trace.safetensors")
  yield* (yield* Engine).traceTraining(storedJob(job), steps, file)
  return readFileSync(file)
})

const headerOf = (snapshot: Uint8Array) => readSafetensorsHeader(storedFile(snapshot).path)

export const loraModulesOf = Effect.fnUntraced(function* (snapshot: Uint8Array, networkScale: number) {
  return yield* Effect.forEach(loraModulesInSnapshot(yield* headerOf(snapshot), networkScale), loraModule)
})

export const embeddingOf = (snapshot: Uint8Array) => Effect.flatMap(headerOf(snapshot), embeddingIn)
