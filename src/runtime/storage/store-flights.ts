/**
 * SQL of flights: who is on the way to which steps just now. A flight is a lease with marks: keys of the steps at which it will file
 * snapshots. Marks go with the lease.
 */
import type Database from "better-sqlite3"
import type { LeaseAnswer, LeaseRequest, LeaseRow } from "./store-leases.ts"

export interface FlightRequest {
  readonly owner: LeaseRequest["owner"]
  readonly supersedes: LeaseRequest["supersedes"]
  /** Keys of all steps of the way that are not there yet. */
  readonly keys: readonly string[]
  /** Those among them at which snapshots will be filed. */
  readonly marks: readonly string[]
}

export type FlightTable = ReturnType<typeof flightTable>

export const flightTable = (database: Database.Database) => {
  const onTheWay = database.prepare<[string], LeaseRow>(
    `SELECT lease.* FROM json_each(?) AS wanted
     JOIN flight_mark AS mark ON mark.key = wanted.value JOIN lease ON lease.epoch = mark.epoch
     ORDER BY wanted.key DESC LIMIT 1`,
  )
  const lease = database.prepare<[object]>(
    `INSERT INTO lease (key, instance, host, boot, space, pid, started)
     VALUES (@key, @instance, @host, @boot, @space, @pid, @started)`,
  )
  const mark = database.prepare<[string, number]>("INSERT INTO flight_mark (key, epoch) VALUES (?, ?)")
  const remove = database.prepare<[number]>("DELETE FROM lease WHERE epoch = ?")
  const take = database.transaction(({ keys, marks, owner, supersedes }: FlightRequest): LeaseAnswer => {
    for (;;) {
      const by = onTheWay.get(JSON.stringify(keys))
      if (by === undefined) break
      if (by.epoch !== supersedes?.epoch || by.beats !== supersedes.beats) return { kind: "held", by }
      remove.run(by.epoch)
    }
    const epoch = Number(lease.run({ ...owner, key: `flight to ${marks.at(-1)}` }).lastInsertRowid)
    for (const key of marks) mark.run(key, epoch)
    return { kind: "won", epoch }
  })
  return {
    /** Sets out on a way on which nobody is; else says who is, of several the one that goes furthest. */
    setOut: (request: FlightRequest): LeaseAnswer => {
      // Waiters ask often; looking first spares them the write lock.
      const by = onTheWay.get(JSON.stringify(request.keys))
      return by !== undefined && by.epoch !== request.supersedes?.epoch ? { kind: "held", by } : take.immediate(request)
    },
  }
}
