/**
 * `npm run check:real -- --base DIR --python PYTHON [--pixels 256] [--memory small]`: one training step of a real-size
 * model, judged by PyTorch.
 *
 * The step is traced in each memory mode (the traces must be the same to the last byte) and replayed by
 * test/reference/replay.py in single precision. DIR is a diffusers folder, such as make_real_size_model.py writes;
 * PYTHON one with the packages of test/reference. Takes minutes and up to 12 GB; no part of `npm test`.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { Effect } from "effect"
import { Engine } from "../../../src/engine/engine.ts"
import { type MemoryMode, memoryModes } from "../../../src/settings/memory-mode.ts"
import { TrainSettings } from "../../../src/settings/train-settings.ts"
import { encodedSample } from "../../rig/encoded-sample.ts"
import { encodingOf } from "../../rig/encoding-of.ts"
import { filesIn } from "../../rig/files-in.ts"
import type { JobInHand } from "../../rig/stored-job.ts"
import { traceHere } from "../../rig/trained.ts"
import { chosenModes } from "./chosen-modes.ts"

const { values: options } = parseArgs({
  options: {
    base: { type: "string" },
    python: { type: "string", default: "python3" },
    pixels: { type: "string", default: "256" },
    memory: { type: "string", default: memoryModes.join(",") },
  },
})

/**
 * Both sides compute in single precision, and the keys' gradients of a random model are nearly nothing. In double precision the
 * worst of SDXL's 722 modules was 8.8e-4 off at dim 1, and PyTorch's single precision as far on its side.
 */
const gradientLimit = "1e-3"

/** A smooth picture: the VAE's latents of pure noise would be unlike any real ones. */
const picture = (side: number): Float32Array =>
  Float32Array.from({ length: 3 * side * side }, (_, at) => {
    const [channel, row, column] = [Math.floor(at / side ** 2), Math.floor(at / side) % side, at % side]
    return Math.sin((row * (channel + 1)) / 37) * Math.cos(column / 23)
  })

const traced = Effect.fnUntraced(function* (folder: string, side: number, modes: readonly MemoryMode[]) {
  const base = filesIn(folder)
  const encoding = encodingOf(base, 1)
  const timeIds = [side, side, 0, 0, side, side]
  const toEncode = { caption: "a red cat", pixels: picture(side), side, encoding, timeIds }
  const job: JobInHand = {
    base,
    encoding,
    settings: TrainSettings.make({ networkDim: 16, unetLearningRate: 1e-4, steps: 1, seed: 1, warmupSteps: 0 }),
    samples: [yield* encodedSample(base, toEncode)],
    fromStep: 0,
    untilStep: 1,
    snapshotAtSteps: [],
  }
  return yield* Effect.forEach(modes, (memory) => {
    const startedAt = performance.now()
    return Effect.tap(traceHere({ ...job, memory }, 1), () =>
      Effect.sync(() =>
        say(`traced one step, memory "${memory}": ${((performance.now() - startedAt) / 1000).toFixed(1)} s`),
      ),
    )
  })
})

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const check = async (folder: string): Promise<boolean> => {
  const modes = chosenModes(options.memory)
  const program = traced(resolve(folder), Number(options.pixels), modes)
  const traces = await Effect.runPromise(Effect.provide(program, Engine.layer))
  const first = Buffer.from(traces[0]!)
  const isSame = traces.every((trace) => first.equals(trace))
  say(isSame ? "all modes gave the same bytes" : "REJECTED: the memory modes gave different numbers")
  const work = mkdtempSync(join(tmpdir(), "loom-check-real-"))
  try {
    const file = join(work, "trace.safetensors")
    writeFileSync(file, first)
    const replay = resolve(import.meta.dirname, "../../reference/replay.py")
    const args = [replay, resolve(folder), file, "--dtype", "float32", "--gradient-limit", gradientLimit]
    return spawnSync(options.python, args, { stdio: "inherit" }).status === 0 && isSame
  } finally {
    rmSync(work, { recursive: true })
  }
}

if (options.base === undefined) {
  process.stderr.write("check:real: say which model with --base DIR (make_real_size_model.py writes one)\n")
  process.exitCode = 2
} else {
  process.exitCode = (await check(options.base)) ? 0 : 1
}
