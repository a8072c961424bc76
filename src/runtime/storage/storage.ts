/** The storage side as one layer over one cache folder. */
import { Layer } from "effect"
import type { StorageFailure } from "../model/storage-failure.ts"
import { Blobs } from "./blobs.ts"
import { Cache } from "./cache.ts"
import { FileMemo } from "./file-memo.ts"
import { Flights } from "./flights.ts"
import { Leases } from "./lease.ts"
import { LeaseHolder } from "./lease-holder.ts"
import { Store } from "./store.ts"
import { SweepJournals } from "./sweep-journal.ts"
import { Trajectories } from "./trajectory.ts"

/** Everything that remembers. */
export type Storage = Store | FileMemo | Blobs | Cache | Leases | Flights | Trajectories | SweepJournals

/** Opens a cache folder, making it when it is not there. */
export const storageLayer = (folder: string): Layer.Layer<Storage, StorageFailure> =>
  Layer.mergeAll(Cache.layer, Trajectories.layer, Flights.layer, Leases.layer, SweepJournals.layer).pipe(
    Layer.provide(LeaseHolder.layer),
    Layer.provideMerge(Blobs.layer),
    Layer.provideMerge(FileMemo.layer),
    Layer.provideMerge(Store.layer(folder)),
  )
