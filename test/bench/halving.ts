/**
 * Asynchronous halving beside trials that are all trained to their end: how many steps it trains, and how much worse the best trial is that
 * it finds. Ten sweeps that differ in their seed, each of 24 trainings of the quick start's base, judged by held-out pictures.
 *
 * The trainings save at the rungs, so that halving finds its steps in the cache of the whole ones: it is timed by its steps.
 */
import { availableParallelism, cpus } from "node:os"
import { Schema } from "effect"
import {
  type Asha,
  asha,
  baseModel,
  caption,
  checkpoint,
  crop,
  encode,
  holdOut,
  ingest,
  logUniform,
  minimise,
  oneOf,
  pipeline,
  random,
  type Searcher,
  sweep,
  train,
  validate,
  validationLoss,
} from "../../src/index.ts"
import { runSweep, type SweepReport } from "../../src/tools/sweep-program.ts"
import { inWorkshop, over, pipelinesFolder } from "./swept-training.ts"
import { median, printHeader, printRow } from "./whole-process.ts"

const rungs = [10, 30, 90]
const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

const params = Schema.Struct({ networkDim: Schema.Int, unetLearningRate: Schema.Finite })

const judged = pipeline("judged", { params, defaults: { networkDim: 8, unetLearningRate: 1e-3 } }, (given) => {
  const base = baseModel("./quickstart/base")
  const pictures = ingest("./quickstart/pictures")
  const images = crop(pictures, { size: 128 })
  const captions = caption(pictures, { trigger: "toki" })
  const { training, heldOut } = holdOut(encode({ base, images, captions }), { share: 0.25 })
  const lora = train(training, { ...given, steps: rungs.at(-1)!, saveEverySteps: 10, warmupSteps: 5, seed: 7 })
  return { losses: validate({ checkpoints: checkpoint(lora, { name: "judged" }), heldOut }) }
})

const sweepOf = (search: Searcher | Asha, seed: number) =>
  sweep(judged, {
    space: { unetLearningRate: logUniform(1e-4, 2e-2), networkDim: oneOf(4, 8, 16, 32) },
    objective: minimise(validationLoss),
    ...{ search, seed, trials: 24, shown: 0 },
  })

const bestOf = ({ table }: SweepReport): number => table.trials.find(({ rank }) => rank === 1)!.objectives[0]!

export const measureHalving = (): Promise<void> =>
  inWorkshop(async ({ freshCache, output }) => {
    printHeader(
      `Halving beside whole trials on ${cpus()[0]?.model} (${availableParallelism()} cores)`,
      ...["seed", "steps", "best, halving", "best, whole", "ratio"],
    )
    const cache = freshCache()
    const told = { root: pipelinesFolder, output, workers: 1 }
    const shares: number[] = []
    const ratios: number[] = []
    for (const seed of seeds) {
      const whole = await over(cache, runSweep(sweepOf(random(), seed), told))
      const halved = await over(cache, runSweep(sweepOf(asha({ rungs }), seed), told))
      const { asked, trained } = halved.table.steps
      shares.push(trained / asked)
      ratios.push(bestOf(halved) / bestOf(whole))
      const cells = [bestOf(halved).toFixed(5), bestOf(whole).toFixed(5), `${ratios.at(-1)!.toFixed(3)} ×`]
      printRow(String(seed), `${(trained / asked).toFixed(3)} ×`, ...cells)
    }
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
    printRow("mean steps", `${mean.toFixed(3)} ×`, "", "", "")
    printRow("median, worst", "", "", "", `${median(ratios).toFixed(3)}, ${Math.max(...ratios).toFixed(3)} ×`)
  })
