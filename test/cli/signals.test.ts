/** What signals do to a run, at every moment of its life, sent to its process or to its whole group. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { closeStudio, makeStudio, type Studio } from "../stages/studio.ts"
import { type Ended, greeting, type Loom, makeFolder, startLoom } from "./shell.ts"

/** Whole processes that train, on a machine that may be busy. */
const patience = { timeout: 240_000 }

const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
type StopSignal = keyof typeof codes
const stopSignals = Object.keys(codes) as readonly StopSignal[]

/** As a shell tells it: `$?` is 128 and more also where a signal ended the process by itself. */
const shellCode = ({ code, signal }: Ended): number | null =>
  signal === null ? code : (codes[signal as StopSignal] ?? 0)

const toGroup = (running: Loom, signal: StopSignal) => process.kill(-running.child.pid!, signal)
const toProcess = (running: Loom, signal: StopSignal) => running.child.kill(signal)

const training = `
import { baseModel, caption, checkpoint, crop, encode, ingest, pipeline, train } from "lora-loom"
import { Schema } from "effect"

export default pipeline("whole", { params: Schema.Struct({ steps: Schema.Int }), defaults: { steps: 60 } }, ({ steps }) => {
  const images = crop(ingest("./pictures"), { size: 16 })
  const dataset = encode({ base: baseModel("./base"), images, captions: caption(images) })
  return checkpoint(train(dataset, { networkDim: 2, steps, saveEverySteps: 0, seed: 5 }), { name: "whole" })
})
`

// Windows has no signals: Node ends a process there whatever it is sent, and only a console sends Ctrl-C.
const onSignals = describe.skipIf(process.platform === "win32")

onSignals("a signal in the middle of a training", patience, () => {
  let studio: Studio
  beforeAll(async () => {
    studio = await makeStudio()
    writeFileSync(join(studio.root, "whole.ts"), training)
    const straight = await start("straight").ended
    expect(straight.code).toBe(0)
  })
  afterAll(() => closeStudio(studio))

  const start = (cache: string) => {
    const places = ["--cache", cache, "--output", `${cache}-output`]
    return startLoom(studio.root, ["run", "whole.ts", "--json", "--cores", "1", ...places], { leadsGroup: true })
  }
  const loraBytes = (cache: string): Buffer =>
    readFileSync(join(studio.root, `${cache}-output`, "whole/whole.safetensors"))
  const stepsOf = ({ stdout }: Ended) =>
    [...stdout.matchAll(/"label":"train","done":(\d+)/g)].map(([, step]) => Number(step))

  it.each([
    ["SIGINT", "its group", toGroup],
    ["SIGTERM", "its group", toGroup],
    ["SIGHUP", "its group", toGroup],
    ["SIGTERM", "its process", toProcess],
    [
      "SIGTERM",
      "its process and its group, as timeout does",
      (running: Loom, signal: StopSignal) => {
        toProcess(running, signal)
        toGroup(running, signal)
      },
    ],
    [
      "SIGTERM",
      "its group, and SIGHUP after it, as a service manager does",
      (running: Loom, signal: StopSignal) => {
        toGroup(running, signal)
        toGroup(running, "SIGHUP")
      },
    ],
  ] as const)("%s to %s saves the step, and the next run goes on to the same bytes", async (signal, target, send) => {
    const cache = `${signal} ${target}`
    const stopped = start(cache)
    await stopped.printed('"done":20,"of":60')
    send(stopped, signal)
    const ended = await stopped.ended
    expect(shellCode(ended)).toBe(codes[signal])
    const saved = Number(/"type":"stage-stopped","label":"train","done":(\d+)/.exec(ended.stdout)?.[1])
    expect(saved).toBeGreaterThanOrEqual(20)
    const resumed = await start(cache).ended
    expect(resumed.code).toBe(0)
    expect(Math.min(...stepsOf(resumed))).toBeGreaterThanOrEqual(saved)
    expect(loraBytes(cache).equals(loraBytes("straight"))).toBe(true)
  })
})

/** A stage that neither looks at the wish to stop nor can be interrupted. */
const deaf = `
import { pipeline, stage } from "lora-loom"
import { Effect, Schema } from "effect"

const wait = stage({ name: "wait", code: import.meta.url, wires: {}, output: Schema.Int,
  run: (_, work) => {
    work.log("waiting")
    return Effect.as(Effect.uninterruptible(Effect.sleep("1 hour")), 1)
  } })
export default pipeline("deaf", () => wait())
`

/** Sends the process a signal as soon as it loads a file whose address ends so. */
const signalAt = (file: string, signal: StopSignal) =>
  `data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from "node:module"
    registerHooks({ load: (url, context, next) => {
      if (url.endsWith(${JSON.stringify(file)})) process.kill(process.pid, ${JSON.stringify(signal)})
      return next(url, context)
    } })
  `)}`

onSignals("a signal", () => {
  let folder: string
  let close: () => void
  beforeAll(() => {
    ;({ folder, close } = makeFolder({ "greeting.ts": greeting, "deaf.ts": deaf }))
  })
  afterAll(() => close())

  const moments = ["bin.js", "main.ts", "commands.ts", "interruption.ts", "cli/run.ts", "greeting.ts"]
  it.each(moments.flatMap((file) => stopSignals.map((signal) => [signal, file] as const)))(
    "%s while %s is loaded ends the program with the signal's code",
    async (signal, file) => {
      const node = ["--import", signalAt(file, signal)]
      const ended = await startLoom(folder, ["run", "greeting.ts"], { node }).ended
      expect(shellCode(ended)).toBe(codes[signal])
      expect(ended.stderr).not.toContain("error")
    },
  )

  it.each(["plan", "explain"])("ends loom %s with its code too", async (command) => {
    const node = ["--import", signalAt("greeting.ts", "SIGTERM")]
    expect(shellCode(await startLoom(folder, [command, "greeting.ts"], { node }).ended)).toBe(143)
  })

  it.each(stopSignals)("%s, the second time, ends whatever does not listen", async (signal) => {
    const running = startLoom(folder, ["run", "deaf.ts", "--cache", signal])
    await running.printed("waiting")
    running.child.kill(signal)
    await running.printed("Finishing the step")
    // Until it is heard: what comes together with the first is the same wish.
    const again = setInterval(() => running.child.kill(signal), 100)
    const ended = await running.ended
    clearInterval(again)
    expect(ended.code).toBe(codes[signal])
  })
})
