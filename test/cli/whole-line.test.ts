/** The program over the whole line, from pictures to a LoRA: what it loads, how it stops, and what a kill leaves behind. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { closeStudio, makeStudio, type Studio } from "../stages/studio.ts"
import { startLoom } from "./shell.ts"

/** Whole processes that train, on a machine that may be busy. */
const patience = { timeout: 240_000 }

const pipeline = `
import { baseModel, caption, checkpoint, crop, encode, ingest, pipeline, train } from "lora-loom"
import { Schema } from "effect"

export default pipeline("whole", { params: Schema.Struct({ steps: Schema.Int }), defaults: { steps: 4 } }, ({ steps }) => {
  const base = baseModel("./base")
  const images = crop(ingest("./pictures"), { size: 16 })
  const dataset = encode({ base, images, captions: caption(images) })
  return checkpoint(train(dataset, { networkDim: 2, steps, saveEverySteps: 0, seed: 5 }), { name: "whole" })
})
`

/** Notes every file that is loaded, and prints the list at the end. */
const spy = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module"
  const seen = []
  registerHooks({ load: (url, context, next) => (seen.push(url), next(url, context)) })
  process.on("exit", () => process.stderr.write("\\nLOADED " + JSON.stringify(seen) + "\\n"))
`)}`

let studio: Studio
beforeAll(async () => {
  studio = await makeStudio()
  writeFileSync(join(studio.root, "whole.ts"), pipeline)
})
afterAll(() => closeStudio(studio))

/** One core for each, since the tests run beside others. */
const start = (...args: readonly string[]) => startLoom(studio.root, [...args, "--cores", "1"])
const loraBytes = (output: string): Buffer => readFileSync(join(studio.root, output, "whole/whole.safetensors"))

describe("the whole line", patience, () => {
  it.each([["--help"], ["plan", "whole.ts"], ["captions", "whole.ts"], ["explain", "whole.ts", "--settings"]])(
    "loom %j loads neither onnxruntime nor sharp",
    async (...args) => {
      const { code, stderr } = await startLoom(studio.root, args, { node: ["--import", spy] }).ended
      expect(code).toBe(0)
      const loaded: readonly string[] = JSON.parse(/LOADED (.*)/.exec(stderr)?.[1] ?? "[]")
      expect(loaded.some((url) => url.includes("/effect/"))).toBe(true)
      expect(loaded.filter((url) => /onnxruntime|node_modules\/(sharp|@img)/.test(url))).toEqual([])
    },
  )

  it("a training tells what it trains and the memory it plans, before the first step", async () => {
    const { code, stderr } = await start("run", "whole.ts", "--cache", "told", "--output", "told-output").ended
    const lines = stderr.split("\n")
    const place = (words: RegExp): number => lines.findIndex((line) => words.test(line))
    expect(code).toBe(0)
    const told = [
      /▸ train/,
      /train +training \d+ adapters in the UNet$/,
      /train +memory: fast, at most about .* GB free$/,
    ]
    expect(told.map(place)).toEqual([0, 1, 2].map((offset) => place(told[0]!) + offset))
    expect(place(/▸ train/)).toBeGreaterThanOrEqual(0)
  })

  it("a run killed in the middle of training goes on from its last snapshot, to the same bytes", async () => {
    const steps = ["run", "whole.ts", "--set", "steps=90"]
    const killed = start(...steps, "--json", "--cache", "killed", "--output", "killed-output")
    await killed.printed('"done":60,"of":90')
    killed.child.kill("SIGKILL")
    expect(await killed.ended).toMatchObject({ signal: "SIGKILL" })
    const resumed = await start(...steps, "--json", "--cache", "killed", "--output", "killed-output").ended
    const done = [...resumed.stdout.matchAll(/"label":"train","done":(\d+)/g)].map(([, step]) => Number(step))
    expect(done[0]).toBeGreaterThanOrEqual(50)
    const straight = await start(...steps, "--cache", "straight", "--output", "straight-output").ended
    expect([resumed.code, straight.code]).toEqual([0, 0])
    expect(loraBytes("killed-output").equals(loraBytes("straight-output"))).toBe(true)
  })

  // Windows has no signals: Node ends a process there whatever it is sent, and only a console sends Ctrl-C.
  it.skipIf(process.platform === "win32")(
    "Ctrl-C finishes the step, keeps what was done and says how to go on; a second one ends at once",
    async () => {
      const first = start("run", "whole.ts", "--set", "steps=100000", "--reporter", "pretty")
      await first.printed("/100000 steps · loss")
      first.child.kill("SIGINT")
      const { code, stderr, stdout } = await first.ended
      expect(stderr).toContain("Finishing the step and saving; press Ctrl-C again to stop at once.")
      expect(stderr).toMatch(
        /■ train +stopped after \d+ of 100000 steps\. Run the same command again to go on from step \d+\./,
      )
      expect({ code, stdout }).toEqual({ code: 130, stdout: "" })

      const second = start("run", "whole.ts", "--set", "steps=100000", "--json")
      await second.printed('"label":"train","done"')
      second.child.kill("SIGINT")
      second.child.kill("SIGINT")
      expect((await second.ended).code).toBe(130)
    },
  )

  it("a trace is written whole, where it was asked for", async () => {
    const { code, stdout } = await start("trace", "whole.ts", "--steps", "2", "--out", "trace.safetensors").ended
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^trace\.safetensors {2}2 steps, /) })
    const bytes = readFileSync(join(studio.root, "trace.safetensors"))
    const header = bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString()
    expect(header).toContain('"step.1.0.prediction"')
    expect(header).toContain('"loom_trace":"1"')
  })
})
