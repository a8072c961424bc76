/** The rooms of `src/` and the only arrows allowed between them; every import in the tree is walked. */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve, sep } from "node:path"
import { describe, expect, it } from "vitest"

const source = resolve(import.meta.dirname, "../../src")

/** room → rooms it may import. `index.ts` is the public door and may import what it re-exports. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  stages: ["runtime", "models", "diffusion", "engine", "formats"],
  runtime: [],
  graph: [],
  models: ["graph"],
  diffusion: [],
  engine: ["graph", "models", "diffusion", "formats"],
  formats: [],
  cli: ["runtime", "stages"],
}

/** packages that only one room (or one family of files) may speak to */
const confined: readonly { readonly specifier: RegExp; readonly only: RegExp }[] = [
  { specifier: /^onnxruntime-node/, only: /^engine\// },
  { specifier: /^better-sqlite3/, only: /^runtime\/store[^/]*\.ts$/ },
  { specifier: /^effect\/cli/, only: /^cli\// },
]

const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) => /\.(ts|js)$/.test(file))

const importsOf = (file: string): readonly string[] => {
  const text = readFileSync(join(source, file), "utf8")
  const pattern = /(?:\bfrom\s+|\bimport\s*\(\s*|\bimport\s+|new URL\(\s*)"([^"]+)"/g
  return [...text.matchAll(pattern)].map((match) => match[1] as string)
}

const roomOf = (path: string): string => path.split(sep)[0] as string

describe("the house", () => {
  it("has only the rooms of the design", () => {
    const rooms = new Set(files.filter((file) => file.includes(sep)).map(roomOf))
    expect([...rooms].sort()).toEqual(Object.keys(arrows).sort())
  })

  it.each(files.filter((file) => file.includes(sep)))("%s imports only what its room may", (file) => {
    const room = roomOf(file)
    const wrong = importsOf(file)
      .filter((specifier) => specifier.startsWith("."))
      .map((specifier) => roomOf(relative(source, resolve(source, dirname(file), specifier))))
      // ".." leads to the package's own folder (package.json), which holds no code
      .filter((target) => target !== room && target !== ".." && !(arrows[room] ?? []).includes(target))
    expect(wrong).toEqual([])
  })

  it.each(confined)("$specifier is spoken only by $only", ({ specifier, only }) => {
    const speakers = files.filter((file) => importsOf(file).some((name) => specifier.test(name)))
    expect(speakers.filter((file) => !only.test(file))).toEqual([])
    expect(speakers.length).toBeGreaterThan(0)
  })
})
