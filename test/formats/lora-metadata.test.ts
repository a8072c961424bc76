import { expect, test } from "vitest"
import { type LoraDescription, loraMetadata, tagFrequency } from "../../src/formats/lora-metadata.ts"
import { textEncoding } from "../../src/settings/text-encoding.ts"
import { TrainSettings } from "../../src/settings/train-settings.ts"

const run: LoraDescription = {
  name: "my-dog",
  encoding: { family: "sd1", clipSkip: 1 },
  predictionType: "epsilon",
  baseModel: { name: "stable-diffusion-v1-5", sha256: "ab".repeat(32) },
  settings: TrainSettings.make({ networkScale: 0.5, gradientAccumulationSteps: 4, noiseOffset: 0.05, seed: 7 }),
  step: 250,
  width: 512,
  height: 768,
  timesteps: { lowest: 0, highest: 999 },
  captions: ["sks dog, on a beach", "sks dog, asleep", "a Cat,, on a beach "],
  trigger: "sks dog",
  repeat: { settings: { steps: 1000, seed: 7 }, captions: { "a.jpg": "sks dog" } },
}

test("the keys that A1111, Civitai and kohya's tools look at say what was trained", () => {
  expect(loraMetadata(run)).toMatchObject({
    ss_output_name: "my-dog",
    ss_base_model_version: "sd_v1",
    ss_v2: "False",
    ss_network_module: "networks.lora",
    ss_network_dim: "16",
    ss_network_alpha: "8",
    ss_steps: "250",
    ss_max_train_steps: "1000",
    ss_num_epochs: "1334",
    ss_unet_lr: "0.0001",
    ss_text_encoder_lr: "None",
    ss_min_snr_gamma: "None",
    ss_clip_skip: "1",
    ss_resolution: "(512, 768)",
    ss_tag_frequency: '{"my-dog":{"sks dog":2,"on a beach":2,"asleep":1,"a cat":1}}',
    "modelspec.architecture": "stable-diffusion-v1/lora",
    "modelspec.implementation": "diffusers",
    "modelspec.prediction_type": "epsilon",
    "modelspec.resolution": "512x768",
    "modelspec.timestep_range": "0,999",
    "modelspec.trigger_phrase": "sks dog",
  })
})

test.each([
  ["sd2", "epsilon", "sd_v2", "stable-diffusion-v2-512/lora"],
  ["sd2", "v_prediction", "sd_v2_v", "stable-diffusion-v2-768-v/lora"],
  ["sdxl", "epsilon", "sdxl_base_v1-0", "stable-diffusion-xl-v1-base/lora"],
] as const)("a LoRA for %s (%s) names its base as kohya does", (family, predictionType, version, architecture) => {
  const metadata = loraMetadata({ ...run, encoding: textEncoding(family), predictionType })
  expect(metadata).toMatchObject({ ss_base_model_version: version, "modelspec.architecture": architecture })
})

test("everything that repeats the run lies under one key, the same text whatever the order of its members", () => {
  const { loom } = loraMetadata(run)
  expect(JSON.parse(loom ?? "")).toEqual(run.repeat)
  const turned = { captions: { "a.jpg": "sks dog" }, settings: { seed: 7, steps: 1000 } }
  expect(loraMetadata({ ...run, repeat: turned })).toMatchObject({ loom })
})

test("no date is written unless one is passed, and no trigger where there is none", () => {
  const metadata = loraMetadata({ ...run, trigger: null })
  expect(Object.keys(metadata).filter((name) => /date|_at$|trigger/.test(name))).toEqual([])
  const dated = loraMetadata({ ...run, finishedAt: "2026-11-25T10:00:00Z" })
  expect(dated["modelspec.date"]).toBe("2026-11-25T10:00:00Z")
})

test("every value is a text", () => {
  expect(Object.values(loraMetadata(run)).every((value) => typeof value === "string")).toBe(true)
})

test("tags are counted without regard to case or white space", () => {
  expect(tagFrequency(["a, B", " b ,A,", ""])).toEqual({ a: 2, b: 2 })
})
