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

/** "stage.field: why. hint", errors only. */
const told = async (make: (made: ReturnType<typeof wires>) => unknown): Promise<readonly string[]> => {
  const graph = Result.getOrThrow(await wired(make))
  return graph.problems
    .filter(({ severity }) => severity === "error")
    .map(({ label, field, why, hint }) => `${label}.${field}: ${why}. ${hint}`)
}

const cases: readonly (readonly [
  title: string,
  make: (made: ReturnType<typeof wires>) => unknown,
  says: readonly string[],
])[] = [
  ["nothing given", () => loose.crop(), ["crop.pictures: it was given no wires. Write crop(pictures)"]],
  [
    "a forgotten parameter",
    (w) => loose.crop(w.pictures),
    ["crop.size: missing key. Correct it in the pipeline file."],
  ],
  [
    "a path where a wire belongs",
    () => loose.crop("./pictures", { size: 64 }),
    ['crop.pictures: it takes pictures; this is the text "./pictures". Write crop(pictures)'],
  ],
  [
    "swapped wires",
    ({ base, images, captions }) => loose.encode({ base, images: captions, captions: images }),
    [
      "encode.images: it takes cropped pictures; this wire carries captions (from caption). Write encode({ base, images, captions })",
      "encode.captions: it takes captions; this wire carries cropped pictures (from crop). Write encode({ base, images, captions })",
    ],
  ],
  [
    "pictures into train, and on from there",
    ({ images }) => loose.evaluate(loose.checkpoint(loose.train(images), { name: "a" }), { prompts: ["a dog"] }),
    ["train.dataset: it takes a dataset; this wire carries cropped pictures (from crop). Write train(dataset)"],
  ],
  [
    "both parts of a dataset",
    ({ dataset }) => loose.train(holdOut(dataset)),
    ["train.dataset: it takes a dataset; this is a record of training, heldOut. Write train(dataset)"],
  ],
  [
    "a promise of a wire",
    ({ dataset }) => loose.train(Promise.resolve(dataset)),
    ["train.dataset: it takes a dataset; this is a Promise. Wiring waits for nothing: take the await out"],
  ],
  [
    "a parameter among the wires",
    ({ base, images, captions }) => loose.encode({ base, images, captions, clipSkip: 1 }),
    [
      'encode.clipSkip: there is no wire "clipSkip". Parameters come second: encode({ base, images, captions }, { clipSkip: … })',
    ],
  ],
  [
    "a wire among the parameters",
    ({ checkpoints, base }) => loose.evaluate(checkpoints, { prompts: ["a dog"], base }),
    [
      "evaluate.base: it is a wire (base model) and stands among the parameters. Give it with the other wires, in the record that is the first argument",
    ],
  ],
  [
    "wires side by side",
    ({ checkpoints, dataset }) => loose.validate(checkpoints, dataset),
    [
      "validate.: its wires belong together in one record, as its first argument. Write validate({ checkpoints, heldOut })",
    ],
  ],
  [
    "one wire where several belong",
    ({ images }) => loose.encode(images),
    ["encode.: it takes a record of wires; this is the wire of crop alone. Write encode({ base, images, captions })"],
  ],
  [
    "adapters where files belong",
    ({ lora }) => loose.evaluate(lora, { prompts: ["a dog"] }),
    [
      "evaluate.checkpoints: it takes checkpoints; this wire carries trained adapters (from train). Write evaluate(checkpoints)",
    ],
  ],
  [
    "parameters that are no record",
    ({ dataset }) => loose.train(dataset, "fast"),
    ['train.: its parameters have to be a record; this is the text "fast". Correct it in the pipeline file.'],
  ],
  [
    "a parameter that contains itself",
    ({ dataset }) => {
      const params: Record<string, unknown> = {}
      params["denoising"] = params
      return loose.train(dataset, params)
    },
    ["train.denoising: it contains itself. Write the values out"],
  ],
  [
    "an unknown parameter of a composite",
    ({ checkpoints }) => loose.evaluate(checkpoints, { prompts: ["a dog"], seed: [1] }),
    ['evaluate.seed: there is no parameter "seed". Did you mean seeds?'],
  ],
  [
    "an unknown parameter of a call with two results",
    ({ dataset }) => loose.train((loose.holdOut(dataset, { shares: 0.5 }) as { training: unknown }).training),
    ['hold-out.shares: there is no parameter "shares". Did you mean share?'],
  ],
  [
    "an unknown option of a folder",
    () => loose.ingest("./pictures", { caption: "./texts" }),
    ['ingest.caption: there is no parameter "caption". Did you mean captions?'],
  ],
  [
    "a Map as a name",
    ({ lora }) => loose.checkpoint(lora, { name: new Map() }),
    ["checkpoint.name: a Map cannot be a parameter. Write it as numbers, texts, lists and records"],
  ],
  [
    "a training without its group",
    ({ lora }) => loose.compare({ steps: lora }, { name: "a", prompts: ["a dog"] }),
    [
      'compare.settings.steps: it takes a group of trainings; this is a wire (trained adapters). Give groups of trainings, such as { "network dim": { "4": small, "16": usual } }',
    ],
  ],
]

describe("misuse", () => {
  it.each(cases)("%s is told once", async (_, make, says) => {
    expect(await told(make)).toEqual(says)
  })

  it.each<readonly [string, () => unknown, string]>([
    ["nothing", () => undefined, "its build function returns nothing, so there is nothing to make"],
    ["a promise", async () => 1, "its build function is async, and wiring waits for nothing"],
    ["a number", () => 3, "its build function returns the number 3, and not what a stage returned"],
    ["an empty list", () => [], "its build function returns a list, and not what a stage returned"],
    [
      "a record with a hole",
      () => ({ lora: undefined }),
      'its result "lora" is undefined, and not what a stage returned',
    ],
  ])("a build that returns %s is refused in words", async (_, make, why) => {
    const failure = Result.merge(Result.flip(await wired(make)))
    expect(failure).toMatchObject({ kind: "input", why })
  })
})
