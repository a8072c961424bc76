/**
 * A process that computes one key in a cache folder, as its parent tells it:
 *   node computing-child.ts FOLDER [--kill-at POINT] [--hasty]
 * It says "ready", waits for "go" on its standard input, and computes: says "computing", and with the next line ("finish") stores and commits
 * the text it was given there. At the end it says "output: …", the output that stands.
 */
import * as readline from "node:readline"
import { Effect, Layer, Option } from "effect"
import { Blobs } from "../../../../src/runtime/storage/blobs.ts"
import { Cache } from "../../../../src/runtime/storage/cache.ts"
import { Leases } from "../../../../src/runtime/storage/lease.ts"
import { storageLayer } from "../../../../src/runtime/storage/storage.ts"
import { hastyLeases, result, watchCommitPoints } from "./temporary-storage.ts"

const [folder = "", ...flags] = process.argv.slice(2)
const killAt = flags[flags.indexOf("--kill-at") + 1]
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const nextLine = Effect.promise(async () => String((await lines.next()).value))
const say = (text: string) => Effect.sync(() => process.stdout.write(`${text}\n`))

const program = Effect.gen(function* () {
  const cache = yield* Cache
  const blobs = yield* Blobs
  const { key } = result({ n: 1 }, null)
  yield* say("ready")
  yield* nextLine
  const output = yield* (yield* Leases).withLease(key, {
    adopt: Effect.map(
      cache.lookup(key),
      Option.map((hit) => hit.output),
    ),
    compute: (lease) =>
      Effect.gen(function* () {
        yield* say("computing")
        const text = yield* nextLine
        const file = yield* blobs.put(new TextEncoder().encode(text))
        const committed = yield* cache.commit({ ...result({ n: 1 }, { text, file }), lease })
        return committed.output
      }),
    onWait: () => say("waiting"),
  })
  yield* say(`output: ${JSON.stringify(output)}`)
})

const killing = watchCommitPoints((point) => {
  if (flags.includes("--kill-at") && point === killAt) process.kill(process.pid, "SIGKILL")
})
const settings = flags.includes("--hasty") ? Layer.merge(killing, hastyLeases) : killing
await Effect.runPromise(program.pipe(Effect.provide(storageLayer(folder).pipe(Layer.provide(settings)))))
process.exit(0)
