/**
 * The store: one SQLite file per cache folder, and the only place (with its parts, store-*.ts) that speaks SQL.
 *
 * It keeps keys, pre-images, manifests, leases, digests of files, snapshots, runs and metrics; bytes lie beside it as files.
 * Statements are prepared once; writers take the write lock at once (BEGIN IMMEDIATE) and hold it for microseconds. All of it may be
 * deleted at any time: everything here can be computed again. Every failure is a sentence (storage-failure.ts).
 *
 * Table functions are synchronous and for the storage side (cache.ts, lease.ts, …); runs are recorded through the service itself.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import type Database from "better-sqlite3"
import { Clock, Context, Effect, Layer, Option, Schema } from "effect"
import { canonicalJson, type Json } from "../model/canonical-json.ts"
import type { Key } from "../model/fingerprint.ts"
import type { StorageFailure } from "../model/storage-failure.ts"
import { cacheFailure } from "./cache-failure.ts"
import { CommitPoints } from "./commit-points.ts"
import { type Caution, type FileSystem, FileSystems, sharingCaution } from "./file-system.ts"
import { metricJson, metricValues } from "./metric-row.ts"
import { hasLikelyEnded, Processes } from "./process-identity.ts"
import { type FileTable, fileTable, type TrajectoryTable, trajectoryTable } from "./store-files.ts"
import { type FlightTable, flightTable } from "./store-flights.ts"
import { type LeaseTable, leaseTable } from "./store-leases.ts"
import { type ResultTable, resultTable } from "./store-results.ts"
import { type MetricSeries, type RunArtifactRow, type RunRow, type RunTable, runTable } from "./store-runs.ts"
import { openDatabase } from "./store-schema.ts"
import { type SweepTable, sweepTable } from "./store-sweeps.ts"

export const RunId = Schema.Int.pipe(Schema.brand("RunId"))
export type RunId = typeof RunId.Type

export interface NewRun {
  readonly pipeline: string
  /** The pipeline's parameters, encoded. */
  readonly parameters: Json
  /** What they are where nobody says otherwise. */
  readonly defaults?: Json
  /** The pipeline's file, absolute. */
  readonly file?: string | undefined
  /** Version of the Loom that runs it. */
  readonly loom?: string | undefined
}

/** How a run ended. A run whose process is gone without an end is listed as "interrupted". */
export type RunEnd = "finished" | "failed" | "stopped" | "interrupted"

/** null: not said, as by runs that were recorded long ago. */
export interface Run extends Pick<NewRun, "pipeline" | "parameters"> {
  readonly id: RunId
  readonly defaults: Json
  readonly file: string | null
  readonly loom: string | null
  readonly state: "running" | RunEnd
  readonly startedAtMs: number
  readonly finishedAtMs: number | null
}

/** What became of one stage in one run; recording a label again replaces its record. */
export interface StageRecord {
  readonly label: string
  readonly stage: string
  readonly state: "source" | "restored" | "ran" | "failed" | "stopped" | "skipped"
  /** The sentence shown for it. */
  readonly reason: string
  readonly key: Key | null
  readonly elapsedMs: number
  /** Whatever else a presenter wants back: item counts, the error. */
  readonly detail: Json
}

/** A stage of a run, by its label there. */
export interface StageInRun {
  readonly run: RunId
  readonly label: string
}

/** A finished file of a run. */
export type ArtifactRecord = RunArtifactRow

export interface MetricRow {
  readonly step: number
  readonly values: Readonly<Record<string, number>>
}

interface Tables {
  readonly results: ResultTable
  readonly leases: LeaseTable
  readonly flights: FlightTable
  readonly files: FileTable
  readonly trajectories: TrajectoryTable
  readonly runs: RunTable
  readonly sweeps: SweepTable
}

export class Store extends Context.Service<
  Store,
  {
    /** The cache folder. */
    readonly folder: string
    /** What is not safe where the folder lies. */
    readonly caution: Caution | undefined
    readonly tables: Tables
    /** Does synchronous work on the tables; `what` completes "… failed" when it throws. */
    readonly attempt: <A>(what: string, work: () => A) => Effect.Effect<A, StorageFailure>
    /** Inside: commits that are on the disk when they return, together with all before them. */
    readonly durably: <A>(work: () => A) => A
    readonly beginRun: (run: NewRun) => Effect.Effect<RunId, StorageFailure>
    readonly finishRun: (run: RunId, end: RunEnd) => Effect.Effect<void, StorageFailure>
    readonly recordStage: (run: RunId, record: StageRecord) => Effect.Effect<void, StorageFailure>
    /** The same for many at once, in one transaction. */
    readonly recordStages: (run: RunId, records: readonly StageRecord[]) => Effect.Effect<void, StorageFailure>
    readonly recordMetric: (
      run: RunId,
      label: string,
      name: string,
      step: number,
      values: Readonly<Record<string, number>>,
    ) => Effect.Effect<void, StorageFailure>
    /** In one transaction. */
    readonly recordArtifacts: (run: RunId, artifacts: readonly ArtifactRecord[]) => Effect.Effect<void, StorageFailure>
    /** By its number, however many came after it. */
    readonly findRun: (run: number) => Effect.Effect<Option.Option<Run>, StorageFailure>
    /** Newest first. */
    readonly listRuns: (query?: {
      readonly pipeline?: string
      readonly limit?: number
    }) => Effect.Effect<readonly Run[], StorageFailure>
    /** The latest run of each pipeline, newest first. */
    readonly latestRuns: Effect.Effect<readonly Run[], StorageFailure>
    /** In the order in which they were first recorded. */
    readonly runStages: (run: RunId) => Effect.Effect<readonly StageRecord[], StorageFailure>
    /** The latest run in which a stage ran under this key, and what the stage was called there. */
    readonly makerOf: (key: Key) => Effect.Effect<Option.Option<StageInRun>, StorageFailure>
    /** By path. */
    readonly runArtifacts: (run: RunId) => Effect.Effect<readonly ArtifactRecord[], StorageFailure>
    /** Which metrics a run recorded. */
    readonly metricSeries: (run: RunId) => Effect.Effect<readonly MetricSeries[], StorageFailure>
    /** By rising step. */
    readonly metrics: (run: RunId, label: string, name: string) => Effect.Effect<readonly MetricRow[], StorageFailure>
  }
>()("loom/runtime/Store") {
  /** Opens a cache folder, making it when it is not there; closes the database with the scope. */
  static readonly layer = (folder: string): Layer.Layer<Store, StorageFailure> =>
    Layer.effect(
      Store,
      Effect.gen(function* () {
        const reach = yield* CommitPoints
        const processes = yield* Processes
        const root = path.resolve(folder)
        const fileSystemOf = yield* FileSystems
        const database = yield* Effect.acquireRelease(openFolder(root, fileSystemOf), (open) =>
          Effect.sync(() => open.close()),
        )
        const tables = yield* Effect.try({
          try: () => allTables(database, () => reach("row-written")),
          catch: (cause) => cacheFailure("Opening the cache", database.name, cause),
        })
        const attempt = <A>(what: string, work: () => A): Effect.Effect<A, StorageFailure> =>
          Effect.try({ try: work, catch: (cause) => cacheFailure(what, database.name, cause) })
        const durably = <A>(work: () => A): A => {
          const usual = database.pragma("synchronous", { simple: true })
          database.pragma("synchronous = FULL")
          try {
            return work()
          } finally {
            database.pragma(`synchronous = ${usual}`)
          }
        }
        const caution = sharingCaution(fileSystemOf(root))
        return { folder: root, caution, tables, attempt, durably, ...runLog(tables.runs, attempt, processes) }
      }),
    )
}

const openFolder = (
  root: string,
  fileSystemOf: (path: string) => FileSystem,
): Effect.Effect<Database.Database, StorageFailure> =>
  Effect.try({
    try: () => {
      makeFolder(root)
      return openDatabase(path.join(root, "loom.sqlite"), fileSystemOf(root).sharing !== "local")
    },
    catch: (cause) => cacheFailure("Opening the cache", root, cause),
  })

const makeFolder = (folder: string): void => {
  if (fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return
  // Asked first, because a recursive mkdir says ENOENT where the file system is read-only.
  fs.accessSync(nearestExisting(folder), fs.constants.W_OK)
  fs.mkdirSync(folder, { recursive: true })
}

const nearestExisting = (folder: string): string =>
  fs.existsSync(folder) ? folder : nearestExisting(path.dirname(folder))

const allTables = (database: Database.Database, reachRowWritten: () => void): Tables => ({
  results: resultTable(database, reachRowWritten),
  leases: leaseTable(database),
  flights: flightTable(database),
  files: fileTable(database),
  trajectories: trajectoryTable(database),
  runs: runTable(database),
  sweeps: sweepTable(database),
})

/** The part of the service that records runs. */
const runLog = (
  runs: RunTable,
  attempt: <A>(what: string, work: () => A) => Effect.Effect<A, StorageFailure>,
  processes: (typeof Processes)["Service"],
): Omit<Store["Service"], "folder" | "caution" | "tables" | "attempt" | "durably"> => {
  const recordStages = (run: RunId, records: readonly StageRecord[]) =>
    attempt("Recording the run", () =>
      runs.recordStages(
        run,
        records.map((record) => ({ ...record, detail: canonicalJson(record.detail) })),
      ),
    )
  return {
    beginRun: Effect.fn("Store.beginRun")(function* ({ pipeline, parameters, defaults, file = null, loom = null }) {
      const startedAtMs = yield* Clock.currentTimeMillis
      const texts = {
        parameters: canonicalJson(parameters),
        defaults: defaults === undefined ? null : canonicalJson(defaults),
      }
      const row = { ...processes.own, pipeline, ...texts, file, loom, startedAtMs }
      return (yield* attempt("Recording the run", () => runs.begin(row))) as RunId
    }),
    finishRun: Effect.fn("Store.finishRun")(function* (run, end) {
      const nowMs = yield* Clock.currentTimeMillis
      yield* attempt("Recording the run", () => runs.finish(run, end, nowMs))
    }),
    recordStage: (run, record) => recordStages(run, [record]),
    recordStages,
    recordArtifacts: (run, artifacts) => attempt("Recording the run", () => runs.recordArtifacts(run, artifacts)),
    recordMetric: (run, label, name, step, values) =>
      attempt("Recording metrics", () => runs.recordMetric(run, label, name, step, metricJson(values))),
    findRun: (run) =>
      attempt("Reading the runs", () => Option.map(Option.fromNullishOr(runs.find(run)), runOf(processes))),
    listRuns: (query) =>
      attempt("Reading the runs", () => runs.list(query?.pipeline ?? null, query?.limit ?? 1000).map(runOf(processes))),
    latestRuns: attempt("Reading the runs", () => runs.latest().map(runOf(processes))),
    runStages: (run) => attempt("Reading the run", () => runs.stages(run).map(stageRecordOf)),
    makerOf: (key) =>
      attempt("Reading the runs", () => Option.fromNullishOr(runs.maker(key) as StageInRun | undefined)),
    runArtifacts: (run) => attempt("Reading the run", () => runs.artifacts(run)),
    metricSeries: (run) => attempt("Reading metrics", () => runs.series(run)),
    metrics: (run, label, name) =>
      attempt("Reading metrics", () =>
        runs.metrics(run, label, name).map(({ step, row }) => ({ step, values: metricValues(row) })),
      ),
  }
}

const runOf =
  (processes: (typeof Processes)["Service"]) =>
  (row: RunRow): Run => ({
    id: row.id as RunId,
    pipeline: row.pipeline,
    parameters: JSON.parse(row.parameters),
    defaults: row.defaults === null ? null : JSON.parse(row.defaults),
    file: row.file,
    loom: row.loom,
    state: row.state === "running" && hasLikelyEnded(row, processes) ? "interrupted" : (row.state as Run["state"]),
    startedAtMs: row.startedAtMs,
    finishedAtMs: row.finishedAtMs,
  })

const stageRecordOf = (row: ReturnType<RunTable["stages"]>[number]): StageRecord => ({
  ...row,
  state: row.state as StageRecord["state"],
  key: row.key as Key | null,
  detail: JSON.parse(row.detail),
})
