/**
 * Stable Diffusion XL: two text encoders, CLIP ViT-L/14 and OpenCLIP ViT-bigG/14, whose states before the last layer stand side by
 * side; a UNet that is told of a pooled text vector and of a picture's sizes, trained with zeros where there is no text.
 */
import type { Family } from "./family.ts"

export const sdxl: Family = {
  title: "Stable Diffusion XL",
  shortTitle: "SDXL",
  recognisedBy: { addition_embed_type: "text_time" },
  textEncoders: [
    {
      folder: "text_encoder",
      tokenizerFolder: "tokenizer",
      nth: "",
      ending: "",
      width: 768,
      hasFinalNorm: false,
      isPooled: false,
      loraPrefix: "lora_te1",
      embedding: "clip_l",
      adapters: 66,
    },
    {
      folder: "text_encoder_2",
      tokenizerFolder: "tokenizer_2",
      nth: "second ",
      ending: "_2",
      width: 1280,
      hasFinalNorm: false,
      isPooled: true,
      loraPrefix: "lora_te2",
      embedding: "clip_g",
      adapters: 192,
    },
  ],
  ownClipSkip: 2,
  emptyNegativePrompt: "zeros",
  timeIds: ["original height", "original width", "crop top", "crop left", "target height", "target width"],
  unetBlockNames: "original",
  usualSize: { width: 1024, height: 1024 },
  unetAdapters: 722,
  elsewhere: {
    kohya: {
      baseModelVersion: { epsilon: "sdxl_base_v1-0", v_prediction: "sdxl_base_v1-0" },
      isV2: false,
      script: "sdxl_train_network.py",
      embeddingScript: "sdxl_train_textual_inversion.py",
      flags: [],
      takesClipSkip: false,
    },
    modelspec: {
      architecture: {
        epsilon: "stable-diffusion-xl-v1-base/lora",
        v_prediction: "stable-diffusion-xl-v1-base/lora",
      },
      implementation: "https://github.com/Stability-AI/generative-models",
    },
    diffusers: { pipeline: "StableDiffusionXLPipeline" },
    comfyui: { layersMore: 0 },
    drawThings: {
      always: ["the cross-attention keys and values of SDXL's UNet are not trained"],
      withTextEncoder: ["the first of SDXL's text encoders is not trained"],
      withClipSkip: ["takes the states of SDXL's second text encoder one layer earlier"],
    },
  },
}
