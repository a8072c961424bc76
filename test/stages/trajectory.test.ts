/** Training goes on from where its trajectory was last saved, and ends in the same bytes as without a break. */
import { readFileSync } from "node:fs"
import { Effect } from "effect"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { RunEvent } from "../../src/runtime/model/events.ts"
import { makeStopSignal, type StopSignal } from "../../src/runtime/model/stop-signal.ts"
import { RunStopped } from "../../src/runtime/run/run-outcome.ts"
import { saveSteps } from "../../src/stages/training/train-trajectory.ts"
import { decodeLoraFile } from "../rig/lora-bytes.ts"
import { plan, run } from "../runtime/project.ts"
import {
  type Choices,
  closeStudio,
  copyStudio,
  finished,
  line,
  makeStudio,
  type Outcome,
  oneThread,
  runStudio,
  type Studio,
} from "./studio.ts"

/** In which 4 steps were trained, and then 7; every test gets a copy. */
let trained: Studio
let four: Outcome
let seven: Outcome
let studio: Studio

const trainedSteps = (events: readonly RunEvent[]): readonly number[] =>
  events.flatMap((event) =>
    event.type === "stage-progress" && event.label === "train" && event.metrics !== undefined ? [event.done] : [],
  )

const training = (steps: number, saveEverySteps: number, more: object = {}) => ({
  paints: false,
  training: { steps, saveEverySteps, snapshotEverySteps: 100, ...more },
})

beforeAll(async () => {
  trained = await makeStudio()
  four = await runStudio(trained, training(4, 0))
  seven = await runStudio(trained, training(7, 0))
})
beforeEach(() => {
  studio = copyStudio(trained)
})
afterEach(() => closeStudio(studio))
afterAll(() => closeStudio(trained))

/** A run that is stopped on its way. */
const stoppedRun = async (choices: Partial<Choices>, stop: StopSignal, onEvent: (event: RunEvent) => void) => {
  const ended = await Effect.runPromise(oneThread(Effect.flip(run(studio, line(choices), { stop, onEvent }))))
  if (!(ended instanceof RunStopped)) throw new Error(`not stopped: ${ended}`)
  return ended
}

/** Why the training would run. */
const plannedTraining = async (choices: Partial<Choices>): Promise<string | undefined> => {
  const { stages } = await Effect.runPromise(plan(studio, line(choices)))
  return stages.find(({ label }) => label === "train")?.reason
}

/** The finished LoRA's tensors and metadata, as bytes. */
const lora = (outcome: Outcome, name = "lora.safetensors"): Buffer => readFileSync(finished(outcome, name))

/** Its tensors alone. */
const numbers = (outcome: Outcome, name?: string) => decodeLoraFile(lora(outcome, name)).modules

/** The last step, as the bar shows it. */
const lastOf = (events: readonly RunEvent[]): number | undefined =>
  events.flatMap((event) => (event.type === "stage-progress" && event.label === "train" ? [event.of] : [])).at(-1)

describe("the training's trajectory", { timeout: 240_000 }, () => {
  it("more steps train only the steps that are missing", async () => {
    expect(trainedSteps(four.events)).toEqual([1, 2, 3, 4])
    expect(trainedSteps(seven.events)).toEqual([5, 6, 7])
    const uninterrupted = await runStudio(studio, training(7, 0), "fresh-cache")
    expect(trainedSteps(uninterrupted.events)).toHaveLength(7)
    expect(lora(seven).equals(lora(uninterrupted))).toBe(true)
  })

  it("fewer steps than before train only from the last snapshot on", async () => {
    expect(trainedSteps((await runStudio(studio, training(6, 0))).events)).toEqual([5, 6])
  })

  it("another save interval trains only towards steps without a snapshot", async () => {
    // Snapshots lie at 4 and 7.
    expect(trainedSteps((await runStudio(studio, training(7, 2))).events)).toEqual([1, 2, 5, 6])
  })

  it("a longer warm-up shares no step with the shorter one", async () => {
    expect(trainedSteps((await runStudio(studio, training(4, 0, { warmupSteps: 3 }))).events)).toEqual([1, 2, 3, 4])
  })

  it("training until a step gives what the whole training has at that step, and the whole goes on from there", async () => {
    const falling = { schedule: { kind: "cosine" }, seed: 12 } as const
    const some = await runStudio(studio, training(7, 0, { ...falling, untilStep: 4 }))
    expect(trainedSteps(some.events)).toEqual([1, 2, 3, 4])
    expect(lastOf(some.events)).toBe(4)
    const atFour = numbers(some)
    expect(await plannedTraining(training(7, 0, { ...falling, untilStep: 6 }))).toMatch(/^steps 4 → 6/)
    const rest = await runStudio(studio, training(7, 4, falling))
    expect(trainedSteps(rest.events)).toEqual([5, 6, 7])
    const alone = await runStudio(studio, training(7, 4, falling), "fresh-cache")
    expect(lora(rest).equals(lora(alone))).toBe(true)
    expect(atFour).toEqual(numbers(alone, "lora-000004.safetensors"))
  })

  it("trainings that hold their rate share all steps before it falls, and each ends in the bytes it has alone", async () => {
    const held = (steps: number, decayFromStep: number) =>
      training(steps, 0, { schedule: { kind: "hold", decayFromStep }, warmupSteps: 2, snapshotEverySteps: 1, seed: 13 })
    // After step 5 comes one more at the whole rate, where each of the lines begins.
    const asked = [held(8, 5), held(10, 5), held(10, 7), held(10, 10)]
    const trained: number[][] = []
    for (const choices of asked) {
      const shared = await runStudio(studio, choices)
      trained.push([...trainedSteps(shared.events)])
      const alone = await runStudio(studio, choices, `alone-${trained.length}`)
      expect(trainedSteps(alone.events)).toHaveLength(choices.training.steps)
      expect(lora(shared).equals(lora(alone))).toBe(true)
    }
    expect(trained).toEqual([
      [1, 2, 3, 4, 5, 6, 7, 8],
      [7, 8, 9, 10],
      [7, 8, 9, 10],
      [9, 10],
    ])
  })

  it("two trainings at once train the steps they share once, and each ends in the bytes it has alone", async () => {
    const held = (floor: number) =>
      training(8, 0, { schedule: { kind: "hold", decayFromStep: 5, floor }, snapshotEverySteps: 2, seed: 15 })
    const beside = copyStudio(studio)
    const both = await Promise.all([
      runStudio(studio, held(0)),
      runStudio({ ...beside, cacheFolder: studio.cacheFolder }, held(1e-4)),
    ])
    const steps = both.map(({ events }) => trainedSteps(events))
    expect(steps.toSorted((a, b) => a.length - b.length)).toEqual([
      [7, 8],
      [1, 2, 3, 4, 5, 6, 7, 8],
    ])
    const [one, other] = both.map((outcome) => lora(outcome))
    expect(one!.equals(other!)).toBe(false)
    expect(one!.equals(lora(await runStudio(studio, held(0), "alone")))).toBe(true)
    expect(other!.equals(lora(await runStudio(studio, held(1e-4), "alone-too")))).toBe(true)
    closeStudio(beside)
  })

  it("a hold that is trained until a step falls where the whole does", async () => {
    const held = { schedule: { kind: "hold", decayFromStep: 2 }, seed: 14 } as const
    const some = await runStudio(studio, training(7, 0, { ...held, untilStep: 5 }))
    expect(trainedSteps(some.events)).toEqual([1, 2, 3, 4, 5])
    const atFive = numbers(some)
    const whole = await runStudio(studio, training(7, 5, held))
    expect(trainedSteps(whole.events)).toEqual([6, 7])
    expect(numbers(whole, "lora-000005.safetensors")).toEqual(atFive)
  })

  it("a stop between two steps keeps them, and the next run goes on to the same bytes", async () => {
    const stop = makeStopSignal()
    const choices = training(400, 0, { seed: 9 })
    const onEvent = (event: RunEvent) => event.type === "stage-progress" && event.done >= 5 && stop.request()
    const ended = await stoppedRun(choices, stop, onEvent)
    const [stopped] = ended.stopped
    const done = stopped?.done ?? 0
    expect(stopped).toMatchObject({ label: "train", of: 400, unit: "steps" })
    expect(stopped?.hint).toContain(`go on from step ${done}`)
    expect(await plannedTraining(choices)).toMatch(new RegExp(`^steps ${done} → 400;`))
    const steps = trainedSteps((await runStudio(studio, training(done + 2, 0, { seed: 9 }))).events)
    expect(steps).toEqual([done + 1, done + 2])
    const uninterrupted = await runStudio(studio, training(done + 2, 0, { seed: 9 }), "another-fresh-cache")
    const resumed = await runStudio(studio, training(done + 2, 0, { seed: 9 }))
    expect(lora(resumed).equals(lora(uninterrupted))).toBe(true)
  })

  it("a stop before the first step keeps nothing, and the next run starts from it", async () => {
    const stop = makeStopSignal()
    const choices = training(3, 0, { seed: 10 })
    const onEvent = (event: RunEvent) => event.type === "stage-started" && event.label === "train" && stop.request()
    await stoppedRun(choices, stop, onEvent)
    const steps = trainedSteps((await runStudio(studio, choices)).events)
    expect(steps.at(-1)).toBe(3)
  })

  it("a plan says how many known steps another decay trains again", async () => {
    const schedule = { schedule: { kind: "cosine" }, warmupSteps: 2, snapshotEverySteps: 1, seed: 11 } as const
    await runStudio(studio, training(4, 0, schedule))
    expect(await plannedTraining(training(6, 0, schedule))).toBe("steps 3 → 6; redoes 1 of 4 known steps")
  })

  it.each([
    [10, null, 4, [4, 8, 10]],
    [8, null, 4, [4, 8]],
    [5, null, 0, [5]],
    [3, null, 7, [3]],
    [10, 9, 4, [4, 8, 9]],
    [10, 8, 4, [4, 8]],
    [10, 3, 0, [3]],
  ] as const)(
    "%i steps until step %j, saved every %i, are saved at %j",
    (steps, untilStep, saveEverySteps, expected) => {
      expect(saveSteps({ steps, untilStep, saveEverySteps })).toEqual(expected)
    },
  )
})
