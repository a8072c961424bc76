/** The kind of machine: what decides the last bits of a training, and nothing that does not. */
import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { expect, test } from "vitest"
import { computingMachine, sayMachine } from "../../src/engine/jobs/computing-machine.ts"

const facts = { platform: "linux", architecture: "x64", flags: new Set<string>(), model: "A Processor" }
const avx2 = ["avx", "avx2", "fma"]

test.each([
  ["x64", [], "linux x64 sse2"],
  ["x64", ["avx"], "linux x64 avx"],
  ["x64", ["avx", "avx2"], "linux x64 avx"],
  ["x64", avx2, "linux x64 avx2"],
  ["x64", [...avx2, "avx512f"], "linux x64 avx512f"],
  ["x64", [...avx2, "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni"], "linux x64 avx512"],
  ["arm64", ["asimd"], "linux arm64 neon"],
  ["arm64", ["asimd", "sve", "sme", "sme2"], "linux arm64 sme2"],
] as const)("%s with %j is %s", (architecture, flags, said) => {
  expect(sayMachine({ ...facts, architecture, flags: new Set(flags) })).toBe(said)
})

test("two processors with the same instructions are one kind where the system tells them", () => {
  expect(sayMachine({ ...facts, model: "Another" })).toBe(sayMachine(facts))
})

test("where the system does not tell them, the processor's name stands for them", () => {
  expect(sayMachine({ ...facts, platform: "darwin", architecture: "arm64", flags: undefined, model: "Apple M4" })).toBe(
    "darwin arm64 Apple M4",
  )
  expect(sayMachine({ ...facts, platform: "win32", flags: undefined, model: " AMD  Ryzen 9 " })).toBe(
    "win32 x64 AMD Ryzen 9",
  )
})

test("this machine's begins with its system and architecture", () => {
  expect(computingMachine.startsWith(`${process.platform} ${process.arch}`)).toBe(true)
})

test("every stage that uses the engine says that its bytes depend on the machine", () => {
  const stages = resolve(import.meta.dirname, "../../src/stages")
  const users = readdirSync(stages, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(join(stages, file), "utf8"))
    .filter((text) => text.includes("services: Engine.layer"))
  expect(users.length).toBeGreaterThan(4)
  for (const text of users) expect(text).toMatch(/machine: computingMachine,\n\s*services: Engine\.layer/)
})
