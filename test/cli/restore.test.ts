/** A LoRA file is enough to repeat its training: `loom restore` writes the pipeline, and running that gives the same bytes. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { computingMachine } from "../../src/engine/jobs/computing-machine.ts"
import { decodeLoraFile, encodeLoraFile } from "../rig/lora-bytes.ts"
import { wording } from "../rig/told.ts"
import { addPicture, closeStudio, makeStudio, type Studio } from "../stages/studio.ts"
import { type Ended, ending, startLoom } from "./shell.ts"

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
/** How a command ends that has nothing to complain of. */
const well = { code: 0, errors: [], warnings: [] }
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
    expect(ending(restored)).toEqual(well)
    expect(restored.stderr).toMatchSnapshot()
    expect(readdirSync(at("again")).sort()).toEqual(["my-dog-captions", "my-dog.expected.json", "my-dog.ts"])
    expect(readFileSync(at("again/my-dog-captions/picture-1.txt"), "utf8")).toBe("two\nlines with Sks $& Dog in them\n")
    expect(readFileSync(at("again/my-dog-captions/picture-3.txt"), "utf8")).toBe("a picture, by sks $& dog\n")
    expect((await runRestored("again")).code).toBe(0)
    for (const name of ["my-dog.safetensors", "my-dog-000002.safetensors"]) {
      expect(made("again-output/my-dog", name).equals(made("output/first", name))).toBe(true)
    }
  })

  it("everything that can be trained comes back, from the embedding's file as well", async () => {
    const everything = pipeline
      .replace("networkDim: 2,", everySetting)
      .replace("steps: 3", "steps: 4, untilStep: 3")
      .replace("a [name]", "a [name] ohwx")
    writeFileSync(at("everything.ts"), everything)
    expect((await loom("run", "everything.ts", "--output", "all", "--cores", "1")).code).toBe(0)
    for (const file of ["my-dog.safetensors", "my-dog-embedding/ohwx.safetensors"]) {
      const restored = await loom("restore", `all/first/${file}`, "--into", "whole")
      expect(ending(restored)).toEqual(well)
      expect(restored.stderr).toContain("loom run whole/my-dog.ts")
    }
    expect((await runRestored("whole")).code).toBe(0)
    const finished = readdirSync(at("all/first"), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".safetensors"),
    )
    expect(finished.length).toBe(6)
    expect(readFileSync(at("whole/my-dog.ts"), "utf8")).toContain("untilStep: 3")
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
    expect(code).toBe(0)
    const said = stderr.split("\n").filter((line) => line.includes("moved/photos"))
    expect(said).toEqual([expect.stringContaining("picture-4.jpg")])
    expect(said.join("\n")).toMatchSnapshot()
    expect(made("there-output/my-dog", "my-dog.safetensors").equals(made("output/first", "my-dog.safetensors"))).toBe(
      true,
    )
  })

  it("tells what this machine has never seen, and the run tells what has to be brought", async () => {
    const file = "output/first/my-dog.safetensors"
    const restored = await loom("restore", file, "--into", "empty", "--cache", "new")
    expect(ending(restored)).toEqual({ code: 0, errors: [], warnings: ["pictures", "base model"] })
    expect(restored.stderr).toMatchSnapshot()
    const plan = await loom("plan", "empty/my-dog.ts", "--cache", "new")
    expect(ending(plan)).toMatchObject({ code: 3, errors: ["base-model", "ingest"] })
    expect(plan.stderr).toContain("picture-0.jpg, picture-1.jpg, picture-2.jpg, picture-3.jpg")
    expect(plan.stderr).toMatchSnapshot()
  })

  it("a run names every picture and file of the base that is missing or different, with digests", async () => {
    cpSync(at("pictures"), at("spoiled/pictures"), { recursive: true })
    cpSync(at("base"), at("spoiled/base"), { recursive: true })
    renameSync(at("spoiled/pictures/picture-0.jpg"), at("spoiled/pictures/renamed.jpg"))
    cpSync(at("spoiled/pictures/picture-2.jpg"), at("spoiled/pictures/picture-1.jpg"))
    writeFileSync(
      at("spoiled/base/scheduler/scheduler_config.json"),
      '{ "beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02 }',
    )
    const places = ["--pictures", "spoiled/pictures", "--base", "spoiled/base"]
    expect((await loom("restore", "my-dog", "--into", "spoiled", ...places)).code).toBe(0)
    const { code, stderr } = await loom("run", "spoiled/my-dog.ts")
    expect(code).toBe(3)
    const named = [...stderr.matchAll(/^error: (\S+): (\S+): .*\b[0-9a-f]{12}…/gm)].map(([, stage, file]) => [
      stage,
      file,
    ])
    expect(named).toEqual([
      ["base-model", "scheduler/scheduler_config.json"],
      ["ingest", "picture-0.jpg"],
      ["ingest", "picture-1.jpg"],
    ])
    expect(stderr).not.toMatch(/picture-3|unet\//)
    expect(wording(stderr)).toMatchSnapshot()
  })

  it("changes nothing that is there already", async () => {
    mkdirSync(at("taken/my-dog-captions"), { recursive: true })
    writeFileSync(at("taken/my-dog-captions/picture-2.txt"), "mine")
    const refused = await loom("restore", "my-dog", "--into", "taken")
    expect(ending(refused)).toEqual({ code: 3, errors: ["taken/my-dog-captions/picture-2.txt"], warnings: [] })
    expect(refused.stderr).toMatchSnapshot()
    expect(existsSync(at("taken/my-dog.ts"))).toBe(false)
    expect(readFileSync(at("taken/my-dog-captions/picture-2.txt"), "utf8")).toBe("mine")
  })

  it("a name that nothing has gets the nearest one", async () => {
    const refused = await loom("restore", "my-dg")
    expect(ending(refused)).toEqual({ code: 3, errors: ["my-dg"], warnings: [] })
    expect(refused.stderr).toMatchSnapshot()
  })

  const spoiled = (change: (record: Record<string, unknown>) => void, name = "my-dog"): void => {
    const { modules, metadata } = decodeLoraFile(readFileSync(at("output/first/my-dog.safetensors")))
    const record = JSON.parse(metadata["loom"] ?? "{}")
    change(record)
    const spoilt = { ...metadata, ss_output_name: name, loom: JSON.stringify(record) }
    writeFileSync(at("stranger.safetensors"), encodeLoraFile(modules, spoilt))
  }

  it.each([
    [
      "a picture that leads out of the folder",
      { pictures: [{ key: "../../x.jpg", sha256: "0".repeat(64), width: 8, height: 8, caption: "x" }] },
      "my-dog",
    ],
    ["settings that are code", { settings: { networkDim: "2 + evil()" } }, "my-dog"],
    ["a name that leads out of the folder", {}, "../my-dog"],
  ])("a stranger's file with %s is refused", async (_, change, name) => {
    spoiled((record) => Object.assign(record, change), name)
    const refused = await loom("restore", "stranger.safetensors", "--into", "strange")
    expect(ending(refused)).toEqual({ code: 3, errors: ["stranger.safetensors"], warnings: [] })
    expect(refused.stderr).toMatchSnapshot()
    expect(existsSync(at("strange"))).toBe(false)
  })

  it("a LoRA that another kind of machine made says where it was made, when it is restored and when it is shown", async () => {
    spoiled((record) => Object.assign(record, { machine: "plan9 mips64 wide" }))
    const restored = await loom("restore", "stranger.safetensors", "--into", "foreign")
    expect(ending(restored)).toEqual({ code: 0, errors: [], warnings: ["stranger.safetensors"] })
    expect(restored.stderr).toContain("plan9 mips64 wide")
    const shown = JSON.parse((await loom("show", "stranger.safetensors", "--json")).stdout)
    expect(shown.otherMachine).toBe("plan9 mips64 wide")
    expect((await loom("show", "stranger.safetensors")).stdout).toContain("plan9 mips64 wide; here other last bits")
    const own = JSON.parse((await loom("show", "my-dog", "--json")).stdout)
    expect([own.otherMachine, own.origin.machine]).toEqual([null, computingMachine])
  })

  it("a LoRA of the first version, which knew fewer settings, comes back with what was done then", async () => {
    const here = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
    const places = ["--pictures", here("pipelines/quickstart/pictures"), "--base", here("pipelines/quickstart/base")]
    const old = here("test/golden/formats/first-version-lora.safetensors")
    const { code, stderr } = await loom("restore", old, "--into", "old", ...places)
    expect(code).toBe(0)
    expect(wording(stderr, here("test/golden/formats")).replace(/Loom \d+\.\d+\.\d+/, "Loom …")).toMatchSnapshot()
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
    const refused = await loom("restore", "kohya.safetensors")
    expect(ending(refused)).toEqual({ code: 3, errors: ["kohya.safetensors"], warnings: [] })
    expect(refused.stderr).toMatchSnapshot()
  })
})
