/** A LoRA file is enough to repeat its training: `loom restore` writes the pipeline, and running that gives the same bytes. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { decodeLoraFile, encodeLoraFile } from "../../src/formats/lora-file.ts"
import { addPicture, closeStudio, makeStudio, type Studio } from "../stages/studio.ts"
import { type Ended, startLoom } from "./shell.ts"

const patience = { timeout: 240_000 }

const pipeline = `
import { baseModel, caption, checkpoint, crop, encode, ingest, pipeline, train } from "lora-loom"

export default pipeline("first", () => {
  const images = crop(ingest("./pictures"), { size: { width: 16, height: 24 } })
  const captions = caption(images, { trigger: "sks $& dog", template: "a [name], by [trigger]" })
  const dataset = encode({ base: baseModel("./base"), images, captions }, { clipSkip: 2 })
  const lora = train(dataset, { networkDim: 2, steps: 3, saveEverySteps: 2, seed: 5, networkScale: 0.5, noiseOffset: 0.05 })
  return checkpoint(lora, { name: "my-dog", precision: "fp16" })
})
`

const everySetting = `networkDim: 2, textModel: { learningRate: 5e-5 }, captionDropout: 0.3, minSnrGamma: 5,
  customEmbedding: { keyword: "ohwx", length: 2, learningRate: 1e-3, stopAtStep: 2, initWord: "dog" },
  schedule: { kind: "cosine", floor: 1e-6 }, denoising: { start: 0.2, end: 0.9 }, gradientAccumulationSteps: 2, weightDecay: 0,
  maxGradNorm: null, betas: [0.8, 0.9], warmupSteps: 0,`

let studio: Studio
const at = (...path: readonly string[]) => join(studio.root, ...path)
const loom = (...args: readonly string[]): Promise<Ended> => startLoom(studio.root, args).ended
const runRestored = (folder: string) =>
  loom("run", `${folder}/my-dog.ts`, "--cache", `${folder}-cache`, "--output", `${folder}-output`, "--cores", "1")
const made = (output: string, name: string) => readFileSync(at(output, name))

beforeAll(async () => {
  studio = await makeStudio()
  await addPicture(studio, 3)
  writeFileSync(at("pictures/picture-1.txt"), "  two\nlines with Sks $& Dog in them \n")
  writeFileSync(at("first.ts"), pipeline)
  expect((await loom("run", "first.ts", "--cores", "1")).stderr).toContain("stages run")
}, 240_000)
afterAll(() => closeStudio(studio))

describe("loom restore", patience, () => {
  it("by name: finds pictures and base model again, and a run of what it writes gives the same bytes", async () => {
    const restored = await loom("restore", "my-dog", "--into", "again")
    expect(restored).toMatchObject({ code: 0, stderr: "\nRun it with: loom run again/my-dog.ts\n" })
    expect(readdirSync(at("again")).sort()).toEqual(["my-dog-captions", "my-dog.expected.json", "my-dog.ts"])
    expect(readFileSync(at("again/my-dog-captions/picture-1.txt"), "utf8")).toBe("two\nlines with Sks $& Dog in them\n")
    expect(readFileSync(at("again/my-dog-captions/picture-3.txt"), "utf8")).toBe("a picture, by sks $& dog\n")
    expect((await runRestored("again")).code).toBe(0)
    for (const name of ["my-dog.safetensors", "my-dog-000002.safetensors"]) {
      expect(made("again-output/my-dog", name).equals(made("output/first", name))).toBe(true)
    }
  })

  it("everything that can be trained comes back, from the embedding's file as well", async () => {
    const everything = pipeline.replace("networkDim: 2,", everySetting).replace("a [name]", "a [name] ohwx")
    writeFileSync(at("everything.ts"), everything)
    expect((await loom("run", "everything.ts", "--output", "all", "--cores", "1")).code).toBe(0)
    for (const file of ["my-dog.safetensors", "my-dog-embedding/ohwx.safetensors"]) {
      const { code, stderr } = await loom("restore", `all/first/${file}`, "--into", "whole")
      expect({ code, stderr }).toEqual({ code: 0, stderr: "\nRun it with: loom run whole/my-dog.ts\n" })
    }
    expect((await runRestored("whole")).code).toBe(0)
    const finished = readdirSync(at("all/first"), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".safetensors"),
    )
    expect(finished.length).toBe(6)
    for (const name of finished) expect(made("whole-output/my-dog", name).equals(made("all/first", name))).toBe(true)
  })

  it("on another machine: from the file alone, with pictures and a base model of other folder names", async () => {
    cpSync(at("output/first/my-dog.safetensors"), at("received.safetensors"))
    cpSync(at("pictures"), at("moved/photos"), { recursive: true })
    cpSync(at("base"), at("moved/other-name"), { recursive: true })
    await addPicture({ pictures: at("moved/photos") }, 4)
    const places = ["--pictures", "moved/photos", "--base", "moved/other-name"]
    const fresh = ["--cache", "fresh", "--output", "none"]
    expect((await loom("restore", "received.safetensors", "--into", "there", ...places, ...fresh)).code).toBe(0)
    const { code, stderr } = await runRestored("there")
    expect(stderr).toContain("moved/photos: left out: picture-4.jpg. Only the expected pictures are used.")
    expect(code).toBe(0)
    expect(made("there-output/my-dog", "my-dog.safetensors").equals(made("output/first", "my-dog.safetensors"))).toBe(
      true,
    )
  })

  it("tells what this machine has never seen, and the run tells what has to be brought", async () => {
    const { code, stderr } = await loom(
      "restore",
      "output/first/my-dog.safetensors",
      "--into",
      "empty",
      "--cache",
      "new",
    )
    expect(code).toBe(0)
    expect(stderr).toContain(
      "warning: pictures: this machine has not seen the 4 pictures. Put them into ./my-dog-pictures",
    )
    expect(stderr).toContain("warning: base model: this machine has not seen base. Put it into ./base")
    const plan = await loom("plan", "empty/my-dog.ts", "--cache", "new")
    expect(plan.code).toBe(3)
    expect(plan.stderr).toContain("It has to hold picture-0.jpg, picture-1.jpg, picture-2.jpg, picture-3.jpg.")
  })

  it("a run names every picture and file of the base that is missing or different, with digests", async () => {
    cpSync(at("pictures"), at("spoiled/pictures"), { recursive: true })
    cpSync(at("base"), at("spoiled/base"), { recursive: true })
    renameSync(at("spoiled/pictures/picture-0.jpg"), at("spoiled/pictures/renamed.jpg"))
    cpSync(at("spoiled/pictures/picture-2.jpg"), at("spoiled/pictures/picture-1.jpg"))
    writeFileSync(at("spoiled/base/scheduler/scheduler_config.json"), '{ "beta_schedule": "linear" }')
    const places = ["--pictures", "spoiled/pictures", "--base", "spoiled/base"]
    expect((await loom("restore", "my-dog", "--into", "spoiled", ...places)).code).toBe(0)
    const { code, stderr } = await loom("run", "spoiled/my-dog.ts")
    expect(code).toBe(3)
    expect(stderr).toMatch(
      /ingest: picture-0\.jpg: it is missing \(expected SHA-256 [0-9a-f]{12}…\); renamed\.jpg holds these bytes\./,
    )
    expect(stderr).toMatch(
      /ingest: picture-1\.jpg: it is another file: its SHA-256 is [0-9a-f]{12}…, expected [0-9a-f]{12}… Bring back/,
    )
    expect(stderr).toMatch(/base-model: scheduler\/scheduler_config\.json: it is another file/)
    expect(stderr).not.toMatch(/picture-3|unet\//)
  })

  it("changes nothing that is there already", async () => {
    mkdirSync(at("taken/my-dog-captions"), { recursive: true })
    writeFileSync(at("taken/my-dog-captions/picture-2.txt"), "mine")
    const { code, stderr } = await loom("restore", "my-dog", "--into", "taken")
    expect(code).toBe(3)
    expect(stderr).toContain("picture-2.txt: the file is there already and says something else. Give another folder")
    expect(existsSync(at("taken/my-dog.ts"))).toBe(false)
    expect(readFileSync(at("taken/my-dog-captions/picture-2.txt"), "utf8")).toBe("mine")
  })

  it("a name that nothing has gets the nearest one", async () => {
    const { code, stderr } = await loom("restore", "my-dg")
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringContaining("neither such a file nor a LoRA of that name. Did you mean my-dog?"),
    })
  })

  const spoiled = (change: (record: Record<string, unknown>) => void, name = "my-dog"): string => {
    const { modules, metadata } = decodeLoraFile(readFileSync(at("output/first/my-dog.safetensors")))
    const record = JSON.parse(metadata["loom"] ?? "{}")
    change(record)
    const file = at("stranger.safetensors")
    writeFileSync(file, encodeLoraFile(modules, { ...metadata, ss_output_name: name, loom: JSON.stringify(record) }))
    return file
  }

  it.each([
    [
      "a picture that leads out of the folder",
      { pictures: [{ key: "../../x.jpg", sha256: "0".repeat(64), width: 8, height: 8, caption: "x" }] },
      "my-dog",
      "the record of how it was made cannot be read",
    ],
    [
      "settings that are code",
      { settings: { networkDim: "2 + evil()" } },
      "my-dog",
      "the record of how it was made cannot be read",
    ],
    ["a name that leads out of the folder", {}, "../my-dog", 'it calls itself "../my-dog", which is no file name'],
  ])("a stranger's file with %s is refused", async (_, change, name, says) => {
    const file = spoiled((record) => Object.assign(record, change), name)
    const { code, stderr } = await loom("restore", file, "--into", "strange")
    expect(code).toBe(3)
    expect(stderr).toContain(says)
    expect(existsSync(at("strange"))).toBe(false)
  })

  it("a LoRA of the first version, which knew fewer settings, comes back with what was done then", async () => {
    const here = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
    const places = ["--pictures", here("pipelines/quickstart/pictures"), "--base", here("pipelines/quickstart/base")]
    const old = here("test/golden/formats/first-version-lora.safetensors")
    const { code, stderr } = await loom("restore", old, "--into", "old", ...places)
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining("it was made by an earlier Loom, and this is Loom"),
    })
    const text = readFileSync(at("old/old-style.ts"), "utf8")
    for (const setting of [
      'schedule: { kind: "constant" }',
      "captionDropout: 0",
      "minSnrGamma: 5",
      "textModel: null",
    ]) {
      expect(text).toContain(setting)
    }
    expect((await loom("plan", "old/old-style.ts", "--cache", "old-cache")).code).toBe(0)
  })

  it("the pipeline that is written says what a LoRA file does not hold", async () => {
    expect((await loom("restore", "my-dog", "--into", "said")).code).toBe(0)
    const text = readFileSync(at("said/my-dog.ts"), "utf8")
    expect(text).toMatch(/does not hold.*stages of your own.*parameters.*prompts of evaluate/s)
  })

  it("a LoRA of another trainer is told apart", async () => {
    const { modules } = decodeLoraFile(readFileSync(at("output/first/my-dog.safetensors")))
    writeFileSync(at("kohya.safetensors"), encodeLoraFile(modules, { ss_network_dim: "2" }))
    const { code, stderr } = await loom("restore", "kohya.safetensors")
    expect(code).toBe(3)
    expect(stderr).toContain("the file does not say how it was made; Loom did not write it")
  })
})
