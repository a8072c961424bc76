/** Stable Diffusion 1.x: one text encoder, CLIP ViT-L/14. */
import type { Family } from "./family.ts"

export const sd1: Family = {
  title: "Stable Diffusion 1.x",
  shortTitle: "SD1",
  recognisedBy: { addition_embed_type: null, use_linear_projection: false },
  textEncoders: [
    {
      folder: "text_encoder",
      tokenizerFolder: "tokenizer",
      nth: "",
      ending: "",
      width: 768,
      hasFinalNorm: true,
      isPooled: false,
      loraPrefix: "lora_te",
      embedding: "clip_l",
      adapters: 72,
    },
  ],
  ownClipSkip: 1,
  emptyNegativePrompt: "states",
  timeIds: [],
  unetBlockNames: "diffusers",
  usualSize: { width: 512, height: 512 },
  unetAdapters: 192,
  elsewhere: {
    kohya: {
      baseModelVersion: { epsilon: "sd_v1", v_prediction: "sd_v1" },
      isV2: false,
      script: "train_network.py",
      embeddingScript: "train_textual_inversion.py",
      flags: [],
      takesClipSkip: true,
    },
    modelspec: {
      architecture: { epsilon: "stable-diffusion-v1/lora", v_prediction: "stable-diffusion-v1/lora" },
      implementation: "diffusers",
    },
    diffusers: { pipeline: "StableDiffusionPipeline" },
    comfyui: { layersMore: 0 },
    drawThings: { always: [], withTextEncoder: [], withClipSkip: [] },
  },
}
