/** Everything that planning and running need, over one cache folder. */
import { Layer } from "effect"
import { Events } from "../model/events.ts"
import type { StorageFailure } from "../model/storage-failure.ts"
import { type Storage, storageLayer } from "../storage/storage.ts"

export const runtimeLayer = (cacheFolder: string): Layer.Layer<Storage | Events, StorageFailure> =>
  Layer.merge(storageLayer(cacheFolder), Events.layer)
