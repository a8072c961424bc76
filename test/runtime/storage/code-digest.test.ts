import * as fs from "node:fs"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeCodeDigest } from "../../../src/runtime/plan/code-digest.ts"
import { temporaryFolder } from "./rig/temporary-storage.ts"

const write = (folder: string, files: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    fs.writeFileSync(path.join(folder, name), text)
  }
}

const project = {
  "stages/stage.ts": `
    import { a } from "../lib/a.ts"
    import type { Erased } from "../lib/erased.ts"
    import "../lib/effects.ts"
    import { readFileSync } from "node:fs"
    import { Effect } from "effect"
    export { b } from "../lib/b.ts"
    export type { AlsoErased } from "../lib/also-erased.ts"
    const lazy = () => import(/* late */ "../lib/lazy.ts")
    const worker = new URL("worker.mjs", import.meta.url)
    const folder = new URL("../", import.meta.url)
  `,
  "lib/a.ts": 'import { type T, deep } from "./deep/deep.ts"\nimport table from "./table.json" with { type: "json" }',
  "lib/deep/deep.ts": 'import { a } from "../a.ts" // a cycle',
  "lib/table.json": '{"x":1}',
  "lib/b.ts": "export const b = 1",
  "lib/effects.ts": "globalThis.x = 1",
  "lib/erased.ts": "export type Erased = 1",
  "lib/also-erased.ts": "export type AlsoErased = 1",
  "lib/lazy.ts": "export const lazy = 1",
  "lib/unrelated.ts": "export const unrelated = 1",
  "stages/worker.mjs": "export const worker = 1",
  "node_modules/effect/package.json": '{"name":"effect","version":"4.1.0"}',
}

/** The digest as a new process would see it. */
const digestIn = (folder: string) => makeCodeDigest()(pathToFileURL(path.join(folder, "stages/stage.ts")).href)

/** Whether an edit changes the digest. */
const changes = (edit: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    write(folder, project)
    const before = yield* digestIn(folder)
    write(folder, edit)
    return (yield* digestIn(folder)).digest !== before.digest
  })

describe("a stage's code", () => {
  it.live(
    "is the same from a checkout with Windows' line ends; a file that is neither code nor JSON is its bytes",
    () =>
      Effect.gen(function* () {
        const windows = Object.entries(project).map(([name, text]) => [name, text.replaceAll("\n", "\r\n")])
        expect(yield* changes(Object.fromEntries(windows))).toBe(false)
        expect(yield* changes({ "lib/table.json": '{\r\n"x":2}' })).toBe(true)
        const folder = yield* temporaryFolder
        write(folder, {
          ...project,
          "stages/worker.mjs": 'new URL("words.txt", import.meta.url)',
          "stages/words.txt": "a\n",
        })
        const before = yield* digestIn(folder)
        write(folder, { "stages/words.txt": "a\r\n" })
        expect((yield* digestIn(folder)).digest).not.toBe(before.digest)
      }),
  )

  it.live("is its module and what that imports, from file to file", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      write(folder, project)
      const { files, packages } = yield* digestIn(folder)
      expect(files.map((file) => file.path)).toEqual([
        "../lib/a.ts",
        "../lib/b.ts",
        "../lib/deep/deep.ts",
        "../lib/effects.ts",
        "../lib/lazy.ts",
        "../lib/table.json",
        "stage.ts",
        "worker.mjs",
      ])
      expect(packages).toEqual(["effect@4.1.0"])
    }),
  )

  it.live.each([
    ["stages/stage.ts", `${project["stages/stage.ts"]} // a comment counts`],
    ["lib/deep/deep.ts", "export const deep = 2"],
    ["lib/table.json", '{"x":2}'],
    ["lib/lazy.ts", "export const lazy = 2"],
    ["stages/worker.mjs", "export const worker = 2"],
    ["node_modules/effect/package.json", '{"name":"effect","version":"4.2.0"}'],
  ] as const)("changes with %s", ([file, text]) =>
    Effect.gen(function* () {
      expect(yield* changes({ [file]: text })).toBe(true)
    }),
  )

  it.live.each([["lib/unrelated.ts"], ["lib/erased.ts"], ["lib/also-erased.ts"]] as const)(
    "does not change with %s",
    ([file]) =>
      Effect.gen(function* () {
        expect(yield* changes({ [file]: "export type Other = 2" })).toBe(false)
      }),
  )

  it.live("does not change with time stamps, nor when the project moves", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const elsewhere = yield* temporaryFolder
      write(folder, project)
      const before = yield* digestIn(folder)
      for (const file of Object.keys(project)) fs.utimesSync(path.join(folder, file), 1, 1)
      expect(yield* digestIn(folder)).toEqual(before)
      fs.cpSync(folder, path.join(elsewhere, "moved"), { recursive: true })
      expect(yield* digestIn(path.join(elsewhere, "moved"))).toEqual(before)
    }),
  )

  it.live("ends at the runtime, whose format version stands for it", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const runtime = new URL("../../../src/runtime/model/fingerprint.ts", import.meta.url).href
      write(folder, { ...project, "lib/b.ts": `import { keyOf } from "${runtime}"` })
      const { files, packages } = yield* digestIn(folder)
      expect(files).toHaveLength(8)
      expect(packages).toEqual(["effect@4.1.0", "loom-runtime@1"])
    }),
  )

  it.live("may import its own package by name, which counts as its version", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      write(folder, {
        "package.json": '{"name":"lora-loom","version":"0.1.0","exports":{".":"./lib/b.ts"}}',
        "stages/stage.ts": 'import { b } from "lora-loom"\nimport { x } from "@scope/none/deep"',
      })
      expect((yield* digestIn(folder)).packages).toEqual(["lora-loom@0.1.0"])
    }),
  )

  it.live("may mention imports in comments without being led astray", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const code =
        '// import type {\nimport { b } from "../lib/b.ts"\n// copied from "a letter", or import "./gone.ts"\n'
      write(folder, { ...project, "stages/stage.ts": code })
      expect((yield* digestIn(folder)).files.map((file) => file.path)).toEqual(["../lib/b.ts", "stage.ts"])
    }),
  )

  it.live("is read once per process", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      write(folder, project)
      const digest = makeCodeDigest()
      const url = pathToFileURL(path.join(folder, "stages/stage.ts")).href
      const before = yield* digest(url)
      write(folder, { "lib/b.ts": "export const b = 2" })
      expect(yield* digest(url)).toBe(before)
    }),
  )

  it.live("that is no file is refused with a sentence", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(makeCodeDigest()("data:text/javascript,0"))
      expect(error.why).toBe("it is not the URL of a file")
    }),
  )
})
