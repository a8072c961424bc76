/**
 * `npm run check:memory -- --base DIR [--pixels 512] [--dim 16] [--text] [--memory auto]`: what a training was told to take, and what
 * it took.
 *
 * A whole `loom run` trains two steps and saves; twenty times a second the resident memory of it and its children is added up (Linux).
 * Pages of the same file in two processes count twice. It ends with 1 where the two figures differ by more than a tenth.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { loom, printHeader, printRow, root } from "../whole-process.ts"

const { values: options } = parseArgs({
  options: {
    base: { type: "string" },
    pixels: { type: "string", default: "512" },
    dim: { type: "string", default: "16" },
    text: { type: "boolean", default: false },
    memory: { type: "string", default: "auto" },
  },
})

/** Of what was told. */
const allowedDeviation = 0.1

const pipelineOf = (base: string): string => `
import { baseModel, caption, checkpoint, crop, encode, ingest, pipeline, train } from "lora-loom"
export default pipeline("memory", () => {
  const images = crop(ingest("./pictures"), { size: ${Number(options.pixels)} })
  const dataset = encode({ base: baseModel(${JSON.stringify(base)}), images, captions: caption(images, { trigger: "toki" }) })
  const lora = train(dataset, {
    networkDim: ${Number(options.dim)}, steps: 2, warmupSteps: 0, memory: ${JSON.stringify(options.memory)},
    textModel: ${options.text ? "{ learningRate: 4e-5 }" : "null"},
  })
  return checkpoint(lora, { name: "memory" })
})
`

/** A project of two pictures that lies outside the repository and finds the package in it. */
const makeProject = (base: string): string => {
  const folder = mkdtempSync(join(tmpdir(), "loom-check-memory-"))
  const pictures = join(root, "pipelines/quickstart/pictures")
  mkdirSync(join(folder, "pictures"))
  for (const name of readdirSync(pictures)
    .filter((one) => one.endsWith(".png"))
    .slice(0, 2)) {
    cpSync(join(pictures, name), join(folder, "pictures", name))
    writeFileSync(join(folder, "pictures", name.replace(".png", ".txt")), "a toki")
  }
  mkdirSync(join(folder, "node_modules"))
  symlinkSync(root, join(folder, "node_modules/lora-loom"))
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }')
  writeFileSync(join(folder, "memory.ts"), pipelineOf(resolve(base)))
  return folder
}

const readOr = (path: string, otherwise: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return otherwise
  }
}

const residentBytes = (pid: number): number =>
  1024 * Number(/VmRSS:\s+(\d+)/.exec(readOr(`/proc/${pid}/status`, ""))?.[1] ?? 0)

const childrenOf = (pid: number): readonly number[] =>
  readOr(`/proc/${pid}/task/${pid}/children`, "").split(" ").filter(Boolean).map(Number)

interface Taken {
  readonly parentBytes: number
  readonly childrenBytes: number
}

const takenBy = (pid: number): Taken => ({
  parentBytes: residentBytes(pid),
  childrenBytes: childrenOf(pid).reduce((sum, child) => sum + residentBytes(child), 0),
})

const whole = ({ parentBytes, childrenBytes }: Taken): number => parentBytes + childrenBytes

const inGigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`

const measure = async (base: string): Promise<boolean> => {
  const folder = makeProject(base)
  try {
    const child = spawn(process.execPath, [loom, "run", "memory.ts", "--reporter", "plain"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    })
    let words = ""
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      words += text
    })
    let most: Taken = { parentBytes: 0, childrenBytes: 0 }
    const timer = setInterval(() => {
      const taken = takenBy(child.pid!)
      // What encoding takes is not what the training was told to take.
      if (words.includes("memory: ") && whole(taken) > whole(most)) most = taken
    }, 50)
    const [code] = await once(child, "close")
    clearInterval(timer)
    const told = /memory: (\w+), at most about ([\d.]+) GB/.exec(words)
    if (code !== 0 || told === null) throw new Error(`loom run ended with ${code}\n${words}`)
    const toldBytes = Number(told[2]) * 1e9
    const share = whole(most) / toldBytes
    printHeader(
      `Memory of a training: ${base}`,
      "pixels",
      "dim",
      "text model",
      "mode",
      "told",
      "taken",
      "of it parent",
      "taken/told",
    )
    const text = options.text ? "trained" : "as it is"
    const facts = [options.pixels, options.dim, text, told[1]!, inGigabytes(toldBytes), inGigabytes(whole(most))]
    printRow(...facts, inGigabytes(most.parentBytes), share.toFixed(2))
    return Math.abs(share - 1) <= allowedDeviation
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (options.base === undefined) {
  process.stderr.write("check:memory: say which model with --base DIR (make_real_size_model.py writes one)\n")
  process.exitCode = 2
} else {
  process.exitCode = (await measure(options.base)) ? 0 : 1
}
