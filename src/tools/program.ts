/**
 * Planning and running a pipeline as a program: what the command line calls, and what `lora-loom/effect` offers.
 *
 * A layer opens the cache; everything else is said call by call. Interrupting a run ends everything at once, the engine's
 * processes included; results are published whole, so there is nothing to clean up.
 */
import { availableParallelism } from "node:os"
import { join, resolve } from "node:path"
import { Effect, Layer, Queue, Stream } from "effect"
import type { Pipeline } from "../runtime/define/pipeline.ts"
import type { PipelineGraph } from "../runtime/define/pipeline-graph.ts"
import { Events, type RunEvent } from "../runtime/model/events.ts"
import { type Plan, planPipeline } from "../runtime/plan/plan.ts"
import { runPipeline } from "../runtime/run/run.ts"
import type { RunReport } from "../runtime/run/run-outcome.ts"
import { telling } from "../runtime/run/telling.ts"
import { type Storage, storageLayer } from "../runtime/storage/storage.ts"
import { withinCores } from "../stages/base/engine-words.ts"
import { loomVersion } from "../stages/training/loom-version.ts"
import { outputProblems } from "./output-folder.ts"
import { InputError, type ProgramError, programError, unfinishedError, type WorkError } from "./program-errors.ts"
import type { CacheOptions, PlanOptions, RunOptions } from "./program-options.ts"
import { stopOnAbort } from "./stop-on-abort.ts"
import { wired } from "./wired.ts"

/** What planning and running need: an open cache. */
export type Loom = Storage

/**
 * Opens the cache, making its folder when it is not there. It fails with a `WorkError` when the folder cannot be used.
 *
 * @param options Which folder; `./cache` when left out.
 */
export const layer = ({ cache = "./cache" }: CacheOptions = {}): Layer.Layer<Loom, InputError | WorkError> =>
  storageLayer(resolve(cache)).pipe(
    Layer.catchTag("StorageFailure", (error) => Layer.effectContext(Effect.fail(unfinishedError(error)))),
  )

/**
 * Says stage by stage what a run would do and why, and runs nothing. Problems stand in the plan, beside the stages; it fails with an
 * `InputError` when the pipeline cannot be wired at all.
 */
export const plan = Effect.fn("plan")(function* (
  pipeline: Pipeline,
  options: PlanOptions = {},
): Effect.fn.Return<Plan, InputError | WorkError, Loom> {
  const graph = yield* Effect.mapError(wired(pipeline, options.set), unfinishedError)
  return yield* planGraph(graph, options)
})

/** The same for a pipeline that is wired already. */
export const planGraph = (
  graph: PipelineGraph,
  { root = "." }: Pick<PlanOptions, "root">,
): Effect.Effect<Plan, InputError | WorkError, Loom> =>
  Effect.mapError(planPipeline(graph, { root: resolve(root) }), unfinishedError)

/**
 * Runs what the pipeline's results need and the cache does not have, and writes the finished files.
 *
 * It fails with an `InputError` when the pipeline, its parameters or its files are wrong, with a `WorkError` when the work fails, and
 * with `Stopped` after `stop`. Interrupting it ends everything at once.
 */
export const run = Effect.fn("run")(function* (
  pipeline: Pipeline,
  options: RunOptions = {},
): Effect.fn.Return<RunReport, ProgramError, Loom> {
  const graph = yield* Effect.mapError(wired(pipeline, options.set), unfinishedError)
  return yield* runGraph(graph, options)
})

export interface GraphRunOptions extends Omit<RunOptions, "set"> {
  /** Where the pipeline was read from, for the record. */
  readonly file?: string
}

/** The same for a pipeline that is wired already. */
export const runGraph = (
  graph: PipelineGraph,
  options: GraphRunOptions,
): Effect.Effect<RunReport, ProgramError, Loom> =>
  running(graph, options).pipe(
    // Runs over one cache may overlap; each tells its own events.
    Effect.provide(Events.layer, { local: true }),
    Effect.scoped,
  )

const running = Effect.fnUntraced(function* (wiredGraph: PipelineGraph, options: GraphRunOptions) {
  const { root = ".", file, output = "./output", cores = availableParallelism() } = options
  if (!Number.isSafeInteger(cores) || cores < 1) return yield* wrongCores(cores)
  const outputFolder = join(resolve(output), wiredGraph.pipeline)
  const graph = { ...wiredGraph, problems: [...wiredGraph.problems, ...(yield* outputProblems(outputFolder))] }
  const stop = yield* stopOnAbort(options.stop)
  const told = { file, loom: loomVersion }
  const work = runPipeline(graph, { root: resolve(root), outputFolder, cores, stop, ...told }).pipe(
    withinCores(cores),
    Effect.mapError(programError),
  )
  return yield* options.onEvent === undefined ? work : telling(work, options.onEvent)
})

const wrongCores = (cores: unknown): InputError => {
  const why = `${String(cores)} is not a whole number of 1 or more`
  return new InputError({
    troubles: [{ where: "cores", why, hint: "Leave it out to use all of them", severity: "error" }],
  })
}

/**
 * Runs the pipeline and gives what happens as it happens; the stream fails as the run does. Ending it early ends the run.
 *
 * @example
 * events(myPipeline, { set: { steps: 400 } }).pipe(
 *   Stream.runForEach((event) => Effect.log(event.type)),
 *   Effect.provide(layer({ cache: "./cache" })),
 *   Effect.runPromise,
 * )
 */
export const events = (
  pipeline: Pipeline,
  options: Omit<RunOptions, "onEvent"> = {},
): Stream.Stream<RunEvent, ProgramError, Loom> =>
  Stream.callback<RunEvent, ProgramError, Loom>((queue) =>
    run(pipeline, { ...options, onEvent: (event) => Queue.offerUnsafe(queue, event) }).pipe(
      Effect.andThen(Effect.sync(() => Queue.endUnsafe(queue))),
    ),
  )
