/**
 * What sharing saves, on the quick start's base: sweeps beside the same trainings each on its own, from caches in which the pictures are
 * encoded.
 */
import { availableParallelism, cpus } from "node:os"
import { exhaustive, minimise, oneOf, sweep } from "../../src/index.ts"
import { run } from "../../src/tools/program.ts"
import { runSweep } from "../../src/tools/sweep-program.ts"
import { inWorkshop, over, pipelinesFolder, sweptTraining, timed, type Workshop } from "./swept-training.ts"
import { inSeconds, median, printHeader, printRow } from "./whole-process.ts"

const inPipelines = { root: pipelinesFolder, workers: 1 }

const floors = [0, 1, 2, 3, 4, 5, 6, 7].map((part) => part * 1e-4)

const lateDifference = sweep(sweptTraining, {
  space: { floor: oneOf(...floors) },
  search: exhaustive(),
  objective: minimise("saves"),
  shown: 0,
})

const weights = [1, 2, 3, 4, 5, 6, 7, 8]

const laterDifference = sweep(sweptTraining, {
  space: { weight: oneOf(...weights) },
  search: exhaustive(),
  objective: minimise("saves"),
  shown: 0,
})

const trainedAlone = ({ freshCache, output }: Workshop, set: Readonly<Record<string, unknown>>) => {
  const cache = freshCache()
  return timed(() => over(cache, run(sweptTraining, { ...inPipelines, output, set })))
}

const ratio = (one: number, other: number): string => `${(one / other).toFixed(3)} ×`

/** Eight trials that part after three quarters of their steps, and the finished sweep once more. */
const sharing = async (workshop: Workshop): Promise<void> => {
  const { freshCache, output } = workshop
  const cache = freshCache()
  const swept = await timed(() => over(cache, runSweep(lateDifference, { ...inPipelines, output })))
  const again = await timed(() => over(cache, runSweep(lateDifference, { ...inPipelines, output })))
  let aloneMs = 0
  for (const floor of floors) aloneMs += (await trainedAlone(workshop, { floor })).elapsedMs
  const { asked, trained } = swept.value.table.steps
  printRow(
    "8 that part after 75 % of the steps",
    inSeconds(swept.elapsedMs),
    inSeconds(aloneMs),
    ratio(swept.elapsedMs, aloneMs),
  )
  printRow("… their steps", String(trained), String(asked), ratio(trained, asked))
  printRow("… once it is finished, again", inSeconds(again.elapsedMs), "", "")
}

/** Eight trials that differ in what comes after the training, beside one. */
const sameTraining = async (workshop: Workshop): Promise<void> => {
  const { freshCache, output } = workshop
  const cache = freshCache()
  const swept = await timed(() => over(cache, runSweep(laterDifference, { ...inPipelines, output })))
  const one = await trainedAlone(workshop, {})
  printRow(
    "8 that differ after the training",
    inSeconds(swept.elapsedMs),
    inSeconds(one.elapsedMs),
    ratio(swept.elapsedMs, one.elapsedMs),
  )
}

const inPairs = 3

/** 100 steps more of a training of 500, beside 100 steps, one after the other three times; each by its median. */
const moreSteps = async ({ freshCache, output }: Workshop): Promise<void> => {
  const upTo = (cache: string, steps: number) =>
    over(cache, run(sweptTraining, { ...inPipelines, output, set: { steps, decayFromStep: steps } }))
  const [more, few]: [number[], number[]] = [[], []]
  for (let pair = 0; pair < inPairs; pair++) {
    const [cache, other] = [freshCache(), freshCache()]
    await upTo(cache, 500)
    more.push((await timed(() => upTo(cache, 600))).elapsedMs)
    few.push((await timed(() => upTo(other, 100))).elapsedMs)
  }
  const [moreMs, fewMs] = [median(more), median(few)]
  printRow("500 → 600 steps, beside 100", inSeconds(moreMs), inSeconds(fewMs), ratio(moreMs, fewMs))
}

export const measureSweep = (): Promise<void> =>
  inWorkshop(async (workshop) => {
    const title = `Sharing in sweeps, quick start's base, on ${cpus()[0]?.model} (${availableParallelism()} cores)`
    printHeader(title, "what", "shared", "each alone", "ratio")
    await sharing(workshop)
    await sameTraining(workshop)
    await moreSteps(workshop)
  })
