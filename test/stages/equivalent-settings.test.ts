/** The settings of other trainers that do what a pipeline does: their steps count pictures, their alpha is scale × dim. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { equivalentSettings } from "../../src/tools/equivalent-settings.ts"
import { type TrainingAtHand, trainingsAtHand } from "../../src/tools/wiring.ts"
import { type Choices, line } from "./studio.ts"

const trainingOf = async (choices: Partial<Choices>): Promise<TrainingAtHand> => {
  const [training] = trainingsAtHand(await Effect.runPromise(line(choices).instantiate()))
  return training!
}

const sd1 = { family: "sd1", predictionType: "epsilon" } as const

const usual = {
  networkDim: 8,
  networkScale: 0.5,
  unetLearningRate: 1e-4,
  steps: 500,
  saveEverySteps: 125,
  warmupSteps: 20,
  gradientAccumulationSteps: 4,
  noiseOffset: 0.05,
  minSnrGamma: 5,
  denoising: { start: 0.5, end: 1 },
  seed: 9,
}

describe("equivalent settings", () => {
  it("kohya's scripts count updates, take alpha for scale, and leave out the last timestep", async () => {
    const { rows } = equivalentSettings(
      await trainingOf({ training: usual, clipSkip: 2, size: 512, name: "my dog" }),
      sd1,
    )
    expect(rows.flatMap(({ kohya }) => kohya)).toEqual([
      "--output_name my dog",
      "--resolution 512,512",
      "--clip_skip 2",
      "--optimizer_type AdamW",
      "--network_module networks.lora",
      "--network_dim 8",
      "--network_alpha 4",
      "--unet_lr 1e-4",
      "--network_train_unet_only",
      "--max_train_steps 500",
      "--train_batch_size 1",
      "--gradient_accumulation_steps 4",
      "--lr_warmup_steps 20",
      "--lr_scheduler constant_with_warmup",
      "--save_every_n_steps 125",
      "--seed 9",
      "--noise_offset 0.05",
      "--min_timestep 0",
      "--max_timestep 501",
      "--min_snr_gamma 5",
      "--max_grad_norm 1",
      '--optimizer_args "weight_decay=0.01" "betas=0.9,0.999" "eps=1e-8"',
    ])
  })

  it("Draw Things counts pictures, and has no word for some of them", async () => {
    const { rows } = equivalentSettings(await trainingOf({ training: usual, clipSkip: 2, size: 512 }), sd1)
    const shown = Object.fromEntries(rows.map(({ setting, drawThings }) => [setting, drawThings]))
    expect(shown).toMatchObject({
      "training steps": "2000",
      "warm-up steps": "80",
      "save every": "500",
      "network scale": "0.5",
      "UNet learning rate": "1e-4",
      "CLIP skip": "2",
      "denoising schedule": "50 % … 100 %",
      "min-SNR γ": null,
      "gradient norm limit": null,
    })
  })

  it("the accumulation hint has the numbers of this run", async () => {
    const { hints } = equivalentSettings(await trainingOf({ training: usual }), sd1)
    expect(hints).toEqual([
      "Twice the accumulation wants twice the rate: with gradientAccumulationSteps 8, try unetLearningRate 2e-4; " +
        "250 steps then see the same 2000 pictures",
    ])
  })

  it.each([
    [{ kind: "cosine" }, ["--lr_scheduler cosine"], null],
    [{ kind: "cosine", floor: 1e-5 }, ["--lr_scheduler cosine_with_min_lr", "--lr_scheduler_min_lr_ratio 0.1"], null],
    [
      { kind: "cosine-restarts", stepsBetweenRestarts: 51 },
      ["--lr_scheduler cosine_with_restarts", "--lr_scheduler_num_cycles 10"],
      "steps between restarts 201",
    ],
    [
      { kind: "hold", decayFromStep: 400, floor: 1e-5 },
      [
        "--lr_scheduler warmup_stable_decay",
        "--lr_decay_steps 100",
        `--lr_scheduler_args "decay_type='linear'"`,
        "--lr_scheduler_min_lr_ratio 0.1",
      ],
      null,
    ],
  ] as const)("schedule %j", async (schedule, kohya, drawThings) => {
    const { rows } = equivalentSettings(await trainingOf({ training: { ...usual, schedule } }), sd1)
    expect(rows.find(({ setting }) => setting === "schedule")).toMatchObject({ kohya, drawThings })
  })

  it("text encoder and embedding have their own rates, and the embedding's stop counts pictures in Draw Things", async () => {
    const customEmbedding = { keyword: "sks", length: 4, learningRate: 5e-3, stopAtStep: 100, initWord: null }
    const training = { ...usual, textModel: { learningRate: 4e-5 }, customEmbedding }
    const { rows, hints, differences } = equivalentSettings(await trainingOf({ training }), sd1)
    const shown = Object.fromEntries(rows.map(({ setting, drawThings }) => [setting, drawThings]))
    expect(shown).toMatchObject({ "text encoder learning rate": "4e-5", "stop embedding at": "400" })
    expect(rows.flatMap(({ kohya }) => kohya)).toContain("--text_encoder_lr 4e-5")
    expect(rows.flatMap(({ kohya }) => kohya)).not.toContain("--network_train_unet_only")
    expect(hints[0]).toContain("unetLearningRate 2e-4, textModel.learningRate 8e-5, customEmbedding.learningRate 0.01")
    expect(differences.join()).toContain("train_textual_inversion.py")
  })

  it("SDXL has scripts of its own, which take no CLIP skip", async () => {
    const sdxl = { family: "sdxl", predictionType: "epsilon" } as const
    const own = equivalentSettings(await trainingOf({ clipSkip: null }), sdxl)
    expect(own.script).toBe("sdxl_train_network.py")
    expect(own.rows.find(({ setting }) => setting === "CLIP skip")).toMatchObject({ loom: "2", kohya: [] })
    expect(own.differences.join()).not.toContain("takes no CLIP skip")
    const other = equivalentSettings(await trainingOf({ clipSkip: 1 }), sdxl)
    expect(other.differences.join()).toContain("takes no CLIP skip")
    const embedding = { customEmbedding: { keyword: "sks" } }
    const { differences } = equivalentSettings(await trainingOf({ training: embedding }), sdxl)
    expect(differences.join()).toContain("sdxl_train_textual_inversion.py")
  })

  it("SD2 is named, and predicts v where its scheduler says so", async () => {
    const { rows } = equivalentSettings(await trainingOf({}), { family: "sd2", predictionType: "v_prediction" })
    expect(rows.flatMap(({ kohya }) => kohya)).toEqual(expect.arrayContaining(["--v2", "--v_parameterization"]))
  })
})
