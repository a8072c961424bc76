/** Blobs at the sizes where a whole file no longer fits into one read, one hash or one 32-bit number. Sparse files: they take no room. */
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Blobs } from "../../../src/runtime/storage/blobs.ts"
import { inStorage, temporaryFolder } from "./rig/temporary-storage.ts"

const gibibyte = 2 ** 30

/** A file of zeros that ends in a 7. */
const sparse = (file: string, sizeBytes: number): void => {
  const handle = fs.openSync(file, "w")
  fs.writeSync(handle, Uint8Array.of(7), 0, 1, sizeBytes - 1)
  fs.closeSync(handle)
}

/** Takes a file of this size into a cache, and looks at it. */
const taken = <A>(
  sizeBytes: number,
  look: (file: string, bytes: Effect.Effect<Uint8Array, unknown>) => Effect.Effect<A, unknown>,
) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    return yield* inStorage(
      folder,
      Effect.gen(function* () {
        const blobs = yield* Blobs
        const file = path.join(yield* blobs.scratch, "large")
        sparse(file, sizeBytes)
        const blob = yield* blobs.take(file)
        expect(blob.sizeBytes).toBe(sizeBytes)
        return yield* look(yield* blobs.path(blob), blobs.bytes(blob))
      }).pipe(Effect.scoped),
    )
  })

describe("a blob", { timeout: 120_000 }, () => {
  it.live("of 2 GiB and a byte comes back whole, as bytes too", () =>
    taken(2 * gibibyte + 1, (_, bytes) =>
      Effect.map(bytes, (content) => {
        expect(content.length).toBe(2 * gibibyte + 1)
        expect(content.at(-1)).toBe(7)
      }),
    ),
  )

  it.live("of 4 GiB and a byte keeps its size and its end", () =>
    taken(4 * gibibyte + 1, (file) =>
      Effect.sync(() => {
        const end = new Uint8Array(1)
        const handle = fs.openSync(file, "r")
        fs.readSync(handle, end, 0, 1, 4 * gibibyte)
        fs.closeSync(handle)
        expect(end[0]).toBe(7)
      }),
    ),
  )
})
