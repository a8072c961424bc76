/** Calls as JavaScript or a cast lets them through: one sentence each, in the caller's words, before anything runs. */
import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import {
  baseModel,
  type CroppedPictures,
  caption,
  checkpoint,
  compare,
  crop,
  encode,
  evaluate,
  holdOut,
  ingest,
  pipeline,
  train,
  validate,
} from "../../src/index.ts"
import { error, problemsTold, type Sayings, type Told } from "../rig/told.ts"

/** The stages as JavaScript sees them. */
type Loose = (...args: readonly unknown[]) => never
const loose = {
  caption: caption as unknown as Loose,
  checkpoint: checkpoint as unknown as Loose,
  compare: compare as unknown as Loose,
  crop: crop as unknown as Loose,
  encode: encode as unknown as Loose,
  evaluate: evaluate as unknown as Loose,
  holdOut: holdOut as unknown as Loose,
  train: train as unknown as Loose,
  validate: validate as unknown as Loose,
  ingest: ingest as unknown as Loose,
}

const wires = () => {
  const base = baseModel("./base")
  const pictures = ingest("./pictures")
  const images: CroppedPictures = crop(pictures, { size: 64 })
  const captions = caption(pictures)
  const dataset = encode({ base, images, captions })
  const lora = train(dataset)
  return { base, pictures, images, captions, dataset, lora, checkpoints: checkpoint(lora, { name: "lora" }) }
}

const wired = (make: (made: ReturnType<typeof wires>) => unknown) =>
  Effect.runPromise(Effect.result(pipeline("misused", () => make(wires()) as never).instantiate()))

const sayings = async (make: (made: ReturnType<typeof wires>) => unknown): Promise<Sayings> => {
  const { problems } = Result.getOrThrow(await wired(make))
  return problemsTold(problems.filter(({ severity }) => severity === "error"))
}

const cases: readonly (readonly [
  title: string,
  make: (made: ReturnType<typeof wires>) => unknown,
  is: readonly Told[],
])[] = [
  [
    "two picture sheets of one LoRA",
    (w) => [evaluate(w.checkpoints, { prompts: ["a"] }), evaluate(w.checkpoints, { prompts: ["b"] })],
    [error("evaluate-2", "checkpoints")],
  ],
  [
    "two comparisons whose names differ in case",
    (w) => ["Dims", "dims"].map((name) => compare({ dim: { "4": w.lora } }, { name, prompts: ["a"] })),
    [error("compare-2", "name")],
  ],
  [
    "a comparison called as a picture sheet is",
    (w) => [
      evaluate(w.checkpoints, { prompts: ["a"] }),
      compare({ dim: { "4": w.lora } }, { name: "lora-sheet", prompts: ["a"] }),
    ],
    [error("compare", "name")],
  ],
  ["nothing given", () => loose.crop(), [error("crop", "pictures")]],
  ["a forgotten parameter", (w) => loose.crop(w.pictures), [error("crop", "size")]],
  ["a path where a wire belongs", () => loose.crop("./pictures", { size: 64 }), [error("crop", "pictures")]],
  [
    "swapped wires",
    ({ base, images, captions }) => loose.encode({ base, images: captions, captions: images }),
    [error("encode", "images"), error("encode", "captions")],
  ],
  [
    "pictures into train, and on from there",
    ({ images }) => loose.evaluate(loose.checkpoint(loose.train(images), { name: "a" }), { prompts: ["a dog"] }),
    [error("train", "dataset")],
  ],
  ["both parts of a dataset", ({ dataset }) => loose.train(holdOut(dataset)), [error("train", "dataset")]],
  ["a promise of a wire", ({ dataset }) => loose.train(Promise.resolve(dataset)), [error("train", "dataset")]],
  [
    "a parameter among the wires",
    ({ base, images, captions }) => loose.encode({ base, images, captions, clipSkip: 1 }),
    [error("encode", "clipSkip")],
  ],
  [
    "a wire among the parameters",
    ({ checkpoints, base }) => loose.evaluate(checkpoints, { prompts: ["a dog"], base }),
    [error("evaluate", "base")],
  ],
  ["wires side by side", ({ checkpoints, dataset }) => loose.validate(checkpoints, dataset), [error("validate", "")]],
  ["one wire where several belong", ({ images }) => loose.encode(images), [error("encode", "")]],
  [
    "adapters where files belong",
    ({ lora }) => loose.evaluate(lora, { prompts: ["a dog"] }),
    [error("evaluate", "checkpoints")],
  ],
  ["parameters that are no record", ({ dataset }) => loose.train(dataset, "fast"), [error("train", "")]],
  [
    "a parameter that contains itself",
    ({ dataset }) => {
      const params: Record<string, unknown> = {}
      params["denoising"] = params
      return loose.train(dataset, params)
    },
    [error("train", "denoising")],
  ],
  [
    "an unknown parameter of a composite",
    ({ checkpoints }) => loose.evaluate(checkpoints, { prompts: ["a dog"], seed: [1] }),
    [error("evaluate", "seed")],
  ],
  [
    "an unknown parameter of a call with two results",
    ({ dataset }) => loose.train((loose.holdOut(dataset, { shares: 0.5 }) as { training: unknown }).training),
    [error("hold-out", "shares")],
  ],
  [
    "an unknown option of a folder",
    () => loose.ingest("./pictures", { caption: "./texts" }),
    [error("ingest", "caption")],
  ],
  ["a Map as a name", ({ lora }) => loose.checkpoint(lora, { name: new Map() }), [error("checkpoint", "name")]],
  [
    "a training without its group",
    ({ lora }) => loose.compare({ steps: lora }, { name: "a", prompts: ["a dog"] }),
    [error("compare", "settings.steps")],
  ],
]

describe("misuse", () => {
  it.each(cases)("%s is told once", async (_, make, is) => {
    const { told, wording } = await sayings(make)
    expect(told).toEqual(is)
    expect(wording).toMatchSnapshot()
  })

  it.each<readonly [string, () => unknown]>([
    ["nothing", () => undefined],
    ["a promise", async () => 1],
    ["a number", () => 3],
    ["an empty list", () => []],
    ["a record with a hole", () => ({ lora: undefined })],
  ])("a build that returns %s is refused in words", async (_, make) => {
    const failure = Result.getOrThrow(Result.flip(await wired(make)))
    expect(failure).toMatchObject({ where: "pipeline misused", kind: "input" })
    expect(`${failure.why}. ${failure.hint}`).toMatchSnapshot()
  })
})
