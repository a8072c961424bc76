/**
 * SQL of runs: when which pipeline ran with which parameters, what became of its stages, the metrics they recorded and the files they made.
 */
import type Database from "better-sqlite3"
import type { ProcessIdentity } from "./process-identity.ts"

export interface RunRow extends ProcessIdentity {
  readonly id: number
  readonly pipeline: string
  readonly parameters: string
  readonly defaults: string | null
  readonly file: string | null
  readonly loom: string | null
  readonly state: string
  readonly startedAtMs: number
  readonly finishedAtMs: number | null
}

export interface RunStageRow {
  readonly label: string
  readonly stage: string
  readonly state: string
  readonly reason: string
  readonly key: string | null
  readonly elapsedMs: number
  readonly detail: string
}

export interface MetricSeries {
  readonly label: string
  readonly name: string
  readonly rows: number
}

export interface RunArtifactRow {
  readonly label: string
  readonly what: string
  readonly path: string
  readonly sha256: string
  readonly sizeBytes: number
}

export type NewRunRow = Omit<RunRow, "id" | "state" | "finishedAtMs">

export type RunTable = ReturnType<typeof runTable>

export const runTable = (database: Database.Database) => {
  const begin = database.prepare<[object]>(
    `INSERT INTO run (pipeline, parameters, defaults, file, loom, state, started_at_ms, host, boot, space, pid, started)
     VALUES (@pipeline, @parameters, @defaults, @file, @loom, 'running', @startedAtMs, @host, @boot, @space, @pid, @started)`,
  )
  const finish = database.prepare<[string, number, number]>("UPDATE run SET state = ?, finished_at_ms = ? WHERE id = ?")
  const columns = `id, pipeline, parameters, defaults, file, loom, state, started_at_ms AS startedAtMs,
    finished_at_ms AS finishedAtMs, host, boot, space, pid, started`
  const find = database.prepare<[number], RunRow>(`SELECT ${columns} FROM run WHERE id = ?`)
  const latest = database.prepare<[], RunRow>(
    `SELECT ${columns} FROM run WHERE id IN (SELECT max(id) FROM run GROUP BY pipeline) ORDER BY id DESC`,
  )
  const list = database.prepare<[{ pipeline: string | null; limit: number }], RunRow>(
    `SELECT ${columns}
     FROM run WHERE @pipeline IS NULL OR pipeline = @pipeline ORDER BY id DESC LIMIT @limit`,
  )
  return {
    begin: (run: NewRunRow): number => Number(begin.run(run).lastInsertRowid),
    finish: (run: number, state: string, nowMs: number): void => void finish.run(state, nowMs, run),
    find: (run: number): RunRow | undefined => find.get(run),
    latest: (): readonly RunRow[] => latest.all(),
    list: (pipeline: string | null, limit: number): readonly RunRow[] => list.all({ pipeline, limit }),
    ...stageQueries(database),
    ...metricQueries(database),
    ...artifactQueries(database),
  }
}

const stageQueries = (database: Database.Database) => {
  // A label that is recorded again keeps its id, and so its place in the order.
  const record = database.prepare<[object]>(
    `INSERT INTO run_stage (run, label, stage, state, reason, key, elapsed_ms, detail)
     VALUES (@run, @label, @stage, @state, @reason, @key, @elapsedMs, @detail)
     ON CONFLICT (run, label) DO UPDATE SET stage = excluded.stage, state = excluded.state, reason = excluded.reason,
       key = excluded.key, elapsed_ms = excluded.elapsed_ms, detail = excluded.detail`,
  )
  const list = database.prepare<[number], RunStageRow>(
    `SELECT label, stage, state, reason, key, elapsed_ms AS elapsedMs, detail
     FROM run_stage WHERE run = ? ORDER BY id`,
  )
  const maker = database.prepare<[string], { run: number; label: string }>(
    "SELECT run, label FROM run_stage WHERE key = ? AND state = 'ran' ORDER BY run DESC LIMIT 1",
  )
  const recordAll = database.transaction((run: number, rows: readonly RunStageRow[]) => {
    for (const row of rows) record.run({ ...row, run })
  })
  return {
    recordStages: (run: number, rows: readonly RunStageRow[]): void => recordAll.immediate(run, rows),
    stages: (run: number): readonly RunStageRow[] => list.all(run),
    /** The latest run in which a stage ran under this key, and what the stage was called there. */
    maker: (key: string): { readonly run: number; readonly label: string } | undefined => maker.get(key),
  }
}

const artifactQueries = (database: Database.Database) => {
  const record = database.prepare<[object]>(
    `INSERT OR REPLACE INTO run_artifact (run, path, label, what, sha256, size_bytes)
     VALUES (@run, @path, @label, @what, @sha256, @sizeBytes)`,
  )
  const list = database.prepare<[number], RunArtifactRow>(
    "SELECT label, what, path, sha256, size_bytes AS sizeBytes FROM run_artifact WHERE run = ? ORDER BY path",
  )
  const recordAll = database.transaction((run: number, rows: readonly RunArtifactRow[]) => {
    for (const row of rows) record.run({ ...row, run })
  })
  return {
    recordArtifacts: (run: number, rows: readonly RunArtifactRow[]): void => recordAll.immediate(run, rows),
    artifacts: (run: number): readonly RunArtifactRow[] => list.all(run),
  }
}

const metricQueries = (database: Database.Database) => {
  const record = database.prepare<[number, string, string, number, string]>(
    "INSERT OR REPLACE INTO metric (run, label, name, step, row) VALUES (?, ?, ?, ?, ?)",
  )
  const list = database.prepare<[number, string, string], { step: number; row: string }>(
    "SELECT step, row FROM metric WHERE run = ? AND label = ? AND name = ? ORDER BY step",
  )
  const series = database.prepare<[number], MetricSeries>(
    "SELECT label, name, count(*) AS rows FROM metric WHERE run = ? GROUP BY label, name ORDER BY label, name",
  )
  return {
    recordMetric: (run: number, label: string, name: string, step: number, row: string): void =>
      void record.run(run, label, name, step, row),
    metrics: (run: number, label: string, name: string): readonly { readonly step: number; readonly row: string }[] =>
      list.all(run, label, name),
    series: (run: number): readonly MetricSeries[] => series.all(run),
  }
}
