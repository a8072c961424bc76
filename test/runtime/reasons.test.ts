/** The one sentence that says why a stage runs, restores or waits. */
import * as fs from "node:fs"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { itemStage } from "../../src/runtime/define/item-stage.ts"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { source } from "../../src/runtime/define/source.ts"
import { stage } from "../../src/runtime/define/stage.ts"
import { Items } from "../../src/runtime/model/items.ts"
import { makeProject, type Project, plan, reasons, run } from "./project.ts"

interface World {
  readonly photos?: Readonly<Record<string, string>>
  readonly captions?: Readonly<Record<string, string>>
  readonly base?: Readonly<Record<string, string>>
  readonly size?: number
  readonly steps?: number
  readonly code?: string
}

const photos = { "dog-1": "a", "dog-2": "b", "dog-3": "c" }
const captions = { cat: "a cat", dog: "a dog" }
const usual: Required<Omit<World, "code">> = { photos, captions, base: { unet: "1", vae: "2" }, size: 512, steps: 200 }

const items = (record: Readonly<Record<string, string>>) =>
  Object.entries(record).map(([key, value]) => ({ key, value }))

const training = (world: World) => {
  const { photos, captions, base, size, steps, code = import.meta.url } = { ...usual, ...world }
  const bare = { code: import.meta.url, params: Schema.Struct({}) }
  const listed = { ...bare, output: Items(Schema.String) }
  const ingest = source({ ...listed, name: "ingest", read: () => Effect.succeed(items(photos)) })
  const caption = source({ ...listed, name: "caption", read: () => Effect.succeed(items(captions)) })
  const baseModel = source({
    ...bare,
    name: "base",
    output: Schema.Record(Schema.String, Schema.String),
    read: () => Effect.succeed(base),
  })
  const crop = itemStage({
    name: "crop",
    noun: "picture",
    code,
    params: Schema.Struct({ size: Schema.Int }),
    item: Schema.String,
    output: Schema.String,
    run: ({ params, item }) => Effect.succeed(`${item}@${params.size}`),
  })
  const encode = itemStage({
    name: "encode",
    noun: "picture",
    ...bare,
    item: Schema.String,
    output: Schema.String,
    run: ({ item }) => Effect.succeed(`latents of ${item}`),
  })
  const train = stage({
    name: "train",
    code: bare.code,
    params: Schema.Struct({ steps: Schema.Int }),
    wires: {
      images: Items(Schema.String),
      captions: Items(Schema.String),
      base: Schema.Record(Schema.String, Schema.String),
    },
    output: Schema.String,
    run: ({ params, ...inputs }) => Effect.succeed(`${inputs.images.length} pictures, ${params.steps} steps`),
  })
  const evaluate = stage({
    name: "evaluate",
    ...bare,
    wires: { lora: Schema.String },
    output: Schema.String,
    run: (inputs) => Effect.succeed(`sheet of ${inputs.lora}`),
  })
  return pipeline("training", () => {
    const images = encode(crop(ingest(), { size }), {})
    return evaluate({ lora: train({ images, captions: caption(), base: baseModel() }, { steps }) })
  })
}

const planned = (project: Project, world: World) =>
  Effect.map(plan(project, training(world)), ({ stages }) => reasons(stages))

const unchanged = (label: string) => `${label} restored: nothing it depends on changed`
const imagesUnchanged = [unchanged("crop"), unchanged("encode")]

const cases: readonly { readonly title: string; readonly world: World; readonly says: readonly string[] }[] = [
  {
    title: "says what is restored",
    world: {},
    says: [...imagesUnchanged, unchanged("train"), unchanged("evaluate")],
  },
  {
    title: "names a parameter with its old and new value, and what waits for it",
    world: { steps: 300 },
    says: [...imagesUnchanged, "train will-run: steps 200 → 300", "evaluate waits: depends on train, which will run"],
  },
  {
    title: "names the parameter that changes every item once",
    world: { size: 640 },
    says: [
      "crop will-run: size 512 → 640",
      "encode waits: depends on crop, which will run",
      "train waits: depends on encode, which waits for crop",
      "evaluate waits: depends on train, which waits for crop",
    ],
  },
  {
    title: "names a changed item",
    world: { photos: { ...photos, "dog-3": "changed" } },
    says: [
      "crop will-run: picture dog-3 changed",
      "encode waits: depends on crop for 1 of 3 pictures (dog-3), which will run",
      "train waits: depends on encode, which waits for crop",
      "evaluate waits: depends on train, which waits for crop",
    ],
  },
  {
    title: "names new items",
    world: { photos: { ...photos, "dog-4": "d", "dog-5": "e" } },
    says: [
      "crop will-run: 2 new pictures (dog-4, dog-5)",
      "encode waits: depends on crop for 2 of 5 pictures (dog-4, dog-5), which will run",
      "train waits: depends on encode, which waits for crop",
      "evaluate waits: depends on train, which waits for crop",
    ],
  },
  {
    title: "names items that dropped out",
    world: { photos: { "dog-1": "a", "dog-2": "b" } },
    says: [
      "crop restored: 1 picture dropped out (dog-3)",
      "encode restored: 1 picture dropped out (dog-3)",
      "train will-run: images: 1 removed (dog-3)",
      "evaluate waits: depends on train, which will run",
    ],
  },
  {
    title: "counts and names the changed items of a whole input",
    world: { captions: { ...captions, cat: "the cat" } },
    says: [
      ...imagesUnchanged,
      "train will-run: captions: 1 of 2 changed (cat)",
      "evaluate waits: depends on train, which will run",
    ],
  },
  {
    title: "says that the order of an input changed",
    world: { captions: { dog: "a dog", cat: "a cat" } },
    says: [
      ...imagesUnchanged,
      "train will-run: captions: the order changed",
      "evaluate waits: depends on train, which will run",
    ],
  },
  {
    title: "names the changed fields of a record",
    world: { base: { unet: "3", vae: "2" } },
    says: [
      ...imagesUnchanged,
      "train will-run: base: 1 field changed (unet)",
      "evaluate waits: depends on train, which will run",
    ],
  },
  {
    title: "joins several changes, the parameters first",
    world: { steps: 300, base: { unet: "3", vae: "2" }, captions: { cat: "a cat" } },
    says: [
      ...imagesUnchanged,
      "train will-run: steps 200 → 300; base: 1 field changed (unet); captions: 1 removed (dog)",
      "evaluate waits: depends on train, which will run",
    ],
  },
]

describe("a plan", () => {
  for (const { title, world, says } of cases) {
    it.live(title, () =>
      Effect.gen(function* () {
        const project = yield* makeProject
        yield* run(project, training({}))
        expect(yield* planned(project, world)).toEqual(says)
      }),
    )
  }

  it.live("says that everything is new the first time", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      expect(yield* planned(project, {})).toEqual([
        "crop will-run: first time (3 pictures)",
        "encode waits: depends on crop, which will run",
        "train waits: depends on encode, which waits for crop",
        "evaluate waits: depends on train, which waits for crop",
      ])
    }),
  )

  it.live("names the file whose code changed", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const version = (name: string) => {
        const file = path.join(project.root, name, "crop.ts")
        fs.mkdirSync(path.dirname(file))
        fs.writeFileSync(file, `export const version = "${name}"\n`)
        return pathToFileURL(file).href
      }
      yield* run(project, training({ code: version("before") }))
      const [crop] = yield* planned(project, { code: version("after") })
      const shown = path.relative(process.cwd(), path.join(project.root, "after", "crop.ts"))
      expect(crop).toBe(`crop will-run: code changed: ${shown}`)
    }),
  )

  it.live("compares with what was used last, also after a revert", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      yield* run(project, training({ steps: 200 }))
      yield* run(project, training({ steps: 300 }))
      yield* run(project, training({ steps: 200 }))
      const says = yield* planned(project, { steps: 400 })
      expect(says[2]).toBe("train will-run: steps 200 → 400")
    }),
  )

  it.live("tells when and in what time a restored result was made, and how many items stand where", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const before = Date.now()
      yield* run(project, training({}))
      const { stages } = yield* plan(project, training({ photos: { "dog-1": "a", "dog-9": "x" } }))
      const [ingest, crop, encode] = stages
      expect(ingest).toMatchObject({ state: "source" })
      expect(crop).toMatchObject({ items: { restored: 1, toRun: 1, waiting: 0, removed: 2 } })
      expect(encode).toMatchObject({ items: { restored: 1, toRun: 0, waiting: 1, removed: 2 } })
      const { stages: same } = yield* plan(project, training({}))
      expect(same[1]?.restored?.madeAtMs).toBeGreaterThanOrEqual(before)
      expect(same[1]?.restored?.tookMs).toBeGreaterThanOrEqual(0)
    }),
  )

  it.live("says what could not be read and what waits for it", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const missing = source({
        name: "missing",
        code: import.meta.url,
        params: Schema.Struct({}),
        output: Schema.Int,
        read: () => Effect.die(new Error("no such folder")),
      })
      const copy = stage({
        name: "copy",
        code: import.meta.url,
        params: Schema.Struct({}),
        wires: { of: Schema.Int },
        output: Schema.Int,
        run: (inputs) => Effect.succeed(inputs.of),
      })
      const { stages, problems } = yield* plan(
        project,
        pipeline("missing", () => copy({ of: copy({ of: missing() }) })),
      )
      expect(stages.map(({ label, reason }) => `${label}: ${reason}`)).toEqual([
        "missing: it could not be read",
        "copy: depends on missing, which could not be read",
        "copy-2: depends on copy, which waits for missing",
      ])
      expect(problems).toMatchObject([{ label: "missing", why: "reading it threw: no such folder" }])
    }),
  )
})
