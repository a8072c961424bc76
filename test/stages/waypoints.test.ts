/** Snapshots that whoever runs a pipeline asks for lie where they were asked for, and change nothing else. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import Database from "better-sqlite3"
import { Effect } from "effect"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { RunEvent } from "../../src/runtime/model/events.ts"
import { plan, run } from "../runtime/project.ts"
import { closeStudio, copyStudio, line, makeStudio, oneThread, runStudio, type Studio } from "./studio.ts"

/** In which everything before the training is there; every test gets a copy. */
let prepared: Studio
let studio: Studio

const training = (steps: number, more: object = {}) => ({
  paints: false,
  training: { steps, saveEverySteps: 0, snapshotEverySteps: 100, ...more },
})

const waypointsAt = (...steps: readonly number[]) => ({ waypoints: new Map([["train", new Set(steps)]]) })

/** A run with waypoints: which steps it trained. */
const trained = async (steps: number, at: readonly number[], more: object = {}): Promise<readonly number[]> => {
  const events: RunEvent[] = []
  const options = { ...waypointsAt(...at), onEvent: (event: RunEvent) => events.push(event) }
  await Effect.runPromise(oneThread(run(studio, line(training(steps, more)), options)))
  return events.flatMap((event) =>
    event.type === "stage-progress" && event.label === "train" && event.metrics !== undefined ? [event.done] : [],
  )
}

const snapshotsFiled = (): number => {
  const database = new Database(join(studio.cacheFolder, "loom.sqlite"), { readonly: true })
  try {
    return database.prepare<[], { filed: number }>("SELECT count(*) AS filed FROM trajectory").get()!.filed
  } finally {
    database.close()
  }
}

beforeAll(async () => {
  prepared = await makeStudio()
  await runStudio(prepared, training(1, { seed: 100 }))
})
beforeEach(() => {
  studio = copyStudio(prepared)
})
afterEach(() => closeStudio(studio))
afterAll(() => closeStudio(prepared))

describe("a waypoint", { timeout: 240_000 }, () => {
  it("gets a snapshot, and no other step does", async () => {
    const before = snapshotsFiled()
    expect(await trained(6, [2, 5])).toEqual([1, 2, 3, 4, 5, 6])
    expect(snapshotsFiled()).toBe(before + 3)
    expect(await trained(2, [])).toEqual([])
    expect(await trained(5, [])).toEqual([])
    expect(await trained(4, [])).toEqual([3, 4])
  })

  it("changes neither the bytes nor a key", async () => {
    const artifactOf = async (cache: string, waypoints: readonly number[]) => {
      const project = { ...studio, cacheFolder: join(studio.root, cache) }
      const work = run(project, line(training(4)), waypointsAt(...waypoints))
      const { artifacts } = await Effect.runPromise(oneThread(work))
      return readFileSync(artifacts.find(({ path }) => path.endsWith("lora.safetensors"))!.file)
    }
    const alone = await artifactOf("without", [])
    expect((await artifactOf("with", [1, 3])).equals(alone)).toBe(true)
    await trained(4, [1])
    const { stages } = await Effect.runPromise(plan(studio, line(training(4))))
    expect(stages.find(({ label }) => label === "train")?.state).toBe("restored")
    expect(await trained(4, [1, 2, 3])).toEqual([])
  })

  it("that lies behind, beyond the end or between two steps is passed over", async () => {
    expect(await trained(2, [])).toEqual([1, 2])
    expect(await trained(3, [0, 1, 2.5, 3, 90, Number.NaN])).toEqual([3])
    expect(await trained(1, [])).toEqual([1])
  })

  it("keeps its snapshot when the run is broken off after it", async () => {
    const control = new AbortController()
    const onEvent = (event: RunEvent) => {
      if (event.type === "stage-progress" && event.label === "train" && event.done >= 5) control.abort()
    }
    const work = run(studio, line(training(400)), { ...waypointsAt(3), onEvent })
    await expect(Effect.runPromise(oneThread(work), { signal: control.signal })).rejects.toThrow()
    expect(await trained(4, [])).toEqual([4])
  })
})
