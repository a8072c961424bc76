/**
 * The cache: results by key, and what each place in a pipeline used last.
 *
 * A hit counts only if every blob that its output refers to is there. The first commit under a key stands and later ones
 * adopt its output, so that a stage which is not deterministic does not make everything after it run again. A row whose
 * blobs are gone is a miss and is replaced by the next commit. Errors are recorded but never served.
 *
 * How much a power cut may cost: commits are flushed to the disk as soon as a second of work hangs on them; cheaper ones
 * ride along with the next. A killed process loses nothing that was committed.
 */
import { Clock, Context, Effect, Layer, Option } from "effect"
import { collectBlobs } from "../model/blob.ts"
import { canonicalJson, type Json } from "../model/canonical-json.ts"
import type { Key, PreImage } from "../model/fingerprint.ts"
import type { StorageFailure } from "../model/storage-failure.ts"
import { type BlobMissing, Blobs } from "./blobs.ts"
import { CommitPoints } from "./commit-points.ts"
import { type Lease, LeaseLost } from "./lease-holder.ts"
import { Store } from "./store.ts"
import type { ResultRow } from "./store-results.ts"

/** Where in a pipeline a key is used. */
export interface Place {
  readonly pipeline: string
  readonly label: string
  /** The item's key, for stages over items. */
  readonly item?: string
}

/** A key with what it was made of: what explanations compare. */
export interface Remembered {
  readonly key: Key
  readonly preImage: PreImage
  readonly label: string
}

export interface CachedResult extends Remembered {
  readonly output: Json
  readonly pipeline: string
  readonly stage: string
  readonly item: string | null
  readonly elapsedMs: number
  readonly createdAtMs: number
}

export interface NewResult extends Place {
  readonly key: Key
  readonly preImage: PreImage
  readonly stage: string
  readonly output: Json
  readonly elapsedMs: number
  /** From `Leases.withLease`; without one the commit is not fenced. */
  readonly lease?: Lease
}

export interface Committed {
  /** The output that stands under the key: the first one committed. */
  readonly output: Json
  /** True when another computation had committed before. */
  readonly adopted: boolean
  /** True when the adopted output is not the one handed in: the stage is not deterministic. */
  readonly differs: boolean
}

export class Cache extends Context.Service<
  Cache,
  {
    /** A hit only if every blob that the output refers to is there. */
    readonly lookup: (key: Key) => Effect.Effect<Option.Option<CachedResult>, StorageFailure>
    /** The hits among many keys, in one query. */
    readonly lookupMany: (keys: readonly Key[]) => Effect.Effect<ReadonlyMap<Key, CachedResult>, StorageFailure>
    /**
     * Files an output under its key and notes the use. The first valid commit stands; later ones adopt it. Refused with
     * `BlobMissing` when the output refers to bytes that were never stored, with `LeaseLost` when the lease is somebody else's.
     */
    readonly commit: (result: NewResult) => Effect.Effect<Committed, StorageFailure | LeaseLost | BlobMissing>
    /** What a place used last, whether or not its blobs are still there. */
    readonly latest: (place: Place) => Effect.Effect<Option.Option<Remembered>, StorageFailure>
    /** What each item of a label used last, by item key. */
    readonly latestItems: (place: Omit<Place, "item">) => Effect.Effect<ReadonlyMap<string, Remembered>, StorageFailure>
    /** Of the recent results of a stage, in any pipeline, the one whose pre-image differs in the fewest fields. */
    readonly nearest: (query: {
      readonly stage: string
      readonly preImage: PreImage
    }) => Effect.Effect<Option.Option<Remembered>, StorageFailure>
    /** Notes that a place used a key (restored or computed), so that `latest` follows reverts. */
    readonly noteUse: (place: Place, key: Key) => Effect.Effect<void, StorageFailure>
    /** The same for all items of a label at once; items that are not named are forgotten. */
    readonly noteItems: (
      place: Omit<Place, "item">,
      keys: ReadonlyMap<string, Key>,
    ) => Effect.Effect<void, StorageFailure>
    /** Errors are recorded, never served. */
    readonly recordFailure: (
      failure: Place & { readonly key: Key; readonly stage: string; readonly error: Json },
    ) => Effect.Effect<void, StorageFailure>
  }
>()("loom/runtime/Cache") {
  static readonly layer: Layer.Layer<Cache, never, Store | Blobs> = Layer.effect(
    Cache,
    Effect.gen(function* () {
      const reads = yield* makeReads
      const commit = yield* makeCommit(reads.lookup, reads.noteUse)
      return { ...reads, commit }
    }),
  )
}

// Enough to meet the same stage in a few other pipelines, few enough to compare at once.
const nearestAmong = 50

const makeReads = Effect.gen(function* () {
  const { attempt, tables } = yield* Store
  const blobs = yield* Blobs
  const results = tables.results

  const lookupMany = Effect.fn("Cache.lookupMany")(function* (keys: readonly Key[]) {
    const found = yield* attempt("Looking up results", () => results.find(keys).map(cachedResult))
    const needed = found.map((result) => ({ result, needs: collectBlobs(result.output) }))
    const there = yield* blobs.present(needed.flatMap(({ needs }) => needs))
    const hits = needed.filter(({ needs }) => needs.every((blob) => there.has(blob.sha256)))
    return new Map(hits.map(({ result }) => [result.key, result]))
  })

  const latest = Effect.fn("Cache.latest")(function* ({ pipeline, label, item }: Place) {
    const find = () => Option.map(Option.fromNullishOr(results.latest(pipeline, label, item)), remembered)
    return yield* attempt("Looking up results", find)
  })

  const latestItems = Effect.fn("Cache.latestItems")(function* (place: Omit<Place, "item">) {
    const find = () =>
      results.latestItems(place.pipeline, place.label).map((row) => [row.item, remembered(row)] as const)
    return new Map(yield* attempt("Looking up results", find))
  })

  const nearest = Effect.fn("Cache.nearest")(function* (query: {
    readonly stage: string
    readonly preImage: PreImage
  }) {
    const recent = yield* attempt("Looking up results", () => results.recent(query.stage, nearestAmong).map(remembered))
    const candidates = recent.map((candidate) => ({
      candidate,
      differing: countDiffering(candidate.preImage, query.preImage),
    }))
    // The sort is stable and rows come newest first, so of equally near ones the newest is taken.
    const best = candidates.sort((a, b) => a.differing - b.differing)[0]
    return Option.map(Option.fromNullishOr(best), ({ candidate }) => candidate)
  })

  const noteUse = Effect.fn("Cache.noteUse")(function* ({ pipeline, label, item }: Place, key: Key) {
    const nowMs = yield* Clock.currentTimeMillis
    yield* attempt("Noting a use", () => results.noteUse(pipeline, label, item, key, nowMs))
  })

  const noteItems = Effect.fn("Cache.noteItems")(function* (
    { pipeline, label }: Omit<Place, "item">,
    keys: ReadonlyMap<string, Key>,
  ) {
    const nowMs = yield* Clock.currentTimeMillis
    yield* attempt("Noting a use", () => results.noteItems(pipeline, label, keys, nowMs))
  })

  const recordFailure = Effect.fn("Cache.recordFailure")(function* (
    failure: Place & { readonly key: Key; readonly stage: string; readonly error: Json },
  ) {
    const atMs = yield* Clock.currentTimeMillis
    const { key, pipeline, label, stage, item = null } = failure
    const row = { key, pipeline, label, stage, item, error: canonicalJson(failure.error), atMs }
    yield* attempt("Recording a failure", () => results.recordFailure(row))
  })

  const lookup = (key: Key): Effect.Effect<Option.Option<CachedResult>, StorageFailure> =>
    Effect.map(lookupMany([key]), (hits) => Option.fromNullishOr(hits.get(key)))

  return { lookup, lookupMany, latest, latestItems, nearest, noteUse, noteItems, recordFailure }
})

const flushAfterMs = 1000

const makeCommit = Effect.fnUntraced(function* (
  lookup: Cache["Service"]["lookup"],
  noteUse: Cache["Service"]["noteUse"],
) {
  const { attempt, durably, tables } = yield* Store
  const blobs = yield* Blobs
  const reach = yield* CommitPoints
  let unflushedMs = 0

  const requireBlobs = Effect.fnUntraced(function* (output: Json) {
    for (const blob of collectBlobs(output)) yield* blobs.path(blob)
  })

  /** The id of a row under this key that is no hit (its blobs are gone), if there is one. */
  const deadRow = (key: Key): Effect.Effect<number | null, StorageFailure> =>
    attempt("Looking up results", () => tables.results.find([key])[0]?.id ?? null)

  const insert = Effect.fnUntraced(function* (result: NewResult, replaces: number | null) {
    const createdAtMs = yield* Clock.currentTimeMillis
    const { key, pipeline, label, stage, item = null, elapsedMs, lease } = result
    const [preImage, output] = [canonicalJson({ ...result.preImage }), canonicalJson(result.output)]
    const row = { key, pipeline, label, stage, item, elapsedMs, preImage, output, createdAtMs }
    unflushedMs += elapsedMs
    const commit = () => tables.results.commit({ row, epoch: lease?.epoch ?? null, replaces })
    const mustFlush = unflushedMs >= flushAfterMs
    const outcome = yield* attempt("Storing a result", () => (mustFlush ? durably(commit) : commit()))
    if (mustFlush) unflushedMs = 0
    reach("row-committed")
    return outcome
  })

  return Effect.fn("Cache.commit")(function* (
    result: NewResult,
  ): Effect.fn.Return<Committed, StorageFailure | LeaseLost | BlobMissing> {
    const { key, lease } = result
    // Asked before the lookup: a row that is committed in between has another id, and is adopted.
    const candidate = yield* deadRow(key)
    const standing = yield* lookup(key)
    if (Option.isSome(standing)) return yield* adopt(result, standing.value.output)
    yield* requireBlobs(result.output)
    const outcome = yield* insert(result, candidate)
    if (outcome.kind === "lease-lost") return yield* new LeaseLost({ key, epoch: lease?.epoch ?? 0 })
    if (outcome.kind === "adopted") return yield* adopt(result, JSON.parse(outcome.row.output))
    yield* noteUse(result, key)
    return { output: result.output, adopted: false, differs: false }
  })

  function adopt(result: NewResult, output: Json): Effect.Effect<Committed, StorageFailure> {
    const differs = canonicalJson(output) !== canonicalJson(result.output)
    return Effect.as(noteUse(result, result.key), { output, adopted: true, differs })
  }
})

// The texts were written by this file, so they are taken at their word; one that does not parse is a damaged database.
const remembered = (row: { readonly key: Key; readonly label: string; readonly preImage: string }): Remembered => ({
  key: row.key,
  label: row.label,
  preImage: JSON.parse(row.preImage),
})

const cachedResult = (row: ResultRow): CachedResult => ({
  ...remembered(row),
  output: JSON.parse(row.output),
  pipeline: row.pipeline,
  stage: row.stage,
  item: row.item,
  elapsedMs: row.elapsedMs,
  createdAtMs: row.createdAtMs,
})

const countDiffering = (a: PreImage, b: PreImage): number => {
  const names = new Set([...Object.keys(a.fields), ...Object.keys(b.fields)])
  const text = (value: Json | undefined): string => (value === undefined ? "" : canonicalJson(value))
  return [...names].filter((name) => text(a.fields[name]) !== text(b.fields[name])).length
}
