/** Whoever brings another trainer's configuration is told our word for each of its words. */
import { describe, expect, it } from "vitest"
import { trainRows } from "../../src/settings/train-rows.ts"
import { TrainSettings } from "../../src/settings/train-settings.ts"
import { wordsToOurs } from "../../src/settings/words-to-ours.ts"
import { everyValue } from "./every-value.ts"

describe("another trainer's word", () => {
  it.each([
    ["network_dim", "networkDim"],
    ["network_alpha", "networkScale (network_alpha is scale × dim)"],
    ["lora_alpha", "networkScale (lora_alpha is scale × dim)"],
    ["ss_gradient_accumulation_steps", "gradientAccumulationSteps"],
    ["min_timestep", "denoising: { start, end }"],
    ["max_timestep", "denoising: { start, end }"],
    ["denoisingStart", "denoising: { start, end }"],
    ["text_encoder_lr", "textModel: { learningRate }"],
    ["lr_decay_steps", /^schedule: \{ kind: "hold", decayFromStep \} \(lr_decay_steps is steps − this\)/],
    ["lr_scheduler_num_cycles", /^schedule: \{ kind: "cosine-restarts", stepsBetweenRestarts \}/],
    ["num_vectors_per_token", "customEmbedding: { keyword, length }"],
    ["weight_decay", "weightDecay"],
    ["trainingSteps", "steps"],
    ["learning_rate", "unetLearningRate"],
    ["v_parameterization", 'predictionType: "v_prediction"'],
    ["resolution", "crop's size"],
  ])("%s is ours: %s", (word, ours) => {
    expect(wordsToOurs[word]).toEqual(typeof ours === "string" ? ours : expect.stringMatching(ours))
  })

  it("is known for every metadata key that a LoRA file carries of a parameter", () => {
    const settings = TrainSettings.make({})
    const keys = Object.entries(trainRows).flatMap(([name, { kohya }]) => {
      const value = everyValue[name as keyof typeof everyValue]
      return Object.keys(kohya.metadata?.(value as never, settings) ?? {})
    })
    expect(keys.length).toBeGreaterThan(10)
    for (const key of keys) expect(wordsToOurs).toHaveProperty(key)
  })

  it("leads to a parameter of train, or says whose it is", () => {
    for (const ours of Object.values(wordsToOurs)) {
      const [, name, owner] = /^(\w+)('s \w+)?/.exec(ours)!
      expect(owner ?? name).toSatisfy((word: string) => word in trainRows || word.startsWith("'s "))
    }
  })
})
