/** What differs between families stands in their records alone. */
import { readdirSync, readFileSync } from "node:fs"
import { join, resolve, sep } from "node:path"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { clipTextAdapterTargets, unetAdapterTargets } from "../../src/models/adapter-targets.ts"
import { decodeClipTextConfig } from "../../src/models/clip-text-config.ts"
import { conditionShape, decodeUnetConfig } from "../../src/models/unet-config.ts"
import { type FamilyName, familyNames, familyOf, familyRecord } from "../../src/settings/family.ts"
import { published } from "../models/rig/published.ts"

const source = resolve(import.meta.dirname, "../../src")
const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.replaceAll(sep, "/"))

/** Text encoders in the order of the record; SDXL's first is SD1's. */
const models = {
  sd1: { unet: published.sd15.unet, texts: [published.sd15.text] },
  sd2: { unet: published.sd21.unet, texts: [published.sd21.text] },
  sdxl: { unet: published.sdxl.unet, texts: [published.sd15.text, published.sdxl.text] },
} satisfies Readonly<Record<FamilyName, unknown>>

describe("a family's name", () => {
  it("stands in the table of families and in no other file", () => {
    const capital = familyNames.map((name) => `${name[0]!.toUpperCase()}${name.slice(1)}`)
    const literal = new RegExp(`["'\`](${familyNames.join("|")})["'\`]|\\bis(${capital.join("|")})\\b`)
    const speakers = files.filter((file) => literal.test(readFileSync(join(source, file), "utf8")))
    expect(speakers).toEqual(["settings/family.ts"])
  })
})

describe.each(familyNames)("the record of %s", (name) => {
  const record = familyRecord(name)
  const unet = Effect.runSync(decodeUnetConfig(models[name].unet))
  const texts = models[name].texts.map((json) => Effect.runSync(decodeClipTextConfig(json)))

  it("recognises the published model's UNet", () => {
    expect(familyOf(unet)).toBe(name)
  })

  it("counts the modules that take an adapter in it", () => {
    expect(unetAdapterTargets(unet)).toHaveLength(record.unetAdapters)
    const counted = record.textEncoders.map(({ isPooled }, place) => {
      const layers = texts[place]!.num_hidden_layers
      return clipTextAdapterTargets(texts[place]!, isPooled ? layers : layers + 1 - record.ownClipSkip).length
    })
    expect(counted).toEqual(record.textEncoders.map(({ adapters }) => adapters))
  })

  it("has the widths of its text encoders, and the UNet takes them", () => {
    expect(texts.map(({ hidden_size }) => hidden_size)).toEqual(record.textEncoders.map(({ width }) => width))
    const pooling = record.textEncoders.findIndex(({ isPooled }) => isPooled)
    expect(conditionShape(unet, 77)).toEqual({
      states: [77, record.textEncoders.reduce((sum, { width }) => sum + width, 0)],
      pooled: pooling === -1 ? null : [texts[pooling]!.projection_dim],
    })
  })
})
