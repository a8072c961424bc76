/** A program that trains without end; the test that starts it kills it. Prints a line at its second step. */
import { Effect } from "effect"
import { Engine } from "../../src/engine/engine.ts"
import { storedJob } from "../rig/stored-job.ts"
import { makeTinyBase } from "./tiny-base.ts"
import { tinyJob } from "./tiny-job.ts"

const program = Effect.gen(function* () {
  const engine = yield* Engine
  const job = tinyJob(makeTinyBase(), 1_000_000)
  yield* engine.train(storedJob(job), {
    onStep: ({ step }) => Effect.sync(() => step === 2 && process.stdout.write("training\n")),
    onSnapshot: () => Effect.void,
    shouldStop: () => false,
  })
})

await Effect.runPromise(Effect.provide(program, Engine.layer))
