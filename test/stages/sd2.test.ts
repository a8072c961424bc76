/** The whole line on a base of SD2's shape: names in its LoRA file, v-prediction, and its text encoder. */
import { readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeTinySd2 } from "../engine/tiny-base.ts"
import { decodeLoraFile } from "../rig/lora-bytes.ts"
import { closeStudio, finished, makeStudio, runStudio, type Studio } from "./studio.ts"

let studio: Studio
beforeAll(async () => {
  studio = await makeStudio(makeTinySd2)
})
afterAll(() => closeStudio(studio))

const loraOf = async (predictionType: "epsilon" | null) => {
  const training = { textModel: { learningRate: 1e-3 }, predictionType }
  const outcome = await runStudio(studio, { clipSkip: null, training })
  return { outcome, bytes: readFileSync(finished(outcome, "lora.safetensors")) }
}

describe("on SD2", { timeout: 120_000 }, () => {
  it("a LoRA has diffusers' block names, one text encoder, linear layers, and says what it fits", async () => {
    const { outcome, bytes } = await loraOf(null)
    const { modules, metadata } = decodeLoraFile(bytes)
    expect(modules.filter(({ key }) => key.startsWith("lora_te_"))).toHaveLength(12)
    const input = modules.find(({ key }) => key === "lora_unet_down_blocks_0_attentions_0_proj_in")
    expect(input?.downShape).toEqual([2, 8])
    expect(metadata).toMatchObject({
      ss_v2: "True",
      ss_base_model_version: "sd_v2_v",
      ss_clip_skip: "1",
      "modelspec.architecture": "stable-diffusion-v2-768-v/lora",
      "modelspec.prediction_type": "v",
    })
    expect(readFileSync(finished(outcome, "lora-how-to-use.md"), "utf8")).toContain("(Stable Diffusion 2.x)")
  })

  it("what the UNet predicts is its scheduler's word, unless the training says otherwise", async () => {
    const own = await loraOf(null)
    const told = await loraOf("epsilon")
    expect(told.bytes.equals(own.bytes)).toBe(false)
    expect(decodeLoraFile(told.bytes).metadata).toMatchObject({ ss_base_model_version: "sd_v2" })
  })
})
