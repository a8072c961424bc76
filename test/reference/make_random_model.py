"""Makes tiny random Stable Diffusion folders of many shapes, to check a trainer on models it has not met.

Usage: python make_random_model.py OUT [--shape a|b|c|d|e|sd2|sdxl] [--seed N] [--dtype fp32|fp16]

Each shape is there for traps of its own; SHAPES says which. Weights are drawn so that activations keep about unit size
through every layer, norms and biases are not the identity, and the VAE's scaling factor is measured as a real one's.
From Python: make_random_model(out, shape, seed, dtype).
"""
import argparse
import json
import math
import pathlib

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

from make_base import byte_symbols, learn_merges

CROSS, PLAIN = ("CrossAttnDownBlock2D", "CrossAttnUpBlock2D"), ("DownBlock2D", "UpBlock2D")


def unet(channels, attention, heads, groups, layers=1, cross=32, **other):
    kinds = [CROSS if has else PLAIN for has in attention]
    return {"sample_size": 8, "block_out_channels": channels, "layers_per_block": layers, "norm_num_groups": groups,
            "down_block_types": [k[0] for k in kinds], "up_block_types": [k[1] for k in kinds[::-1]],
            "attention_head_dim": heads, "cross_attention_dim": cross, **other}


def text(width, layers, heads, act="quick_gelu", **other):
    return {"hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads, "intermediate_size": 3 * width,
            "hidden_act": act, "projection_dim": width, "max_position_embeddings": 77, **other}


def vae(channels, groups, layers=1, **other):
    return {"block_out_channels": channels, "norm_num_groups": groups, "layers_per_block": layers, "sample_size": 32,
            "down_block_types": ["DownEncoderBlock2D"] * len(channels), "up_block_types": ["UpDecoderBlock2D"] * len(channels), **other}


SHAPES = {
    # The plainest: two levels, both with attention, VAE factor 2.
    "a": {"unet": unet([24, 32], [1, 1], 4, 8), "text": [text(32, 3, 4)], "vae": vae([8, 16], 4)},
    # First level without attention, another head count on each level, two layers a block, v-prediction, gelu, factor 4.
    "b": {"unet": unet([8, 16, 24], [0, 1, 1], [1, 4, 3], 8, layers=2, cross=24), "text": [text(24, 4, 3, "gelu")],
          "vae": vae([8, 8, 16], 4), "scheduler": {"prediction_type": "v_prediction"}},
    # Four levels as SD1, last one without attention, factor 8; text keys without `text_model.`, eos_token_id 2, a mid VAE of two layers.
    "c": {"unet": unet([8, 16, 24, 24], [1, 1, 1, 0], 2, 4), "text": [text(32, 5, 2, eos_token_id=2)],
          "vae": vae([8, 8, 16, 16], 8, layers=2), "bare_text": True},
    # Stored in 16 bits; widths that are no powers of two, a token table longer than the vocabulary, another padding
    # token, sine before cosine, other epsilons and a plain linear schedule.
    "d": {"unet": unet([20, 40], [1, 1], [2, 5], 5, layers=2, cross=40, flip_sin_to_cos=False, freq_shift=1, norm_eps=1e-6),
          "text": [text(40, 2, 5, layer_norm_eps=1e-6)], "vae": vae([8, 12, 16], 4), "dtype": "fp16", "spare_rows": 37, "pad_token": "!",
          "scheduler": {"beta_schedule": "linear", "beta_start": .0001, "beta_end": .02}},
    # A level without attention between two that have it, two transformer blocks each, one norm group, zero-terminal SNR.
    "e": {"unet": unet([16, 24, 32], [1, 0, 1], [1, 2, 4], 1, cross=16, transformer_layers_per_block=2), "text": [text(16, 2, 2)],
          "vae": vae([4, 8], 2), "scheduler": {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True}},
    "sd2": {"unet": unet([16, 32], [1, 1], [2, 4], 8, cross=36, use_linear_projection=True), "text": [text(36, 3, 3, "gelu")],
            "vae": vae([8, 16, 16], 4), "pad_token": "!", "scheduler": {"prediction_type": "v_prediction"}},
    "sdxl": {"unet": unet([8, 16, 24], [0, 1, 1], [1, 2, 3], 8, layers=2, cross=24 + 32, use_linear_projection=True,
                          transformer_layers_per_block=[1, 1, 2], addition_embed_type="text_time", addition_time_embed_dim=8,
                          projection_class_embeddings_input_dim=20 + 6 * 8),
             "text": [text(24, 3, 2), text(32, 4, 4, "gelu", projection_dim=20)], "vae": vae([4, 8], 4)},
}
WORDS = "a an of the on emoji picture photo style red green blue cat dog house star moon fish bird tree car boat paper stone".split()
START, END = "<|startoftext|>", "<|endoftext|>"


def write_json(file, value):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value, indent=2) + "\n")


def write_tokenizer(folder, pad_token):
    """A small CLIP vocabulary: vocab.json and merges.txt, from which everything else is derived. Its size and special ids."""
    merges = learn_merges({word: 9 for word in WORDS}, 40)
    symbols = byte_symbols()
    tokens = symbols + [s + "</w>" for s in symbols] + [x + y for x, y in merges] + [START, END]
    ids = {token: i for i, token in enumerate(tokens)}
    special = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": pad_token}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(ids, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{x} {y}\n" for x, y in merges))
    write_json(folder / "special_tokens_map.json", special)
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "do_lower_case": True, **special})
    return {"vocab_size": len(tokens), "bos_token_id": ids[START], "eos_token_id": ids[END], "pad_token_id": ids[pad_token]}


@torch.no_grad()
def draw_weights(model, gain=1.0):
    """Unit gain for every linear and convolution, norms near but not at the identity, small biases."""
    for module in model.modules():
        if isinstance(module, (torch.nn.Linear, torch.nn.Conv2d)):
            module.weight.normal_(0, gain / math.sqrt(module.weight[0].numel()))
        elif isinstance(module, (torch.nn.GroupNorm, torch.nn.LayerNorm)):
            module.weight.normal_(1, .2)
        elif isinstance(module, torch.nn.Embedding):
            module.weight.normal_(0, .7)
        else:
            continue
        if getattr(module, "bias", None) is not None:
            module.bias.normal_(0, .1)


@torch.no_grad()
def scale_vae(model):
    """A posterior with a small spread, and the factor that brings its latents to unit size."""
    half = model.quant_conv.weight.shape[0] // 2
    model.quant_conv.weight[half:] *= .3
    model.quant_conv.bias[half:] = -4
    pictures = torch.nn.functional.interpolate(torch.rand(8, 3, 4, 4) * 2 - 1, size=(32, 32), mode="bicubic").clamp(-1, 1)
    model.register_to_config(scaling_factor=round(1 / model.encode(pictures).latent_dist.sample().std().item(), 4))


def save_weights(model, folder, name, dtype, rename=str):
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {rename(k): v.to(dtype).contiguous() for k, v in model.state_dict().items()}
    save_file(tensors, folder / f"{name}.safetensors", {"format": "pt"})


def save_model(model, folder, dtype):
    model.save_config(folder)
    save_weights(model, folder, "diffusion_pytorch_model", dtype)


def write_text_encoder(folder, config, ids, spare_rows, bare, dtype):
    is_projected = config["projection_dim"] != config["hidden_size"]
    model = CLIPTextModel(CLIPTextConfig(**{**ids, "vocab_size": ids["vocab_size"] + spare_rows, **config}))
    draw_weights(model)
    architecture = "CLIPTextModelWithProjection" if is_projected else "CLIPTextModel"
    write_json(folder / "config.json", {"architectures": [architecture], "model_type": "clip_text_model", **ids,
                                        "vocab_size": ids["vocab_size"] + spare_rows, **config})
    if is_projected:
        model.text_projection = torch.nn.Linear(config["hidden_size"], config["projection_dim"], bias=False)
        draw_weights(model.text_projection)
    prefix = "" if bare else "text_model."
    save_weights(model, folder, "model", dtype, lambda key: key if key.startswith("text_projection") else prefix + key)
    return architecture


def make_random_model(out, shape="a", seed=0, dtype=None):
    """A diffusers folder at `out`; returns its path."""
    out, plan = pathlib.Path(out), SHAPES[shape]
    kind = {"fp32": torch.float32, "fp16": torch.float16}[dtype or plan.get("dtype", "fp32")]
    torch.manual_seed(seed)
    index = {}
    for i, config in enumerate(plan["text"]):
        end = f"_{i + 1}" if i else ""
        ids = write_tokenizer(out / f"tokenizer{end}", plan.get("pad_token", "!" if i else END))
        index[f"tokenizer{end}"] = ["transformers", "CLIPTokenizer"]
        index[f"text_encoder{end}"] = ["transformers", write_text_encoder(
            out / f"text_encoder{end}", config, ids, plan.get("spare_rows", 0), plan.get("bare_text", False), kind)]
    network = UNet2DConditionModel(in_channels=4, out_channels=4, **plan["unet"])
    draw_weights(network)
    save_model(network, out / "unet", kind)
    autoencoder = AutoencoderKL(in_channels=3, out_channels=3, latent_channels=4, **plan["vae"])
    draw_weights(autoencoder)
    scale_vae(autoencoder)
    save_model(autoencoder, out / "vae", kind)
    write_json(out / "scheduler/scheduler_config.json", {
        "_class_name": "DDIMScheduler", "beta_start": .00085, "beta_end": .012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000,
        "clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1, "prediction_type": "epsilon", **plan.get("scheduler", {})})
    write_json(out / "model_index.json", {
        "_class_name": "StableDiffusionXLPipeline" if len(plan["text"]) > 1 else "StableDiffusionPipeline", **index,
        "scheduler": ["diffusers", "DDIMScheduler"], "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"],
        **({"force_zeros_for_empty_prompt": True} if len(plan["text"]) > 1 else
           {"safety_checker": [None, None], "feature_extractor": [None, None], "requires_safety_checker": False})})
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--shape", choices=SHAPES, default="a")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dtype", choices=("fp32", "fp16"), help="default: the shape's own")
    options = parser.parse_args()
    torch.set_num_threads(1)
    make_random_model(options.out, options.shape, options.seed, options.dtype)
    size = sum(f.stat().st_size for f in options.out.rglob("*") if f.is_file())
    print(f"{options.out}: shape {options.shape}, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
