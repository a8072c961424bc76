/** Where a digest of a base model's file is stated, another file is told in the plan, with both digests and where the one is stated. */
import { createHash } from "node:crypto"
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { hasLinks } from "../rig/has-links.ts"
import { error, problemsTold } from "../rig/told.ts"
import { plan } from "../runtime/project.ts"
import { closeStudio, copyStudio, line, makeStudio, type Studio } from "./studio.ts"

const weights = "unet/diffusion_pytorch_model.safetensors"

let original: Studio
let studio: Studio
beforeAll(async () => {
  original = await makeStudio()
})
afterAll(() => closeStudio(original))
beforeEach(() => {
  studio = copyStudio(original)
})
afterEach(() => closeStudio(studio))

const inBase = (name: string) => join(studio.base, name)
const put = (name: string, text: string): void => {
  mkdirSync(dirname(inBase(name)), { recursive: true })
  writeFileSync(inBase(name), text)
}
const sha256Of = (name: string) =>
  createHash("sha256")
    .update(readFileSync(inBase(name)))
    .digest("hex")
const gitOf = (name: string) => {
  const bytes = readFileSync(inBase(name))
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex")
}
/** Another number in a file that stays well-formed. */
const flipLastByte = (name: string): void => {
  const bytes = readFileSync(inBase(name))
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(inBase(name), bytes)
}
const note = (name: string, etag: string, atSeconds = Date.now() / 1000 + 60): void =>
  put(`.cache/huggingface/download/${name}.metadata`, `0123456789abcdef\n${etag}\n${atSeconds}\n`)

/** The file as the hub's cache keeps it: a link to a file called by its digest. */
const linkToStore = (name: string, digest: string): void => {
  mkdirSync(join(studio.root, "blobs"), { recursive: true })
  renameSync(inBase(name), join(studio.root, "blobs", digest))
  symlinkSync(join(studio.root, "blobs", digest), inBase(name))
}

const toldIn = async () => {
  const { problems } = await Effect.runPromise(plan(studio, line({ paints: false })))
  return problemsTold(problems, studio.root)
}

const statements: readonly (readonly [title: string, file: string, state: (digest: string) => void])[] = [
  ["a digest beside the file", weights, (digest) => put(`${weights}.sha256`, digest)],
  [
    "sha256sum's line beside the file",
    weights,
    (digest) => put(`${weights}.sha256`, `${digest}  ${weights.split("/")[1]}\n`),
  ],
  ["a list in the part's folder", weights, (digest) => put("unet/SHA256SUMS", `${digest} *${weights.split("/")[1]}\n`)],
  ["a list in the model's folder", weights, (digest) => put("sha256sums.txt", `${digest}  ./${weights}\n`)],
  ["BSD's line", weights, (digest) => put("SHA256SUMS", `SHA256 (${weights}) = ${digest.toUpperCase()}\n`)],
  [
    "a Git LFS pointer beside the file",
    weights,
    (digest) => put(`${weights}.sha256`, `version https://git-lfs.github.com/spec/v1\noid sha256:${digest}\nsize 1\n`),
  ],
  ["a note of the hub's client", weights, (digest) => note(weights, digest)],
  [
    "a list that names the vocabulary",
    "tokenizer/tokenizer_config.json",
    (digest) => put("SHA256SUMS", `${digest}  tokenizer/tokenizer_config.json\n`),
  ],
]

describe("a digest of a base model's file", () => {
  it.each(statements)(
    "%s, is told where it is another file's, and passes where it is its own",
    async (_, file, state) => {
      state(sha256Of(file))
      expect((await toldIn()).told).toEqual([])
      state("ab".repeat(32))
      const { told, wording } = await toldIn()
      expect(told).toEqual([error("base-model", `base/${file}`)])
      expect(wording).toMatchSnapshot()
    },
  )

  it("shows a single changed bit in weights that are well-formed otherwise", async () => {
    note(weights, sha256Of(weights), 1)
    flipLastByte(weights)
    expect((await toldIn()).told).toEqual([error("base-model", `base/${weights}`)])
  })

  it("is git's for small files of the hub, unless they were edited since", async () => {
    const name = "scheduler/scheduler_config.json"
    const changedAt = statSync(inBase(name)).mtimeMs / 1000
    note(name, gitOf(name))
    expect((await toldIn()).told).toEqual([])
    note(name, "cd".repeat(20))
    expect((await toldIn()).told).toEqual([error("base-model", `base/${name}`)])
    note(name, "cd".repeat(20), changedAt - 10)
    expect((await toldIn()).told).toEqual([])
  })

  it.skipIf(!hasLinks())("is the name of the file in the hub's own cache", async () => {
    linkToStore(weights, sha256Of(weights))
    linkToStore("unet/config.json", gitOf("unet/config.json"))
    expect((await toldIn()).told).toEqual([])
    rmSync(inBase(weights))
    cpSync(join(original.base, weights), inBase(weights))
    linkToStore(weights, "ef".repeat(32))
    expect((await toldIn()).told).toEqual([error("base-model", `base/${weights}`)])
  })

  it("says nothing in a list of another kind, or of other files", async () => {
    put("SHA256SUMS", `${"ab".repeat(32)}  other.bin\nhello\n`)
    put("unet/notes.sha256", "no digest here")
    put(`.cache/huggingface/download/${weights}.metadata`, "cut off")
    expect((await toldIn()).told).toEqual([])
  })
})
