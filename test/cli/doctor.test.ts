/** `loom doctor`: what it tells of a machine, as text and as JSON, and when it ends with 1. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { doctorText } from "../../src/cli/doctor.ts"
import { style } from "../../src/cli/reporters/words.ts"
import { checkCache } from "../../src/tools/doctor/cache-checks.ts"
import { ok } from "../../src/tools/doctor/check.ts"
import { isFit } from "../../src/tools/doctor/examine.ts"
import { checkMemory, checkProcessor, roomOnDisk } from "../../src/tools/doctor/machine-checks.ts"
import { checkNode, neededNode } from "../../src/tools/doctor/program-checks.ts"
import { greeting, loom, makeFolder } from "./shell.ts"

const names = [
  ...["loom", "node", "processor", "memory", "disk", "cache", "sqlite", "onnxruntime", "sharp", "fonts"],
] as const

let folder: string
let close: () => void
beforeAll(() => {
  ;({ folder, close } = makeFolder({ "greeting.ts": greeting }))
})
afterAll(() => close())

/** What differs from machine to machine, and from version to version. */
const masked = (text: string): string =>
  text
    .replaceAll(resolve("."), "…")
    .replaceAll(folder, "…")
    .replace(/^(. processor +).*$/m, "$1MACHINE")
    .replace(/[\d.]+ (GB|MB|kB)/g, "SIZE")
    .replace(/(, a limit of SIZE for this container)/, "")
    .replace(/\d+(\.\d+)+/g, "VERSION")
    .replace(/(newer is needed\), ).*$/m, "$1PATH")
    // Which accelerators a build has is the system's, and so is the hint of how to get the others.
    .replace(/^(. onnxruntime +ONNX Runtime \S+, )cpu.*\n(?: +.*\n)?/m, "$1PROVIDERS\n")

describe("loom doctor", () => {
  it("tells of every part and makes nothing", async () => {
    const before = readdirSync(folder)
    const { code, stdout, stderr } = await loom(folder, "doctor")
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    await expect(masked(stdout)).toMatchFileSnapshot("./help/doctor-report.txt")
    expect(readdirSync(folder)).toEqual(before)
  })

  it.runIf(process.platform === "linux")(
    "says how CUDA's files are fetched, and that nothing has to be done",
    async () => {
      const { stdout } = await loom(folder, "doctor")
      expect(stdout).toMatch(
        /cpu, webgpu built in; cuda, tensorrt need files that are not installed\n +Nothing to do: .*ONNXRUNTIME_NODE_INSTALL=cuda12 node \S+install\.js fetches/,
      )
    },
  )

  it("tells programs the same with facts", async () => {
    const { code, stdout } = await loom(folder, "doctor", "--json")
    expect(code).toBe(0)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({ version: 1, type: "doctor", isFit: true })
    expect(report.checks.map(({ name }: { name: string }) => name)).toEqual(names)
    for (const check of report.checks) {
      expect(Object.keys(check)).toEqual(["name", "status", "found", "hint", "facts"])
      expect(["ok", "warning"]).toContain(check.status)
    }
    const facts = Object.fromEntries(
      report.checks.map((check: { name: string; facts: unknown }) => [check.name, check.facts]),
    )
    expect(facts).toMatchObject({
      loom: { loom: expect.stringMatching(/^\d/), effect: expect.stringMatching(/^4\./) },
      node: { version: process.versions.node, needed: 24, path: expect.stringContaining("node") },
      processor: { cores: expect.any(Number), machine: `${process.platform}-${process.arch}` },
      memory: { totalBytes: expect.any(Number), freeBytes: expect.any(Number) },
      disk: { freeBytes: expect.any(Number), totalBytes: expect.any(Number) },
      cache: { path: join(folder, "cache"), isThere: false },
      sqlite: { version: expect.stringMatching(/^3\./), journalMode: "wal" },
      onnxruntime: { version: expect.stringMatching(/^1\./), used: "cpu", providers: expect.any(Array) },
      sharp: { formats: expect.arrayContaining([{ name: "jpeg", reads: true, writes: true }]) },
      fonts: { hasFonts: expect.any(Boolean) },
    })
  })

  it("counts the results of a cache, and leaves it as it was", async () => {
    await loom(folder, "run", "greeting.ts", "--cache", "used")
    const before = readdirSync(join(folder, "used")).sort()
    const { stdout } = await loom(folder, "doctor", "--cache", "used")
    expect(stdout).toMatch(/✓ cache {8}used, 2 results of 1 run, \d+ kB\n/)
    expect(readdirSync(join(folder, "used")).sort()).toEqual(before)
  })

  it.each([
    [
      "greeting.ts",
      /✗ cache {8}greeting\.ts: results cannot be kept there, it is a file, not a folder\n +Give another folder/,
    ],
    ["greeting.ts/cache", /✗ cache .*cannot be kept there, greeting\.ts is a file, not a folder\n/],
  ])("ends with 1 where results cannot be kept: --cache %s", async (cache, says) => {
    const { code, stdout } = await loom(folder, "doctor", "--cache", cache)
    expect(code).toBe(1)
    expect(stdout).toMatch(says)
    expect(stdout).toMatch(/\n1 problem(, and \d warnings?)?: Loom cannot work here\.\n$/)
    const { code: asJson, stdout: json } = await loom(folder, "doctor", "--cache", cache, "--json")
    expect({ asJson, isFit: JSON.parse(json).isFit }).toEqual({ asJson: 1, isFit: false })
  })

  it("knows a damaged database, and one of another program", async () => {
    const cache = join(folder, "damaged")
    mkdirSync(cache)
    writeFileSync(
      join(cache, "loom.sqlite"),
      "this is no database, and long enough to be seen through at once".repeat(9),
    )
    expect(await checkCache(cache)).toMatchObject({
      status: "problem",
      found: `${cache}: the database is damaged`,
      hint: "Delete the cache folder: it holds only results that can be computed again.",
    })
    expect(existsSync(join(cache, "loom.sqlite"))).toBe(true)
  })
})

describe("a check", () => {
  it("needs the Node that package.json asks for", () => {
    const { engines } = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../package.json"), "utf8"))
    expect(engines.node).toBe(`>=${neededNode}`)
    expect(readFileSync(resolve(import.meta.dirname, "../../src/cli/bin.js"), "utf8")).toContain(
      `const needed = ${neededNode}\n`,
    )
  })

  it("of a poor machine says what to do", () => {
    const checks = [
      checkNode("20.9.0", "/usr/bin/node"),
      checkNode("24.21.0", "/usr/bin/node"),
      checkMemory({ totalBytes: 25e9, freeBytes: 1.5e9, limitBytes: 2e9 }),
      checkMemory({ totalBytes: 25e9, freeBytes: 12e9, limitBytes: undefined }),
      roomOnDisk("/data", 20e6, 500e9),
      roomOnDisk("/data", 1e9, 500e9),
      roomOnDisk("/data", 100e9, 500e9),
    ]
    expect(doctorText(checks, style(false))).toMatchInlineSnapshot(`
      "✗ node         Node 20.9.0 (24 or newer is needed), /usr/bin/node
                     Install a newer Node: https://nodejs.org.
      ✓ node         Node 24.21.0 (24 or newer is needed), /usr/bin/node
      ! memory       1.5 GB free of 25.0 GB, a limit of 2.0 GB for this container
                     Training SD1.5 at 512 × 512 takes 3.0 GB or more: close other programs, or train small models.
      ✓ memory       12.0 GB free of 25.0 GB
      ✗ disk         20 MB free of 500.0 GB where the cache lies
                     Free some space, or give a cache folder on another disk with --cache.
      ! disk         1.0 GB free of 500.0 GB where the cache lies
                     Free some space, or give a cache folder on another disk with --cache.
      ✓ disk         100.0 GB free of 500.0 GB where the cache lies

      2 problems, and 2 warnings: Loom cannot work here.
      "
    `)
    expect(checkProcessor("linux-riscv64")).toMatchObject({
      status: "problem",
      hint: expect.stringContaining("linux-x64"),
    })
  })

  it("that warns lets Loom work", () => {
    const lowOnMemory = checkMemory({ totalBytes: 2e9, freeBytes: 1e9, limitBytes: undefined })
    expect(lowOnMemory.status).toBe("warning")
    expect(isFit([lowOnMemory, ok("sharp", "there")])).toBe(true)
    expect(isFit([lowOnMemory, checkNode("22.0.0", "node")])).toBe(false)
  })
})
