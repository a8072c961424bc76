/** Everything that planning and running need, over one cache folder. */
import { Layer } from "effect"
import { Events } from "./events.ts"
import { type Storage, storageLayer } from "./storage.ts"
import type { StorageFailure } from "./storage-failure.ts"

export const runtimeLayer = (cacheFolder: string): Layer.Layer<Storage | Events, StorageFailure> =>
  Layer.merge(storageLayer(cacheFolder), Events.layer)
