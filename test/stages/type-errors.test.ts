/** What the type checker says of the commonest mistakes in a pipeline file: few lines, in the user's words. */
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

const root = resolve(import.meta.dirname, "../..")

const wired = `
import { baseModel, caption, crop, encode, ingest, train } from ${JSON.stringify(join(root, "src/index.ts"))}
const base = baseModel("./base")
const pictures = ingest("./pictures")
const images = crop(pictures, { size: 512 })
const captions = caption(images)
const dataset = encode({ base, images, captions })
`

const mistakes: readonly (readonly [title: string, line: string, says: readonly string[]])[] = [
  [
    "swapped wires",
    "encode({ base, images: captions, captions: images })",
    [
      "Type 'Captions' is not assignable to type 'CroppedPictures'.",
      `  Type '"captions"' is not assignable to type '"cropped pictures"'.`,
      "Type 'CroppedPictures' is not assignable to type 'Captions'.",
      `  Type '"cropped pictures"' is not assignable to type '"captions"'.`,
    ],
  ],
  [
    "pictures into train",
    "train(images)",
    [
      "Argument of type 'CroppedPictures' is not assignable to parameter of type 'EncodedDataset | { readonly dataset: EncodedDataset; }'.",
      `  Type 'Wire<"cropped pictures", Items<CroppedPicture>>' is not assignable to type 'EncodedDataset'.`,
      `    Type '"cropped pictures"' is not assignable to type '"dataset"'.`,
    ],
  ],
  [
    "a misspelt parameter",
    "train(dataset, { networkDims: 8 })",
    [
      "Object literal may only specify known properties, but 'networkDims' does not exist in type 'TrainParams'. Did you mean to write 'networkDim'?",
    ],
  ],
  [
    "a schedule without its record",
    'train(dataset, { schedule: "cosine" })',
    ["Type 'string' is not assignable to type 'ScheduleChoice | undefined'."],
  ],
]

let folder: string
let told: ReadonlyMap<string, readonly string[]>

const nameOf = (index: number): string => `mistake-${index}.mts`

/** All mistakes in one run of tsc, each in a file of its own. */
const check = (): Promise<string> => {
  for (const [index, [, line]] of mistakes.entries()) writeFileSync(join(folder, nameOf(index)), `${wired}\n${line}\n`)
  const options = { noUnusedLocals: false, typeRoots: [join(root, "node_modules/@types")], types: ["node"] }
  const config = { extends: join(root, "tsconfig.json"), compilerOptions: options, include: [folder] }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
  const args = [join(root, "node_modules/typescript/bin/tsc"), "--noEmit", "--pretty", "false", "-p", folder]
  return new Promise((done) => execFile(process.execPath, args, { cwd: folder }, (_, stdout) => done(stdout)))
}

const byFile = (output: string): ReadonlyMap<string, readonly string[]> => {
  const errors = new Map<string, string[]>()
  let at = ""
  for (const line of output.split("\n").filter((text) => text !== "")) {
    const start = /^(?:.*\/)?([\w.-]+)\(\d+,\d+\): error TS\d+: (.*)$/.exec(line)
    at = start?.[1] ?? at
    errors.set(at, [...(errors.get(at) ?? []), start?.[2] ?? line])
  }
  return errors
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "loom-types-"))
  told = byFile(await check())
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("the type checker tells", () => {
  it.each(mistakes.map(([title, , says], index) => [title, nameOf(index), says] as const))("%s", (_, name, says) => {
    expect(told.get(name)).toEqual(says)
  })

  it("nothing else", () => {
    expect([...told.keys()].sort()).toEqual(mistakes.map((_, index) => nameOf(index)))
  })
})
