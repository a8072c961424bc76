/**
 * What `npm pack` gives, used as somebody uses it who has nothing else: installed into an empty folder, type-checked, imported
 * by plain Node, run. LOOM_TEST_NODE=26.10.0 runs it on that Node too, which npm brings.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { publint } from "publint"
import { formatMessage } from "publint/utils"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import * as door from "../../src/index.ts"
import { install, runIn, succeed } from "./npm.ts"
import { files } from "./project.ts"

const root = resolve(import.meta.dirname, "../..")
const otherNode = process.env["LOOM_TEST_NODE"]

let folder: string
let tarball: string
let project: string
let packed: readonly string[]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "loom-package-"))
  const told = await succeed(root, "npm", ["pack", "--json", "--silent", "--pack-destination", folder])
  const [pack] = JSON.parse(told.slice(told.indexOf("[\n"))) as [{ filename: string; files: { path: string }[] }]
  packed = pack.files.map(({ path }) => path)
  tarball = join(folder, pack.filename)
  project = join(folder, "user")
  mkdirSync(project)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text)
  for (const part of ["quickstart", "03-quickstart.ts"]) {
    cpSync(join(root, "pipelines", part), join(project, part), { recursive: true })
  }
  const { devDependencies: at } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  await install(project, tarball, `effect@${at.effect}`, `@types/node@${at["@types/node"]}`)
}, 300_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The quick start, cut short, in a cache of its own. */
const quickstart = ["exec", "loom", "--", "run", "03-quickstart.ts", "--set", "steps=4", "--reporter", "plain"]

describe("the package", () => {
  it("holds what was built, the program's first lines, and nothing of tests, pipelines or CI", () => {
    const tops = new Set(packed.map((path) => path.split("/")[0]))
    expect([...tops].sort()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "dist", "package.json", "src"])
    expect(packed.filter((path) => path.startsWith("src/")).sort()).toEqual([
      "src/cli/bin.js",
      "src/cli/module-hooks.js",
      "src/cli/unfit-effect.js",
    ])
    expect(packed.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))).toEqual([])
  })

  it("is a small download", () => {
    expect(statSync(tarball).size).toBeLessThan(1.5e6)
  })

  it("carries the licence of everything that is built into it", () => {
    const text = readFileSync(join(project, "node_modules/lora-loom/dist/licences.txt"), "utf8")
    const names = [...text.matchAll(/^(\S+) \d+\.\d+\.\d+\S*$/gm)].map(([, name]) => name)
    expect(names).toEqual([
      "@bufbuild/protobuf",
      "@effect/platform-node-shared",
      "echarts",
      "onnx-buf",
      "tslib",
      "zrender",
    ])
  })

  it("leaves publint nothing to say", async () => {
    const bytes = readFileSync(tarball)
    const { messages, pkg } = await publint({ strict: true, pack: { tarball: bytes.buffer } })
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  })
})

describe("a project that installed it", () => {
  beforeEach(() => {
    for (const kept of ["cache", "output"]) rmSync(join(project, kept), { recursive: true, force: true })
  })

  it("has no type error, in a strict pipeline, a stage of its own and a program, nor in Loom's declarations", async () => {
    const { output } = await runIn(project, join(root, "node_modules/.bin/tsc"), ["--noEmit"])
    expect(output).toBe("")
  })

  it("imports the same names in plain Node as the checkout has", async () => {
    const print = 'import("lora-loom").then((door) => console.log(JSON.stringify(Object.keys(door).sort())))'
    const names = await succeed(project, process.execPath, ["--input-type=module", "--eval", print])
    expect(JSON.parse(names)).toEqual(Object.keys(door).sort())
  })

  it("runs a stage of its own from a program, by promise and as an Effect", async () => {
    const said = await succeed(project, process.execPath, ["program.ts"])
    expect(JSON.parse(said)).toEqual({
      ran: ["ingest", "crop", "weigh"],
      weighed: 12,
      states: ["source", "restored"],
      again: ["source", "restored"],
    })
  })

  it("runs the quick start without a complaint of npm's, and the checkout it was built of has the same keys", async () => {
    const said = await succeed(project, "npm", quickstart)
    expect(said).toContain("output/quickstart/blueprint.safetensors")
    expect(said).not.toContain("npm warn")
    const bin = join(root, "src/cli/bin.js")
    const plan = [bin, "plan", "03-quickstart.ts", "--set", "steps=4", "--exit-code"]
    const { code, output } = await runIn(project, process.execPath, plan)
    expect(code, output).toBe(0)
  }, 180_000)

  it("is told in a sentence when the effect beside Loom does not fit", async () => {
    const file = join(project, "node_modules/effect/package.json")
    const manifest = readFileSync(file, "utf8")
    writeFileSync(file, manifest.replace(/"version": "[^"]+"/, '"version": "3.19.0"'))
    const { code, output } = await runIn(project, "npm", ["exec", "loom", "--", "--help"])
    writeFileSync(file, manifest)
    expect(code).toBe(2)
    expect(output).toContain(
      'error: loom needs effect ^4.1.0, and the one beside it is 3.19.0. Install one that fits: npm install "effect@^4.1.0".',
    )
  })

  it.runIf(otherNode !== undefined)(
    "does the same on another Node",
    async () => {
      const nodes = join(folder, "nodes")
      mkdirSync(nodes)
      writeFileSync(join(nodes, "package.json"), JSON.stringify({ private: true, allowScripts: { node: true } }))
      await install(nodes, `node@${otherNode}`)
      const node = join(nodes, "node_modules/node/bin/node")
      expect(await succeed(project, node, ["--version"], node)).toBe(`v${otherNode}\n`)
      expect(JSON.parse(await succeed(project, node, ["program.ts"], node)).weighed).toBe(12)
      expect(await succeed(project, "npm", quickstart, node)).toContain("output/quickstart/blueprint.safetensors")
    },
    300_000,
  )
})
