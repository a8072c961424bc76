"""Writes a diffusers folder with the real architecture of a published model and seeded random weights.

Usage: python make_real_size_model.py FAMILY OUT [--dtype fp32|fp16] [--seed N] [--parts unet,vae,text_encoder]

FAMILY is sd15, sd21 or sdxl. Weights are drawn as make_random_model.py draws them, so that activations keep about unit
size through all layers; the tokenizer is its small one under a token table of the real length. OUT should lie outside the
repository: SD1.5 takes 4.3 GB in fp32 and half of it in fp16, SDXL 13.9 and 7.0.
"""
import argparse
import pathlib
import time

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from make_random_model import END, draw_weights, save_model, save_weights, scale_vae, write_json, write_tokenizer

CROSS_DOWN, CROSS_UP, DOWN, UP = "CrossAttnDownBlock2D", "CrossAttnUpBlock2D", "DownBlock2D", "UpBlock2D"
SD1_BLOCKS = {"block_out_channels": [320, 640, 1280, 1280], "down_block_types": [CROSS_DOWN] * 3 + [DOWN],
              "up_block_types": [UP] + [CROSS_UP] * 3, "sample_size": 64}
CLIP_L = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072,
          "hidden_act": "quick_gelu", "projection_dim": 768}
OPEN_CLIP_H = {"hidden_size": 1024, "num_hidden_layers": 23, "num_attention_heads": 16, "intermediate_size": 4096,
               "hidden_act": "gelu", "projection_dim": 1024}
OPEN_CLIP_G = {"hidden_size": 1280, "num_hidden_layers": 32, "num_attention_heads": 20, "intermediate_size": 5120,
               "hidden_act": "gelu", "projection_dim": 1280}
FAMILIES = {
    "sd15": {"unet": {**SD1_BLOCKS, "attention_head_dim": 8, "cross_attention_dim": 768}, "text": [CLIP_L]},
    "sd21": {"unet": {**SD1_BLOCKS, "attention_head_dim": [5, 10, 20, 20], "cross_attention_dim": 1024, "use_linear_projection": True},
             "text": [OPEN_CLIP_H], "pad_token": "!", "scheduler": {"prediction_type": "v_prediction"}},
    "sdxl": {"unet": {"block_out_channels": [320, 640, 1280], "down_block_types": [DOWN, CROSS_DOWN, CROSS_DOWN],
                      "up_block_types": [CROSS_UP, CROSS_UP, UP], "sample_size": 128, "attention_head_dim": [5, 10, 20],
                      "transformer_layers_per_block": [1, 2, 10], "cross_attention_dim": 2048, "use_linear_projection": True,
                      "addition_embed_type": "text_time", "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816},
             "text": [CLIP_L, OPEN_CLIP_G]},
}
VAE = {"block_out_channels": [128, 256, 512, 512], "layers_per_block": 2, "norm_num_groups": 32, "sample_size": 512,
       "down_block_types": ["DownEncoderBlock2D"] * 4, "up_block_types": ["UpDecoderBlock2D"] * 4}
TOKENS = 49408


def without_first_values(make, *args, **settings):
    """A module whose parameters are left as memory: all of them are drawn afterwards."""
    kept = [(kind, kind.reset_parameters) for kind in (torch.nn.Linear, torch.nn.Conv2d)]
    for kind, _ in kept:
        kind.reset_parameters = lambda self: None
    try:
        return make(*args, **settings)
    finally:
        for kind, reset in kept:
            kind.reset_parameters = reset


def write_unet(out, family, dtype):
    unet = without_first_values(UNet2DConditionModel, in_channels=4, out_channels=4, layers_per_block=2, **family["unet"])
    draw_weights(unet)
    save_model(unet, out / "unet", dtype)


def write_vae(out, family, dtype):
    vae = without_first_values(AutoencoderKL, in_channels=3, out_channels=3, latent_channels=4, **VAE)
    draw_weights(vae)
    scale_vae(vae)
    save_model(vae, out / "vae", dtype)


def write_text_encoders(out, family, dtype):
    for index, config in enumerate(family["text"]):
        end = f"_{index + 1}" if index else ""
        ids = write_tokenizer(out / f"tokenizer{end}", family.get("pad_token", "!" if index else END))
        config = {**config, **ids, "vocab_size": TOKENS, "max_position_embeddings": 77}
        model = CLIPTextModel(CLIPTextConfig(**config))
        draw_weights(model)
        folder, is_second = out / f"text_encoder{end}", index > 0
        kind = "CLIPTextModelWithProjection" if is_second else "CLIPTextModel"
        write_json(folder / "config.json", {"architectures": [kind], "model_type": "clip_text_model", **config})
        if is_second:
            model.text_projection = torch.nn.Linear(config["hidden_size"], config["projection_dim"], bias=False)
            draw_weights(model.text_projection)
        save_weights(model, folder, "model", dtype,
                     lambda key: key if key.startswith(("text_projection", "text_model.")) else f"text_model.{key}")


WRITERS = {"unet": write_unet, "vae": write_vae, "text_encoder": write_text_encoders}


def write_index(out, family):
    is_xl = len(family["text"]) > 1
    ends = ["", "_2"][:len(family["text"])]
    write_json(out / "scheduler/scheduler_config.json", {
        "_class_name": "DDIMScheduler", "beta_start": .00085, "beta_end": .012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000,
        "clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1, "prediction_type": "epsilon", **family.get("scheduler", {})})
    write_json(out / "model_index.json", {
        "_class_name": "StableDiffusionXLPipeline" if is_xl else "StableDiffusionPipeline",
        **{f"tokenizer{end}": ["transformers", "CLIPTokenizer"] for end in ends},
        **{f"text_encoder{end}": ["transformers", "CLIPTextModelWithProjection" if end else "CLIPTextModel"] for end in ends},
        "scheduler": ["diffusers", "DDIMScheduler"], "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"],
        **({"force_zeros_for_empty_prompt": True} if is_xl else
           {"safety_checker": [None, None], "feature_extractor": [None, None], "requires_safety_checker": False})})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", choices=FAMILIES)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--dtype", choices=("fp32", "fp16"), default="fp32")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--parts", default="unet,vae,text_encoder", help="comma-separated; what to write besides index and scheduler")
    options = parser.parse_args()
    family, dtype = FAMILIES[options.family], {"fp32": torch.float32, "fp16": torch.float16}[options.dtype]
    torch.set_num_threads(2)
    write_index(options.out, family)
    for place, part in enumerate(options.parts.split(",")):
        torch.manual_seed(options.seed + place)
        started = time.time()
        WRITERS[part](options.out, family, dtype)
        print(f"{part}: {time.time() - started:.0f} s", flush=True)
    size = sum(file.stat().st_size for file in options.out.rglob("*") if file.is_file())
    print(f"{options.out}: {options.family} in {options.dtype}, {size / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
