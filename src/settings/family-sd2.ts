/** Stable Diffusion 2.x: one text encoder, OpenCLIP ViT-H/14 without its last layer; linear projections in the UNet. */
import type { Family } from "./family.ts"

export const sd2: Family = {
  title: "Stable Diffusion 2.x",
  shortTitle: "SD2",
  recognisedBy: { addition_embed_type: null, use_linear_projection: true },
  textEncoders: [
    {
      folder: "text_encoder",
      tokenizerFolder: "tokenizer",
      nth: "",
      ending: "",
      width: 1024,
      hasFinalNorm: true,
      isPooled: false,
      loraPrefix: "lora_te",
      embedding: "clip_l",
      adapters: 138,
    },
  ],
  // Of its own 23 layers.
  ownClipSkip: 1,
  emptyNegativePrompt: "states",
  timeIds: [],
  unetBlockNames: "diffusers",
  usualSize: { width: 768, height: 768 },
  unetAdapters: 192,
  elsewhere: {
    kohya: {
      baseModelVersion: { epsilon: "sd_v2", v_prediction: "sd_v2_v" },
      isV2: true,
      script: "train_network.py",
      embeddingScript: "train_textual_inversion.py",
      flags: ["--v2"],
      takesClipSkip: true,
    },
    modelspec: {
      architecture: { epsilon: "stable-diffusion-v2-512/lora", v_prediction: "stable-diffusion-v2-768-v/lora" },
      implementation: "diffusers",
    },
    diffusers: { pipeline: "StableDiffusionPipeline" },
    comfyui: { layersMore: 1 },
    drawThings: { always: [], withTextEncoder: [], withClipSkip: [] },
  },
}
