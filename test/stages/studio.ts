/**
 * A throw-away project for tests of the stages: a folder of small pictures with captions, a tiny base model in diffusers layout,
 * and a pipeline over both whose every value can be changed. `made` counts what a run really computed.
 */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { Effect, Exit } from "effect"
import sharp from "sharp"
import { EngineThreads } from "../../src/engine/host/worker-pool.ts"
import type { BaseModelFiles } from "../../src/engine/jobs/train-job.ts"
import { baseModel, caption, checkpoint, crop, encode, evaluate, ingest, pipeline, train } from "../../src/index.ts"
import type { Pipeline } from "../../src/runtime/define/pipeline.ts"
import type { RunEvent } from "../../src/runtime/model/events.ts"
import { RunFailure, type RunReport } from "../../src/runtime/run/run-outcome.ts"
import type { TrainParamsInput } from "../../src/stages/training/train-params.ts"
import { makeTinyBase } from "../engine/tiny-base.ts"
import { refusalTold, type Sayings, warningsTold } from "../rig/told.ts"
import { type Project, run } from "../runtime/project.ts"

export interface Studio extends Project {
  readonly pictures: string
  readonly base: string
}

/** The values a test may change. */
export interface Choices {
  readonly pictures: string
  readonly base: string
  readonly size: number
  readonly trigger: string | null
  readonly template: string | null
  /** null: none given, the base model's own. */
  readonly clipSkip: number | null
  readonly training: TrainParamsInput
  readonly name: string
  readonly keepLast: number | null
  readonly precision: "fp32" | "fp16"
  readonly prompts: readonly string[]
  readonly seeds: readonly number[]
  readonly paintSteps: number
  readonly sampler: "DDIM" | "DPM++ 2M"
  readonly strength: number
  readonly negativePrompt: string
  readonly guidance: number
  readonly paintSize: { readonly width: number; readonly height: number } | null
  readonly upscale: "warn" | "refuse" | "skip"
  /** Whether to paint; without, the LoRA files are the result. */
  readonly paints: boolean
}

const usual: Choices = {
  pictures: "pictures",
  base: "base",
  size: 16,
  trigger: "sks",
  template: null,
  clipSkip: 1,
  training: { networkDim: 2, steps: 4, saveEverySteps: 2, warmupSteps: 2, unetLearningRate: 1e-3, seed: 3 },
  name: "lora",
  keepLast: null,
  precision: "fp32",
  prompts: ["a dog", "a cat"],
  seeds: [1],
  paintSteps: 2,
  sampler: "DPM++ 2M",
  strength: 1,
  negativePrompt: "",
  guidance: 2,
  paintSize: null,
  upscale: "warn",
  paints: true,
}

/** The whole line through the house, with some values changed. */
export const line = (choices: Partial<Choices> = {}): Pipeline => {
  const chosen = { ...usual, ...choices, training: { ...usual.training, ...choices.training } }
  return pipeline("studio", () => {
    const base = baseModel(chosen.base)
    const images = crop(ingest(chosen.pictures), { size: chosen.size, upscale: chosen.upscale })
    const captions = caption(images, { trigger: chosen.trigger, template: chosen.template })
    const { clipSkip } = chosen
    const dataset = encode({ base, images, captions }, { clipSkip })
    const lora = train(dataset, chosen.training)
    const { name, precision, keepLast, paints, prompts, seeds, sampler, strength, negativePrompt, guidance } = chosen
    const checkpoints = checkpoint(lora, { name, precision, keepLast })
    if (!paints) return checkpoints
    const how = { sampler, strength, negativePrompt, guidance, size: chosen.paintSize, steps: chosen.paintSteps }
    return evaluate(checkpoints, { prompts, seeds, ...how })
  })
}

const colors = ["#c03030", "#30a040", "#3050c0", "#c0a030", "#8030a0"] as const

/** A picture with something on it, so that no two are alike. */
export const drawPicture = (index: number, width = 24, height = 20): Promise<Buffer> => {
  const dot = `<svg width="${width}" height="${height}"><circle cx="${6 + index}" cy="9" r="${3 + index}" fill="white"/></svg>`
  return sharp({ create: { width, height, channels: 3, background: colors[index % colors.length]! } })
    .composite([{ input: Buffer.from(dot) }])
    .jpeg({ quality: 95 })
    .toBuffer()
}

export const addPicture = async (studio: Pick<Studio, "pictures">, index: number, text?: string): Promise<void> => {
  writeFileSync(join(studio.pictures, `picture-${index}.jpg`), await drawPicture(index))
  if (text !== undefined) writeFileSync(join(studio.pictures, `picture-${index}.txt`), text)
}

/** A tiny base as one folder, its tokenizers included. */
const layBase = (folder: string, make: () => BaseModelFiles): void => {
  const files = make()
  for (const [name, path] of Object.entries(files)) {
    const file = join(folder, name)
    mkdirSync(dirname(file), { recursive: true })
    copyFileSync(path, file)
  }
  rmSync(dirname(dirname(files["unet/config.json"]!)), { recursive: true })
}

const studioAt = (root: string): Studio => ({
  root,
  cacheFolder: join(root, "cache"),
  outputFolder: join(root, "output"),
  pictures: join(root, "pictures"),
  base: join(root, "base"),
  calls: [],
  takeCalls: () => [],
})

/** `make`: writes the base model. */
export const makeStudio = async (make: () => BaseModelFiles = makeTinyBase): Promise<Studio> => {
  const studio = studioAt(mkdtempSync(join(tmpdir(), "loom-studio-")))
  mkdirSync(studio.pictures)
  layBase(studio.base, make)
  for (const index of [0, 1, 2]) await addPicture(studio, index, `a photo of number ${index}`)
  return studio
}

/** The studio with all that lies in it, its cache included: a test changes the copy, and no other test meets it. */
export const copyStudio = ({ root }: Studio): Studio => {
  const copy = mkdtempSync(join(tmpdir(), "loom-studio-"))
  cpSync(root, copy, { recursive: true, preserveTimestamps: true })
  return studioAt(copy)
}

export const closeStudio = ({ root }: Studio): void => rmSync(root, { recursive: true, force: true })

/** The results are the same, and tests that run beside each other do not fight for the cores. */
export const oneThread = <A, E>(work: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.provideService(work, EngineThreads, 1)

/** What a run computed: results by stage, those of item stages counted one by one. */
export type Made = Readonly<Record<string, number>>

export interface Outcome {
  readonly root: string
  readonly made: Made
  readonly events: readonly RunEvent[]
  readonly report: RunReport
}

const madeIn = (events: readonly RunEvent[]): Made => {
  const made: Record<string, number> = {}
  for (const event of events) {
    if (event.type === "item-finished" || (event.type === "stage-finished" && event.items === undefined)) {
      made[event.label] = (made[event.label] ?? 0) + 1
    }
  }
  return made
}

const chosen = (wanted: Pipeline | Partial<Choices>): Pipeline =>
  "instantiate" in wanted ? (wanted as Pipeline) : line(wanted)

export const runStudio = async (
  studio: Studio,
  wanted: Pipeline | Partial<Choices> = {},
  cache?: string,
): Promise<Outcome> => {
  const events: RunEvent[] = []
  const project = cache === undefined ? studio : { ...studio, cacheFolder: join(studio.root, cache) }
  const work = run(project, chosen(wanted), { onEvent: (event) => events.push(event) })
  const report = await Effect.runPromise(oneThread(work))
  return { root: studio.root, made: madeIn(events), events, report }
}

/** What a run is refused for, or fails with. */
export const refusal = async (studio: Studio, wanted: Pipeline | Partial<Choices>): Promise<Sayings> => {
  const exit = await Effect.runPromise(Effect.exit(Effect.flip(run(studio, chosen(wanted)))))
  if (!Exit.isSuccess(exit) || !(exit.value instanceof RunFailure)) throw new Error(`not refused: ${exit}`)
  return refusalTold(exit.value, studio.root)
}

export const warningsIn = ({ root, events }: Outcome): Sayings => warningsTold(events, root)

/** The bytes of a finished file, by its name in the output folder. */
export const finished = ({ report }: Outcome, name: string): string => {
  const artifact = report.artifacts.find(({ path }) => path === name)
  if (artifact === undefined) throw new Error(`no ${name} among ${report.artifacts.map(({ path }) => path)}`)
  return artifact.file
}
