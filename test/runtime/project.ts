/**
 * A throw-away project for tests: a cache folder, an output folder, a world that sources read, and a list of calls.
 *
 * Every `run` and `plan` opens the cache anew, as a new process would. Stages under test push to `calls` when they really run.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Effect, Fiber, Stream } from "effect"
import type { Pipeline } from "../../src/runtime/define/pipeline.ts"
import { Events, type RunEvent } from "../../src/runtime/model/events.ts"
import { type PlannedStage, planPipeline } from "../../src/runtime/plan/plan.ts"
import { runPipeline } from "../../src/runtime/run/run.ts"
import type { RunOptions } from "../../src/runtime/run/run-options.ts"
import { runtimeLayer } from "../../src/runtime/run/runtime-layer.ts"

export type Overrides = Readonly<Record<string, string>>
export type Options = Partial<RunOptions> & { readonly set?: Overrides; readonly onEvent?: (event: RunEvent) => void }

export interface Project {
  readonly root: string
  readonly cacheFolder: string
  readonly outputFolder: string
  /** What really ran since the last `takeCalls`. */
  readonly calls: string[]
  readonly takeCalls: () => readonly string[]
}

export const makeProject = Effect.acquireRelease(
  Effect.sync((): Project => {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), "loom-project-"))
    const calls: string[] = []
    const takeCalls = () => calls.splice(0).sort()
    return { root, cacheFolder: path.join(root, "cache"), outputFolder: path.join(root, "output"), calls, takeCalls }
  }),
  ({ root }) => Effect.sync(() => fs.rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })),
)

export const run = Effect.fnUntraced(function* (project: Project, pipeline: Pipeline, options: Options = {}) {
  const { set = {}, onEvent = () => {}, ...runOptions } = options
  const { root, outputFolder } = project
  const graph = yield* pipeline.instantiate(set)
  const work = Effect.gen(function* () {
    const events = yield* Events
    const stream = yield* events.subscribe
    const listening = yield* Effect.forkScoped(Stream.runForEach(stream, (event) => Effect.sync(() => onEvent(event))))
    const report = yield* Effect.exit(runPipeline(graph, { root, outputFolder, ...runOptions }))
    yield* Fiber.join(listening)
    return yield* report
  })
  return yield* work.pipe(Effect.scoped, Effect.provide(runtimeLayer(project.cacheFolder)))
})

export const plan = Effect.fnUntraced(function* (project: Project, pipeline: Pipeline, set: Overrides = {}) {
  const graph = yield* pipeline.instantiate(set)
  const planned = planPipeline(graph, { root: project.root })
  return yield* Effect.provide(planned, runtimeLayer(project.cacheFolder))
})

/** "crop: size 512 → 640", one line per stage. */
export const reasons = (stages: readonly PlannedStage[]): readonly string[] =>
  stages.filter(({ state }) => state !== "source").map(({ label, state, reason }) => `${label} ${state}: ${reason}`)
