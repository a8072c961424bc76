/**
 * SQL of leases: who is computing which key right now. Deciding whether a holder is still alive is lease.ts's affair; here a lease
 * changes hands only if it is exactly as the taker saw it (same epoch, same number of heartbeats).
 */
import type Database from "better-sqlite3"
import type { ProcessIdentity } from "./process-identity.ts"

export interface LeaseRow extends ProcessIdentity {
  readonly epoch: number
  readonly key: string
  readonly beats: number
  /** One opening of the store; two of them may live in one process. */
  readonly instance: string
}

export interface LeaseRequest {
  readonly key: string
  readonly owner: ProcessIdentity & { readonly instance: string }
  /** A lease whose holder was found gone, as it was seen. */
  readonly supersedes: { readonly epoch: number; readonly beats: number } | null
}

export type LeaseAnswer =
  | { readonly kind: "won"; readonly epoch: number }
  | { readonly kind: "held"; readonly by: LeaseRow }

export type LeaseTable = ReturnType<typeof leaseTable>

export const leaseTable = (database: Database.Database) => {
  const find = database.prepare<[string], LeaseRow>("SELECT * FROM lease WHERE key = ?")
  const insert = database.prepare<[object]>(
    `INSERT INTO lease (key, instance, host, boot, space, pid, started)
     VALUES (@key, @instance, @host, @boot, @space, @pid, @started)`,
  )
  const beat = database.prepare<[number]>("UPDATE lease SET beats = beats + 1 WHERE epoch = ?")
  const remove = database.prepare<[number]>("DELETE FROM lease WHERE epoch = ?")
  const isAsSeen = (by: LeaseRow, seen: LeaseRequest["supersedes"]): boolean =>
    by.epoch === seen?.epoch && by.beats === seen.beats
  const take = database.transaction(({ key, owner, supersedes }: LeaseRequest): LeaseAnswer => {
    const by = find.get(key)
    if (by !== undefined && !isAsSeen(by, supersedes)) return { kind: "held", by }
    if (by !== undefined) remove.run(by.epoch)
    return { kind: "won", epoch: Number(insert.run({ ...owner, key }).lastInsertRowid) }
  })
  // Waiters ask often; looking first spares them the write lock.
  const acquire = (request: LeaseRequest): LeaseAnswer => {
    const by = find.get(request.key)
    return by !== undefined && !isAsSeen(by, request.supersedes) ? { kind: "held", by } : take.immediate(request)
  }
  return {
    find: (key: string): LeaseRow | undefined => find.get(key),
    acquire,
    /** False when the lease is no longer there. */
    beat: (epoch: number): boolean => beat.run(epoch).changes === 1,
    release: (epoch: number): void => void remove.run(epoch),
  }
}
