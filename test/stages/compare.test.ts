/** One sheet of several trainings: what is painted, what is shared, what is refused. */
import { existsSync } from "node:fs"
import { Effect } from "effect"
import sharp from "sharp"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { baseModel, caption, compare, crop, encode, ingest, pipeline, train } from "../../src/index.ts"
import { error, problemsTold } from "../rig/told.ts"
import { closeStudio, finished, makeStudio, type Outcome, refusal, runStudio, type Studio } from "./studio.ts"

let studio: Studio
let outcome: Outcome
beforeAll(async () => {
  studio = await makeStudio()
  outcome = await runStudio(studio, sheet())
})
afterAll(() => closeStudio(studio))

const shared = { steps: 2, saveEverySteps: 0, unetLearningRate: 1e-2 }

const sheet = (
  options: { readonly name?: string; readonly prompts?: readonly string[]; readonly dims?: readonly number[] } = {},
) =>
  pipeline("sheet", () => {
    const base = baseModel("base")
    const images = crop(ingest("pictures"), { size: 16 })
    const captions = caption(images, { trigger: "sks" })
    const [one, two] = [encode({ base, images, captions }), encode({ base, images, captions }, { clipSkip: 2 })]
    const dims = Object.fromEntries(
      (options.dims ?? [1, 2]).map((networkDim) => [networkDim, train(one, { ...shared, networkDim })]),
    )
    const { name = "settings", prompts = ["[trigger] dog", "cat"] } = options
    const skips = { "1": dims["2"] ?? train(one, shared), "2": train(two, { ...shared, networkDim: 2 }) }
    return compare({ "network dim": dims, "CLIP skip": skips }, { name, prompts, steps: 2, guidance: 2 })
  })

describe("compare", { timeout: 240_000 }, () => {
  it("paints the base model and each training once for each prompt, on one sheet", async () => {
    // Three trainings and the base model, two prompts; the training of dim 2 stands in both groups.
    expect(outcome.made).toMatchObject({ sample: 8, "encode-images": 3, "encode-texts": 3, "encode-texts-2": 3 })
    expect(outcome.made).not.toHaveProperty("encode-images-2")
    const { width, height } = await sharp(finished(outcome, "settings.png")).metadata()
    // Five rows and two columns of pictures that are enlarged to 192 pixels.
    expect(height).toBeGreaterThan(5 * 192)
    expect(width).toBeGreaterThan(2 * 192)
    expect(width).toBeLessThan(4 * 192)
  })

  it("paints only what another setting adds", async () => {
    const more = await runStudio(studio, sheet({ dims: [1, 2, 3] }))
    expect(more.made).toMatchObject({ sample: 2, compare: 1 })
    expect((await runStudio(studio, sheet({ dims: [1, 2, 3] }))).made).toEqual({})
  })

  it("is one stage when the pipeline says it twice", async () => {
    const twice = pipeline("twice", () => {
      const base = baseModel("base")
      const images = crop(ingest("pictures"), { size: 16 })
      const lora = train(encode({ base, images, captions: caption(images) }), shared)
      const once = () => compare({ steps: { "2": lora } }, { name: "steps", prompts: ["dog"] })
      return {
        first: once(),
        second: once(),
        other: compare({ steps: { "2": lora } }, { name: "o", prompts: ["dog"] }),
      }
    })
    const { results, stages } = await Effect.runPromise(twice.instantiate({}))
    expect(results).toEqual({ first: "compare", second: "compare", other: "compare-2" })
    expect(stages.map(({ label }) => label)).toEqual(expect.arrayContaining(["plan-comparison", "sample", "compare-2"]))
    expect(stages.map(({ label }) => label)).not.toContain("plan-comparison-2")
  })

  it.each<readonly [string, Parameters<typeof sheet>[0], field: string]>([
    ["a name that is no file name", { name: "a/b" }, "name"],
    ["no prompt", { prompts: [] }, "prompts"],
    ["an empty group", { dims: [] }, "settings.network dim"],
  ])("%s is refused before any work", async (_, options, field) => {
    const fresh = { ...studio, outputFolder: `${studio.root}/refused` }
    const { told, wording } = await refusal(fresh, sheet(options))
    expect(told).toEqual([error("compare", field)])
    expect(wording).toMatchSnapshot()
    expect(existsSync(fresh.outputFolder)).toBe(false)
  })

  it("trainings of different base models are refused while the pipeline is wired", async () => {
    const mixed = pipeline("mixed", () => {
      const images = crop(ingest("pictures"), { size: 16 })
      const of = (folder: string) =>
        train(encode({ base: baseModel(folder), images, captions: caption(images) }), shared)
      return compare({ base: { one: of("base"), two: of("base-2") } }, { name: "mixed", prompts: ["a cat"] })
    })
    const { problems } = await Effect.runPromise(mixed.instantiate())
    const { told, wording } = problemsTold(problems.filter(({ severity }) => severity === "error"))
    expect(told).toEqual([error("compare", "settings")])
    expect(wording).toMatchSnapshot()
  })
})
