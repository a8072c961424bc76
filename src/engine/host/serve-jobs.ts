/**
 * The work of a host process: keeps ONNX Runtime sessions warm and does one job at a time for its parent. It writes nothing but its answers.
 */
import { Cause, Effect, Exit, ManagedRuntime } from "effect"
import { EngineFailure, wordsOf, workFailure } from "../jobs/engine-failure.ts"
import type { FailureFields, FromHost, HostRequest, ToHost } from "../jobs/host-protocol.ts"
import { Parent } from "../jobs/parent.ts"
import { Sessions } from "../session/sessions.ts"
import { doJob } from "./host-job.ts"

let stopAsked = false

const send = (message: FromHost): Promise<void> =>
  new Promise((resolve) => {
    // A closed channel ends this process anyway.
    process.send?.(message, undefined, undefined, () => resolve()) ?? resolve()
  })

const parent = Parent.of({
  tell: (progress) => Effect.promise(() => send(progress)),
  asksToStop: () => stopAsked,
})

const failureOf = (cause: Cause.Cause<EngineFailure>): FailureFields => {
  const error = Cause.squash(cause)
  const { what, why, hint, kind } =
    error instanceof EngineFailure
      ? error
      : workFailure("the engine", `it stopped unexpectedly (${wordsOf(error)})`, "Please report this")
  return { what, why, hint, kind }
}

/** One runtime per thread count asked for, in practice one: it owns the sessions. */
const runtimes = new Map<number, ManagedRuntime.ManagedRuntime<Sessions, never>>()
const runtimeFor = (threads: number) => {
  const runtime = runtimes.get(threads) ?? ManagedRuntime.make(Sessions.layer(threads))
  runtimes.set(threads, runtime)
  return runtime
}

const answer = async (request: HostRequest): Promise<void> => {
  stopAsked = false
  const program = Effect.gen(function* () {
    const result = yield* Effect.provideService(doJob(request), Parent, parent)
    yield* (yield* Sessions).releaseOldest
    return result
  })
  const exit = await runtimeFor(request.threads).runPromiseExit(program)
  await send(
    Exit.isSuccess(exit) ? { kind: "done", result: exit.value } : { kind: "failed", failure: failureOf(exit.cause) },
  )
}

/** Does the jobs that have come and those that will. */
export const serveJobs = (): void => {
  process.on("message", (message: ToHost) => {
    switch (message.kind) {
      case "start":
        void answer(message.request)
        return
      case "stop":
        stopAsked = true
        return
    }
  })
}
