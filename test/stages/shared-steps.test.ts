/** Random pairs of trainings with first steps in common: what is foreseen of them is what is trained, and each ends in the bytes it has alone. */
import { readFileSync } from "node:fs"
import { Effect } from "effect"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { RunEvent } from "../../src/runtime/model/events.ts"
import { stageTree } from "../../src/runtime/sweep/stage-tree.ts"
import { textEncoding } from "../../src/settings/text-encoding.ts"
import { stepKeys } from "../../src/stages/training/step-keys.ts"
import { settingsFor, type TrainParams, type TrainParamsInput } from "../../src/stages/training/train-params.ts"
import { run } from "../runtime/project.ts"
import { type RandomNumber, randomNumbers } from "../runtime/search/rig/random-numbers.ts"
import { closeStudio, copyStudio, line, makeStudio, oneThread, runStudio, type Studio } from "./studio.ts"

type Training = TrainParamsInput
type Draw = (random: RandomNumber) => Training

const pick = <A>(random: RandomNumber, ...of: readonly A[]): A => of[Math.floor(random() * of.length)]!
const between = (random: RandomNumber, low: number, high: number): number =>
  low + Math.floor(random() * (high - low + 1))

/** Settings that act from some step on, at most: two trainings that differ in them may share the steps before. */
const late: Readonly<Record<string, Draw>> = {
  steps: (random) => ({ steps: between(random, 3, 7) }),
  untilStep: (random) => ({ untilStep: pick(random, null, null, between(random, 1, 6)) }),
  warmup: (random) => ({ warmupSteps: between(random, 0, 4) }),
  schedule: (random) => ({
    schedule: pick(
      random,
      { kind: "constant" } as const,
      { kind: "cosine", floor: pick(random, 0, 1e-4), steps: pick(random, null, between(random, 2, 6)) } as const,
      { kind: "cosine-restarts", stepsBetweenRestarts: between(random, 3, 6) } as const,
    ),
  }),
  embedding: (random) => ({
    customEmbedding: { keyword: "sks", length: 1, learningRate: 1e-2, stopAtStep: between(random, 1, 7) },
  }),
  snapshots: (random) => ({ snapshotEverySteps: between(random, 1, 9) }),
}

/** Settings of which all steps are made. */
const early: Readonly<Record<string, Draw>> = {
  seed: (random) => ({ seed: between(random, 1, 3) }),
  rate: (random) => ({ unetLearningRate: pick(random, 1e-3, 2e-3) }),
  dim: (random) => ({ networkDim: pick(random, 2, 3) }),
  noEmbedding: () => ({ customEmbedding: null }),
}

const drawn = (random: RandomNumber, draws: readonly Draw[]): Training =>
  Object.assign({}, ...draws.map((draw) => draw(random)))

const endingInTime = ({ steps = 0, untilStep = null, ...more }: Training): Training => ({
  ...more,
  ...{ steps, untilStep: untilStep !== null && untilStep > steps ? null : untilStep },
})

/** One, and the same with two settings drawn anew; in one pair of eight something that all steps depend on is drawn anew too. */
const madeUpPair = (seed: number): readonly [Training, Training] => {
  const random = randomNumbers(seed)
  const one: Training = { ...drawn(random, Object.values(late)), ...early["seed"]!(random), saveEverySteps: 0 }
  const changed = [pick(random, ...Object.values(late)), pick(random, ...Object.values(late))]
  const isApart = between(random, 1, 8) === 1
  const other = drawn(random, isApart ? [...changed, pick(random, ...Object.values(early))] : changed)
  return [endingInTime(one), endingInTime({ ...one, ...other })]
}

const graphOf = (training: Training) => Effect.runPromise(line({ paints: false, training }).instantiate({}))

const foreseen = async (pair: readonly [Training, Training]) => {
  const graphs = [await graphOf(pair[0]), await graphOf(pair[1])] as const
  const tree = stageTree()
  const added = graphs.map(tree.add)
  return { graphs, added, waypoints: graphs.map((graph) => new Map([...tree.waypoints(graph)])) }
}

/** Keys of a training's steps, whatever it is trained on. */
const keysOf = async ({ stages }: Awaited<ReturnType<typeof graphOf>>): Promise<readonly string[]> => {
  const params = stages.find(({ label }) => label === "train")!.params as TrainParams
  const dataset = { encoding: textEncoding("sd1", null), trigger: null, triggerLike: null, samples: [] }
  const base = { family: "sd1", predictionType: "epsilon", trainTimesteps: 1000, files: {} } as never
  return (await Effect.runPromise(stepKeys({ dataset, base, settings: settingsFor(params) }))).keys
}

describe("two trainings with random settings", { timeout: 240_000 }, () => {
  it("are foreseen to train as many steps as they have keys, in 300 pairs", async () => {
    const shared: number[] = []
    for (let seed = 1; seed <= 300; seed++) {
      const { graphs, added } = await foreseen(madeUpPair(seed))
      const [one, other] = [await keysOf(graphs[0]), await keysOf(graphs[1])]
      expect(added, `pair ${seed}`).toEqual([one.length, other.filter((key) => !one.includes(key)).length])
      shared.push(other.length - added[1]!)
    }
    // Pairs of every kind are among them.
    for (const steps of [0, 1, 2, 3, 4, 5, 6, 7]) expect(shared).toContain(steps)
  })

  describe("in one cache", () => {
    /** In which everything before the training is there; every training gets a copy. */
    let prepared: Studio
    let studio: Studio
    beforeAll(async () => {
      prepared = await makeStudio()
      await runStudio(prepared, { paints: false, training: { steps: 1, seed: 100 } })
    })
    beforeEach(() => {
      studio = copyStudio(prepared)
    })
    afterEach(() => closeStudio(studio))
    afterAll(() => closeStudio(prepared))

    const train = async (place: Studio, training: Training, waypoints: ReadonlyMap<string, readonly number[]>) => {
      const steps: number[] = []
      const onEvent = (event: RunEvent) => {
        if (event.type === "stage-progress" && event.label === "train" && event.metrics !== undefined) {
          steps.push(event.done)
        }
      }
      const report = await Effect.runPromise(
        oneThread(run(place, line({ paints: false, training }), { waypoints, onEvent })),
      )
      const files = report.artifacts.map(({ path, file }) => [path, readFileSync(file).toString("base64")] as const)
      return { steps, files: Object.fromEntries(files) }
    }

    const alone = async (training: Training) => {
      const place = copyStudio(prepared)
      try {
        return await train(place, training, new Map())
      } finally {
        closeStudio(place)
      }
    }

    it.each([3, 4, 5, 17, 23])(
      "train what was foreseen and end in the bytes they have alone (pair %i)",
      async (seed) => {
        const pair = madeUpPair(seed)
        const { added, waypoints } = await foreseen(pair)
        for (const [at, training] of pair.entries()) {
          const together = await train(studio, training, waypoints[at]!)
          expect(together.steps, JSON.stringify(pair)).toHaveLength(added[at]!)
          expect(together.files).toEqual((await alone(training)).files)
        }
      },
    )
  })
})
