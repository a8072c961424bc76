/** A base model whose files are damaged, or do not belong together, is told by the name of the file in the plan, before any work. */
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { byteLetters } from "../../src/engine/base/byte-pairs.ts"
import { decodeSafetensors } from "../../src/formats/safetensors.ts"
import { encodeSafetensors, type TensorToStore } from "../../src/formats/write-safetensors.ts"
import { placedFiles } from "../rig/placed-files.ts"
import { error, problemsTold, type Told, warning } from "../rig/told.ts"
import { plan } from "../runtime/project.ts"
import { closeStudio, line, makeStudio, refusal, type Studio } from "./studio.ts"

let studio: Studio
const { place: placeFile, undo } = placedFiles()

beforeAll(async () => {
  studio = await makeStudio()
})
afterAll(() => closeStudio(studio))

const inBase = (name: string) => join(studio.base, name)

const place = (name: string, content: string | Uint8Array | undefined): void => placeFile(inBase(name), content)
const cut = (name: string, bytes: number) => place(name, readFileSync(inBase(name)).subarray(0, bytes))
const editJson = (name: string, change: (json: Record<string, unknown>) => void): void => {
  const json = JSON.parse(readFileSync(inBase(name), "utf8"))
  change(json)
  place(name, JSON.stringify(json))
}
const setJson = (name: string, fields: object) => editJson(name, (json) => Object.assign(json, fields))
const dropJson = (name: string, field: string) => editJson(name, (json) => delete json[field])

const unetWeights = "unet/diffusion_pytorch_model.safetensors"

/** The UNet's tensors as they could be written again. */
const unetTensors = (): Map<string, TensorToStore> => {
  const { header, bytesOf } = decodeSafetensors(readFileSync(inBase(unetWeights)))
  return new Map(Array.from(header.tensors, ([key, { dtype, shape }]) => [key, { dtype, shape, data: bytesOf(key) }]))
}

/** The UNet's weights in two files and an index that may lie. */
const shard = (change: (map: Record<string, string>) => void, ending = ".safetensors.index.json"): void => {
  const all = [...unetTensors()]
  const halves = [all.slice(0, 20), all.slice(20)]
  const map: Record<string, string> = {}
  halves.forEach((half, index) => {
    const name = `model-${index + 1}-of-2.safetensors`
    place(`unet/${name}`, encodeSafetensors(new Map(half)))
    for (const [key] of half) map[key] = name
  })
  change(map)
  place(unetWeights, undefined)
  place(unetWeights.replace(".safetensors", ending), JSON.stringify({ weight_map: map }))
}

const toldIn = async () => {
  const { problems } = await Effect.runPromise(plan(studio, line({ paints: false })))
  return problemsTold(problems, studio.root)
}

const files = [
  "unet/config.json",
  "vae/config.json",
  "text_encoder/config.json",
  "scheduler/scheduler_config.json",
  "tokenizer/vocab.json",
  "tokenizer/merges.txt",
  "tokenizer/tokenizer_config.json",
]
const weights = [unetWeights, "vae/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors"]
const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4665\nsize 132\n"

describe("a file of the base model is told when the pipeline is planned", () => {
  it.each([...files, ...weights])("%s, empty", async (name) => {
    place(name, "")
    const { told, wording } = await toldIn()
    expect(told).toEqual([error("base-model", `base/${name}`)])
    expect(wording).toMatchSnapshot()
  })

  it.each([...files, ...weights])("%s, a Git LFS pointer", async (name) => {
    place(name, pointer)
    expect((await toldIn()).told).toEqual([error("base-model", `base/${name}`)])
  })

  it.each([...files, ...weights])("%s, cut off in the middle", async (name) => {
    cut(name, Math.floor(readFileSync(inBase(name)).length / 2))
    expect((await toldIn()).told).toEqual([error("base-model", `base/${name}`)])
  })

  it.each(files.filter((name) => name.endsWith("config.json") && !name.includes("tokenizer")))(
    "%s, an empty object",
    async (name) => {
      place(name, "{}")
      const { told, wording } = await toldIn()
      expect(told).toContainEqual(error("base-model", `base/${name}`))
      expect(wording).toMatchSnapshot()
    },
  )

  it.each(weights)("%s, without its last byte", async (name) => {
    cut(name, readFileSync(inBase(name)).length - 1)
    expect((await toldIn()).told).toEqual([error("base-model", `base/${name}`)])
  })

  it.skipIf(process.platform === "win32")("a pipe, which is not waited for", async () => {
    for (const name of ["unet/config.json", unetWeights]) {
      renameSync(inBase(name), inBase(`${name}.away`))
      undo(() => {
        rmSync(inBase(name), { force: true })
        renameSync(inBase(`${name}.away`), inBase(name))
      })
      execFileSync("mkfifo", [inBase(name)])
    }
    const exit = await Effect.runPromise(Effect.exit(plan(studio, line({ paints: false }))))
    expect(JSON.stringify(exit)).toContain("not a file")
  })
})

const cases: readonly (readonly [title: string, spoil: () => void, is: readonly Told[]])[] = [
  [
    "a table of contents that is cut off",
    () => place("model_index.json", '{"_class_name": "Stable'),
    [error("base-model", "base/model_index.json")],
  ],
  [
    "a configuration of the wrong type",
    () => setJson("text_encoder/config.json", { num_hidden_layers: "2" }),
    [error("base-model", "base/text_encoder/config.json")],
  ],
  [
    "a configuration in UTF-16",
    () => place("vae/config.json", Buffer.from(`\ufeff${readFileSync(inBase("vae/config.json"), "utf8")}`, "utf16le")),
    [error("base-model", "base/vae/config.json")],
  ],
  [
    "a configuration with NaN",
    () => {
      const text = JSON.stringify({
        ...JSON.parse(readFileSync(inBase("vae/config.json"), "utf8")),
        scaling_factor: "?",
      })
      place("vae/config.json", text.replace('"?"', "NaN"))
    },
    [error("base-model", "base/vae/config.json")],
  ],
  [
    "latents that are scaled by nothing",
    () => setJson("vae/config.json", { scaling_factor: 0 }),
    [error("base-model", "base/vae/config.json")],
  ],
  [
    "a configuration without its number of heads, which no weight tells",
    () => dropJson("unet/config.json", "attention_head_dim"),
    [error("base-model", "base/unet/config.json")],
  ],
  [
    "a schedule without its last beta",
    () => dropJson("scheduler/scheduler_config.json", "beta_end"),
    [error("base-model", "base/scheduler/scheduler_config.json")],
  ],
  [
    "a schedule of betas above 1",
    () => setJson("scheduler/scheduler_config.json", { beta_end: 12 }),
    [error("base-model", "base/scheduler/scheduler_config.json")],
  ],
  [
    "trained betas that are fewer than the timesteps",
    () => setJson("scheduler/scheduler_config.json", { trained_betas: [0.1, 0.2] }),
    [error("base-model", "base/scheduler/scheduler_config.json")],
  ],
  [
    "a UNet with a layer more than its weights",
    () => setJson("unet/config.json", { layers_per_block: 2 }),
    [error("base-model", `base/${unetWeights}`)],
  ],
  [
    "a text encoder with a table of another size",
    () => setJson("text_encoder/config.json", { vocab_size: 900 }),
    [error("base-model", "base/text_encoder/model.safetensors")],
  ],
  [
    "a text encoder with fewer layers than its weights",
    () => setJson("text_encoder/config.json", { num_hidden_layers: 1 }),
    [warning("base-model", "base/text_encoder/model.safetensors")],
  ],
  [
    "a VAE of other widths than its weights",
    () => setJson("vae/config.json", { block_out_channels: [8, 16] }),
    [error("base-model", "base/vae/diffusion_pytorch_model.safetensors")],
  ],
  [
    "weights in a number type without a scale",
    () => {
      const changed = unetTensors()
      changed.set("conv_in.bias", { dtype: "F8_E4M3", shape: [8], data: new Uint8Array(8) })
      place(unetWeights, encodeSafetensors(changed))
    },
    [error("base-model", `base/${unetWeights}`)],
  ],
  [
    "a vocabulary larger than the text encoder's table",
    () => {
      const vocab = JSON.parse(readFileSync(inBase("tokenizer/vocab.json"), "utf8"))
      const letters = byteLetters.slice(0, 16)
      const pairs = letters.flatMap((left) => letters.map((right) => [left, right] as const))
      const more = pairs.filter((pair) => vocab[pair.join("")] === undefined)
      for (const pair of more) vocab[pair.join("")] = Object.keys(vocab).length
      place("tokenizer/vocab.json", JSON.stringify(vocab))
      const before = readFileSync(inBase("tokenizer/merges.txt"), "utf8")
      place("tokenizer/merges.txt", `${before}${more.map((pair) => pair.join(" ")).join("\n")}\n`)
    },
    [error("base-model", "base/tokenizer/vocab.json")],
  ],
  [
    "an index that is no JSON",
    () => {
      place(unetWeights, undefined)
      place(`${unetWeights}.index.json`, "{")
    },
    [error("base-model", `base/${unetWeights}.index.json`)],
  ],
  [
    "an index without weights",
    () => {
      place(unetWeights, undefined)
      place(`${unetWeights}.index.json`, '{"weight_map": {}}')
    },
    [error("base-model", `base/${unetWeights}.index.json`)],
  ],
  [
    "an index that leads out of the folder",
    () => shard((map) => Object.assign(map, { "conv_in.bias": "../vae/diffusion_pytorch_model.safetensors" })),
    [error("base-model", `base/${unetWeights}.index.json`)],
  ],
  [
    "an index that names a shard that is not there",
    () => shard((map) => Object.assign(map, { "conv_in.bias": "model-3-of-2.safetensors" })),
    [error("base-model", "base/unet/model-3-of-2.safetensors")],
  ],
  [
    "a shard without a weight that the index looks for in it",
    () => shard((map) => Object.assign(map, { "of.another.version": "model-2-of-2.safetensors" })),
    [error("base-model", "base/unet/model-2-of-2.safetensors")],
  ],
]

describe("a base model whose parts do not fit is told when the pipeline is planned", () => {
  it.each(cases)("%s", async (_, spoil, is) => {
    spoil()
    const { told, wording } = await toldIn()
    expect(told).toEqual(is)
    expect(wording).toMatchSnapshot()
  })

  it("and a run is refused in the same words, and makes nothing", async () => {
    place("tokenizer/merges.txt", "")
    const neverRun = { ...studio, cacheFolder: join(studio.root, "never-run") }
    expect(await refusal(neverRun, {})).toEqual(await toldIn())
    expect(readdirSync(join(neverRun.cacheFolder, "blobs"))).toEqual(["temporary"])
  })
})

describe("a base model that is only written otherwise is taken", () => {
  const sound: readonly (readonly [title: string, change: () => void])[] = [
    ["in shards", () => shard(() => {})],
    ["in shards of a variant, as diffusers names them", () => shard(() => {}, ".safetensors.index.fp16.json")],
    [
      "with a byte order mark",
      () => place("unet/config.json", `\ufeff${readFileSync(inBase("unet/config.json"), "utf8")}`),
    ],
    [
      "with Windows line ends in merges.txt",
      () =>
        place("tokenizer/merges.txt", readFileSync(inBase("tokenizer/merges.txt"), "utf8").replaceAll("\n", "\r\n")),
    ],
    ["with a tokenizer that knows no length", () => dropJson("tokenizer/tokenizer_config.json", "model_max_length")],
    [
      "with a tokenizer of endless length",
      () => setJson("tokenizer/tokenizer_config.json", { model_max_length: 1e30 }),
    ],
    [
      "with tokenizer.json alone, as transformers 5 writes it",
      () => {
        const vocab = JSON.parse(readFileSync(inBase("tokenizer/vocab.json"), "utf8"))
        const merges = readFileSync(inBase("tokenizer/merges.txt"), "utf8").trimEnd().split("\n").slice(1)
        place("tokenizer/vocab.json", undefined)
        place("tokenizer/merges.txt", undefined)
        place("tokenizer/tokenizer.json", JSON.stringify({ added_tokens: [], model: { vocab, merges } }))
      },
    ],
  ]

  it.each(sound)("%s", async (_, change) => {
    change()
    expect((await toldIn()).told).toEqual([])
  })
})
