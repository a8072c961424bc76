/** A family that nobody ever made, in the place of one there is: every room speaks by its record, and needs nothing else. */
import { expect, it, vi } from "vitest"
import { comfyPrompt } from "../../src/formats/comfyui-workflow.ts"
import { decodeEmbeddingFile, encodeA1111Embedding } from "../../src/formats/embedding-file.ts"
import { type LoraDescription, loraMetadata } from "../../src/formats/lora-metadata.ts"
import type { PictureRecipe } from "../../src/formats/picture-recipe.ts"
import { textLoraKey } from "../../src/models/lora-keys.ts"
import { families } from "../../src/settings/family.ts"
import { textEncoding } from "../../src/settings/text-encoding.ts"
import { TrainSettings } from "../../src/settings/train-settings.ts"
import { componentsOf } from "../../src/stages/base/base-folder.ts"
import { type HowToUse, howToUse } from "../../src/stages/sheets/how-to-use.ts"
import { TrainParams } from "../../src/stages/training/train-params.ts"
import { equivalentSettings } from "../../src/tools/equivalent-settings.ts"
import type { TrainingAtHand } from "../../src/tools/wiring.ts"

vi.mock("../../src/settings/family-sd2.ts", async (original) => {
  const { sd2 } = await original<typeof import("../../src/settings/family-sd2.ts")>()
  const [first] = sd2.textEncoders
  const words = (text: string) => ({ epsilon: text, v_prediction: `${text} v` })
  const pooled = { ...first, folder: "text_encoder_2", tokenizerFolder: "tokenizer_2", nth: "second ", isPooled: true }
  return {
    sd2: {
      ...sd2,
      title: "Unstable Diffusion",
      shortTitle: "UD",
      textEncoders: [first, { ...pooled, loraPrefix: "lora_te2", embedding: "clip_g" }],
      ownClipSkip: 4,
      emptyNegativePrompt: "zeros",
      elsewhere: {
        kohya: {
          baseModelVersion: words("ud_v1"),
          isV2: false,
          script: "ud_train.py",
          embeddingScript: "ud_embed.py",
          flags: ["--unstable"],
          takesClipSkip: false,
        },
        modelspec: { architecture: words("unstable/lora"), implementation: "elsewhere" },
        diffusers: { pipeline: "UnstablePipeline" },
        comfyui: { layersMore: 7 },
        drawThings: { always: ["nothing is stable"], withTextEncoder: [], withClipSkip: ["shakes"] },
      },
    },
  }
})

const encoding = textEncoding("sd2")

it("has its own CLIP skip, folders and names in LoRA files", () => {
  expect(encoding).toEqual({ family: "sd2", clipSkip: 4 })
  expect(componentsOf("sd2").map(({ folder }) => folder)).toEqual([
    ...["unet", "vae", "text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2", "scheduler"],
  ])
  expect(families.sd2.textEncoders.map((one) => textLoraKey(one, "a.b"))).toEqual(["lora_te_a_b", "lora_te2_a_b"])
})

it("speaks in its words in a LoRA's metadata, a picture's workflow, the page beside it and in kohya's settings", () => {
  const run = {
    encoding,
    predictionType: "v_prediction",
    captions: [],
    settings: TrainSettings.make({}),
    timesteps: {},
    repeat: null,
  }
  expect(loraMetadata({ ...run, baseModel: { name: "x" } } as unknown as LoraDescription)).toMatchObject({
    ss_base_model_version: "ud_v1 v",
    "modelspec.architecture": "unstable/lora v",
    "modelspec.implementation": "elsewhere",
  })
  const picture = { encoding: { ...encoding, clipSkip: 2 }, negativePrompt: "", model: { name: "x" }, sampler: "DDIM" }
  const prompt = comfyPrompt(picture as unknown as PictureRecipe)
  expect(prompt["11"]?.inputs["stop_at_clip_layer"]).toBe(-9)
  expect(prompt["12"]?.class_type).toBe("ConditioningZeroOut")
  const page = howToUse({ encoding, embedding: null, trigger: null, fileName: "x", others: [] } as unknown as HowToUse)
  expect(page).toContain("(Unstable Diffusion)")
  expect(page).toContain("UnstablePipeline.from_pretrained")
  const told = equivalentSettings({ params: TrainParams.make({}), clipSkip: 2 } as unknown as TrainingAtHand, {
    family: "sd2",
    predictionType: "epsilon",
  })
  expect(told.script).toBe("ud_train.py")
  expect(told.rows).toContainEqual(expect.objectContaining({ loom: "Unstable Diffusion", kohya: ["--unstable"] }))
  expect(told.differences).toEqual(
    expect.arrayContaining([
      expect.stringContaining("kohya's UD script takes no CLIP skip"),
      "in Draw Things nothing is stable",
      "in Draw Things CLIP skip 2 shakes",
    ]),
  )
})

it("has its embedding's tables by its own encoders", () => {
  const rows = { data: new Float32Array(2), shape: [1, 2] }
  expect(decodeEmbeddingFile(encodeA1111Embedding([rows, rows]))).toHaveLength(2)
})
