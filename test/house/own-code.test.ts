/**
 * What the digest of Loom's own stages covers. A path that is computed cannot be followed, and what is only reached through it
 * would drop out of the keys without a word; so the far ends of the chain are held here.
 */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve, sep } from "node:path"
import { pathToFileURL } from "node:url"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { codeDigest } from "../../src/runtime/plan/code-digest.ts"

const source = resolve(import.meta.dirname, "../../src")
const paths = readdirSync(source, { recursive: true, encoding: "utf8" }).map((path) => path.replaceAll(sep, "/"))

/** The modules that name themselves as the code of a stage. */
const stages = paths.filter(
  (path) => /^stages\/.*\.ts$/.test(path) && readFileSync(join(source, path), "utf8").includes("code: import.meta.url"),
)

const coverOf = async (path: string) => {
  const file = join(source, path)
  const { files, packages } = await Effect.runPromise(codeDigest(pathToFileURL(file).href))
  return {
    files: files.map((covered) => relative(source, join(dirname(file), covered.path)).replaceAll(sep, "/")),
    packages: packages.map((name) => name.slice(0, name.lastIndexOf("@"))),
  }
}

/** Behind the engine's process, whatever of them is loaded. */
const roomsOfTraining = [
  "diffusion",
  "engine/session",
  "engine/train",
  "graph/gradients",
  "graph/memory",
  "graph/onnx",
  "models",
]

describe("a stage's code", () => {
  it("is, for train, all that the engine's process trains with", async () => {
    const { files, packages } = await coverOf("stages/train.ts")
    expect(files).toEqual(expect.arrayContaining(["engine/host/host-process.ts", "engine/host/host.ts"]))
    expect(files.map(dirname)).toEqual(expect.arrayContaining(roomsOfTraining))
    expect(packages).toEqual(["@bufbuild/protobuf", "effect", "loom-runtime", "onnx-buf", "onnxruntime-node"])
  })

  it("is never the process's parent alone: who starts the process is made of its program too", async () => {
    const covers = await Promise.all(stages.map(async (stage) => [stage, await coverOf(stage)] as const))
    const starting = covers.filter(([, { files }]) => files.includes("engine/host/host-process.ts"))
    expect(starting.map(([stage]) => stage)).toContain("stages/dataset/encode-images.ts")
    expect(
      starting.filter(
        ([, { files, packages }]) => !files.includes("engine/host/host.ts") || !packages.includes("onnxruntime-node"),
      ),
    ).toEqual([])
  })

  it.each(["stages/ingest.ts", "stages/crop.ts"])(
    "is, for %s, the package that decodes pictures too",
    async (stage) => {
      expect((await coverOf(stage)).packages).toContain("sharp")
    },
  )

  it("lies in Loom's own sources and nowhere else", async () => {
    const covers = await Promise.all(stages.map(coverOf))
    expect(covers.flatMap(({ files }) => files).filter((path) => path.startsWith(".."))).toEqual([])
  })
})
