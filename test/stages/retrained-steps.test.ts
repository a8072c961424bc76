/** How many steps a change trains again, to the step, and that it ends in the bytes of a run that knew nothing before. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { type Choices, closeStudio, copyStudio, makeStudio, type Outcome, runStudio, type Studio } from "./studio.ts"

/** Saved at 3 and 6, with snapshots at 2 and 4 too. */
const training = { steps: 6, saveEverySteps: 3, snapshotEverySteps: 2 }
const unchanged = { training, prompts: ["a dog"], paintSteps: 1 }

/** In which it ran once; every test gets a copy. */
let first: Studio
let studio: Studio
let firstFiles: Readonly<Record<string, string>>

const trainedSteps = ({ events }: Outcome): readonly number[] =>
  events.flatMap((event) =>
    event.type === "stage-progress" && event.label === "train" && event.metrics !== undefined ? [event.done] : [],
  )

const filesOf = ({ report }: Outcome): Readonly<Record<string, string>> =>
  Object.fromEntries(report.artifacts.map(({ path, file }) => [path, readFileSync(file).toString("base64")]))

beforeAll(async () => {
  first = await makeStudio()
  const outcome = await runStudio(first, unchanged)
  expect(trainedSteps(outcome)).toEqual([1, 2, 3, 4, 5, 6])
  firstFiles = filesOf(outcome)
})
beforeEach(() => {
  studio = copyStudio(first)
})
afterEach(() => closeStudio(studio))
afterAll(() => closeStudio(first))

const writeCaption = (text: string): void => writeFileSync(join(studio.pictures, "picture-1.txt"), text)

interface Change {
  readonly title: string
  readonly edit?: () => void
  readonly choices?: Partial<Choices>
  readonly trains: readonly number[]
}

const changes: readonly Change[] = [
  { title: "a caption edited", edit: () => writeCaption("quite another thing"), trains: [1, 2, 3, 4, 5, 6] },
  { title: "another picture size", choices: { size: 24 }, trains: [1, 2, 3, 4, 5, 6] },
  { title: "an evaluation changed", choices: { prompts: ["a frog"], seeds: [2], guidance: 3 }, trains: [] },
  { title: "no evaluation at all", choices: { paints: false }, trains: [] },
  { title: "an output renamed", choices: { name: "other" }, trains: [] },
  { title: "another precision of the files", choices: { precision: "fp16" }, trains: [] },
  { title: "a save interval of known steps", choices: { training: { ...training, saveEverySteps: 2 } }, trains: [] },
  { title: "no save on the way", choices: { training: { ...training, saveEverySteps: 0 } }, trains: [] },
  {
    title: "a save interval with a step between two snapshots",
    choices: { training: { ...training, saveEverySteps: 5 } },
    trains: [5],
  },
  { title: "another snapshot interval", choices: { training: { ...training, snapshotEverySteps: 1 } }, trains: [] },
  { title: "more steps", choices: { training: { ...training, steps: 8 } }, trains: [7, 8] },
]

describe("a change", { timeout: 240_000 }, () => {
  it.each(changes)("$title: trains the steps $trains, to the same bytes", async ({ edit, choices, trains }) => {
    edit?.()
    const changed = await runStudio(studio, { ...unchanged, ...choices })
    expect(trainedSteps(changed)).toEqual(trains)
    // The other run writes to the same folder.
    const files = filesOf(changed)
    const undisturbed = await runStudio(studio, { ...unchanged, ...choices }, "fresh-cache")
    expect(trainedSteps(undisturbed).length).toBeGreaterThan(5)
    expect(filesOf(undisturbed)).toEqual(files)
  })

  it("that is taken back trains nothing, to the bytes of before", async () => {
    const caption = readFileSync(join(studio.pictures, "picture-1.txt"), "utf8")
    writeCaption("quite another thing")
    await runStudio(studio, unchanged)
    writeCaption(caption)
    const back = await runStudio(studio, unchanged)
    expect(trainedSteps(back)).toEqual([])
    expect(filesOf(back)).toEqual(firstFiles)
  })
})
