"""Golden files for src/models: tiny random Stable Diffusion models and what PyTorch, diffusers and transformers say of them.

Every model is seeded, rescaled so that activations stay near one, rounded to the dtype its file is stored in, and then
run in float64; results are stored in float32. Written to test/golden/models:
  NAME/{unet,vae,text_encoder}/   config.json and weights, as in a diffusers folder
  NAME/golden.safetensors         inputs and results (keys below, in `goldens_of`)
  published.json                  the configs of SD 1.5, SD 2.1 and SDXL base, with the adapter modules kohya's rule finds in them
                                  and a digest of their weight names and shapes (models built without weights)

Run: python test/reference/make_model_goldens.py   (torch 2.13, diffusers 0.42, transformers 5.24)
"""

import hashlib
import json
import re
import shutil
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.utils import logging as diffusers_logging
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

OUT = Path(__file__).resolve().parents[1] / "golden" / "models"
DIM, SCALE = 3, 0.7
# diffusers up to 0.12 named the VAE's attention so, and such files are still about.
OLD_VAE_NAMES = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
CROSS_DOWN, DOWN, CROSS_UP, UP = "CrossAttnDownBlock2D", "DownBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"

MODELS = {
    # factor-2 VAE with old attention names, prefixed text encoder, odd latent size in `unet.odd`
    "sd1-two-levels": dict(
        seed=1, dtype=torch.float16, old_vae_names=True, text_prefix="text_model.", latents=(6, 4), odd=(7, 5),
        unet=dict(block_out_channels=[16, 24], down_block_types=[CROSS_DOWN, DOWN], up_block_types=[UP, CROSS_UP],
                  layers_per_block=1, attention_head_dim=2, norm_num_groups=8, cross_attention_dim=24),
        vae=dict(block_out_channels=[8, 16], layers_per_block=1, norm_num_groups=4, scaling_factor=0.31),
        text=dict(hidden_size=24, intermediate_size=40, num_hidden_layers=3, num_attention_heads=3, hidden_act="quick_gelu"),
    ),
    # factor-4 VAE, bfloat16 file, text encoder without prefix, heads that leave the attention narrower than its input (16 // 5 * 5 = 15)
    "sd1-three-levels": dict(
        seed=2, dtype=torch.bfloat16, faint=True, text_prefix="", latents=(4, 8),
        unet=dict(block_out_channels=[8, 16, 24], down_block_types=[DOWN, CROSS_DOWN, CROSS_DOWN],
                  up_block_types=[CROSS_UP, CROSS_UP, UP], layers_per_block=2, attention_head_dim=5, norm_num_groups=4,
                  norm_eps=1e-6, cross_attention_dim=20),
        vae=dict(block_out_channels=[8, 8, 12], layers_per_block=2, norm_num_groups=4, scaling_factor=0.18),
        text=dict(hidden_size=20, intermediate_size=36, num_hidden_layers=5, num_attention_heads=2, hidden_act="gelu",
                  layer_norm_eps=1e-6),
    ),
    "sd2-heads-per-level": dict(
        seed=3, dtype=torch.float32, text_prefix="text_model.", latents=(4, 4),
        unet=dict(block_out_channels=[8, 16], down_block_types=[CROSS_DOWN, DOWN], up_block_types=[UP, CROSS_UP],
                  layers_per_block=1, attention_head_dim=[2, 4], norm_num_groups=4, cross_attention_dim=12,
                  use_linear_projection=True, upcast_attention=True),
        vae=dict(block_out_channels=[8, 8], layers_per_block=1, norm_num_groups=4),
        text=dict(hidden_size=12, intermediate_size=20, num_hidden_layers=3, num_attention_heads=2, hidden_act="gelu"),
    ),
    "sdxl-text-time": dict(
        seed=4, dtype=torch.float16, text_prefix="text_model.", projection=True, latents=(4, 4),
        unet=dict(block_out_channels=[8, 16], down_block_types=[DOWN, CROSS_DOWN], up_block_types=[CROSS_UP, UP],
                  layers_per_block=1, attention_head_dim=[1, 2], norm_num_groups=4, cross_attention_dim=16,
                  use_linear_projection=True, transformer_layers_per_block=[1, 2], addition_embed_type="text_time",
                  addition_time_embed_dim=6, projection_class_embeddings_input_dim=10 + 6 * 6),
        vae=dict(block_out_channels=[8, 8], layers_per_block=1, norm_num_groups=4, scaling_factor=0.13025),
        text=dict(hidden_size=16, intermediate_size=24, num_hidden_layers=4, num_attention_heads=4, hidden_act="gelu",
                  projection_dim=10),
    ),
    # every rarer switch at once: lists of layers and of depths, no middle block, asymmetric downsampling, free time width,
    # wide first and last kernels; a VAE without quantisation convs and without middle attention, whose log-variance is clamped
    "rare-switches": dict(
        seed=5, dtype=torch.float16, text_prefix="", latents=(4, 4),
        unet=dict(block_out_channels=[8, 12], down_block_types=[CROSS_DOWN, CROSS_DOWN], up_block_types=[CROSS_UP, CROSS_UP],
                  layers_per_block=[1, 2], attention_head_dim=2, norm_num_groups=4, cross_attention_dim=8,
                  transformer_layers_per_block=[1, [1, 2]], reverse_transformer_layers_per_block=[[2, 1, 1], 1],
                  mid_block_type=None, downsample_padding=0, time_embedding_dim=20, conv_in_kernel=5, conv_out_kernel=1,
                  in_channels=5, out_channels=3),
        vae=dict(block_out_channels=[4, 8, 8], layers_per_block=1, norm_num_groups=2, latent_channels=3, use_quant_conv=False,
                 use_post_quant_conv=False, mid_block_add_attention=False, shift_factor=0.1),
        text=dict(hidden_size=8, intermediate_size=12, num_hidden_layers=3, num_attention_heads=1, hidden_act="quick_gelu",
                  max_position_embeddings=10),
        clamp=True,
    ),
    # SD shape without attention in the middle
    "plain-middle": dict(
        seed=6, dtype=torch.float16, faint=True, text_prefix="", latents=(4, 4),
        unet=dict(block_out_channels=[8, 8], down_block_types=[DOWN, CROSS_DOWN], up_block_types=[CROSS_UP, UP],
                  layers_per_block=1, attention_head_dim=2, norm_num_groups=2, cross_attention_dim=8,
                  mid_block_type="UNetMidBlock2D", mid_block_scale_factor=1.5),
        vae=dict(block_out_channels=[4, 8], layers_per_block=1, norm_num_groups=2),
        text=dict(hidden_size=8, intermediate_size=12, num_hidden_layers=3, num_attention_heads=2, hidden_act="quick_gelu"),
    ),
}

SD_BLOCKS = dict(down_block_types=[CROSS_DOWN] * 3 + [DOWN], up_block_types=[UP] + [CROSS_UP] * 3)
PUBLISHED = {
    "sd15": dict(
        SD_BLOCKS, act_fn="silu", attention_head_dim=8, block_out_channels=[320, 640, 1280, 1280], center_input_sample=False,
        cross_attention_dim=768, downsample_padding=1, flip_sin_to_cos=True, freq_shift=0, in_channels=4, layers_per_block=2,
        mid_block_scale_factor=1, norm_eps=1e-5, norm_num_groups=32, out_channels=4, sample_size=64),
    "sd21": dict(
        SD_BLOCKS, act_fn="silu", attention_head_dim=[5, 10, 20, 20], block_out_channels=[320, 640, 1280, 1280],
        center_input_sample=False, cross_attention_dim=1024, downsample_padding=1, dual_cross_attention=False,
        flip_sin_to_cos=True, freq_shift=0, in_channels=4, layers_per_block=2, mid_block_scale_factor=1, norm_eps=1e-5,
        norm_num_groups=32, num_class_embeds=None, only_cross_attention=False, out_channels=4, sample_size=96,
        upcast_attention=True, use_linear_projection=True),
    "sdxl": dict(
        down_block_types=[DOWN, CROSS_DOWN, CROSS_DOWN], up_block_types=[CROSS_UP, CROSS_UP, UP], act_fn="silu",
        addition_embed_type="text_time", addition_embed_type_num_heads=64, addition_time_embed_dim=256,
        attention_head_dim=[5, 10, 20], block_out_channels=[320, 640, 1280], center_input_sample=False, class_embed_type=None,
        class_embeddings_concat=False, conv_in_kernel=3, conv_out_kernel=3, cross_attention_dim=2048, cross_attention_norm=None,
        downsample_padding=1, dual_cross_attention=False, encoder_hid_dim=None, encoder_hid_dim_type=None,
        flip_sin_to_cos=True, freq_shift=0, in_channels=4, layers_per_block=2, mid_block_only_cross_attention=None,
        mid_block_scale_factor=1, mid_block_type="UNetMidBlock2DCrossAttn", norm_eps=1e-5, norm_num_groups=32,
        num_attention_heads=None, num_class_embeds=None, only_cross_attention=False, out_channels=4,
        projection_class_embeddings_input_dim=2816, resnet_out_scale_factor=1.0, resnet_skip_time_act=False,
        resnet_time_scale_shift="default", sample_size=128, time_cond_proj_dim=None, time_embedding_act_fn=None,
        time_embedding_dim=None, time_embedding_type="positional", timestep_post_act=None,
        transformer_layers_per_block=[1, 2, 10], upcast_attention=None, use_linear_projection=True),
}
PUBLISHED_VAE = dict(
    act_fn="silu", block_out_channels=[128, 256, 512, 512], down_block_types=["DownEncoderBlock2D"] * 4, in_channels=3,
    latent_channels=4, layers_per_block=2, norm_num_groups=32, out_channels=3, sample_size=512,
    up_block_types=["UpDecoderBlock2D"] * 4)
PUBLISHED_TEXT = {
    "sd15": dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, hidden_act="quick_gelu",
                 projection_dim=768),
    "sd21": dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=23, num_attention_heads=16, hidden_act="gelu",
                 projection_dim=512),
    "sdxl": dict(hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=20, hidden_act="gelu",
                 projection_dim=1280),
}


# What writes into the residual stream, in UNet, VAE and text encoder.
RESIDUAL = ("conv_in", "conv2", "conv_shortcut", "samplers.0.conv", "proj_out", "to_out.0", "net.2", "_embedding", "out_proj", "fc2")


def rescale(model, generator, faint):
    """Weights of size 1/√fan_in, small biases and norms near one: PyTorch's own initial values fade out over the depth.

    A faint model has a residual stream of about 0.03, so that the epsilon of every norm shows in the results."""
    for name, p in model.named_parameters():
        values = torch.randn(p.shape, generator=generator)
        if "embedding.weight" in name:
            p.data = 0.5 * values
        elif p.ndim >= 2:
            p.data = values / (p[0].numel() ** 0.5)
        elif "norm" in name and name.endswith("weight"):
            p.data = 1 + 0.2 * values
        else:
            p.data = 0.1 * values
        if faint and any(part in name for part in RESIDUAL) and not name.startswith("time_embedding"):
            p.data *= 0.03


def rounded(model, dtype):
    """The state dict as stored; the model itself keeps those very values, in float64."""
    state = {k: v.detach().to(dtype).contiguous() for k, v in model.state_dict().items() if v.is_floating_point()}
    model.to(torch.float64).load_state_dict({k: v.double() for k, v in state.items()}, strict=False)
    model.eval().requires_grad_(False)
    return state


def write_folder(folder, config, state, weights_name):
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file(state, folder / f"{weights_name}.safetensors", metadata={"format": "pt"})


def kohya_targets(unet):
    """kohya's rule (networks/lora.py): every Linear and 1×1 Conv2d below a Transformer2DModel."""
    for name, module in unet.named_modules():
        if module.__class__.__name__ == "Transformer2DModel":
            for child_name, child in module.named_modules():
                is_linear = child.__class__.__name__ == "Linear"
                if is_linear or (child.__class__.__name__ == "Conv2d" and child.kernel_size == (1, 1)):
                    yield f"{name}.{child_name}", child, "linear" if is_linear else "conv1x1"


def kohya_key(path):
    return "lora_unet_" + path.replace(".", "_")


def features(module, kind):
    return (module.in_features, module.out_features) if kind == "linear" else (module.in_channels, module.out_channels)


def add_adapters(unet, generator):
    """y + scale · up(down(x)) on all targets, by forward hooks. `up` is not zero, so that every gradient is alive."""
    adapters = {}
    for path, module, kind in kohya_targets(unet):
        n_in, n_out = features(module, kind)
        down = (torch.rand(DIM, n_in, generator=generator) * 2 - 1) / n_in**0.5
        up = torch.randn(n_out, DIM, generator=generator) * 0.4
        down, up = (t.double().requires_grad_() for t in (down, up))
        adapters[path] = (down, up)

        def hook(_, args, output, down=down, up=up, kind=kind):
            if kind == "linear":
                return output + SCALE * F.linear(F.linear(args[0], down), up)
            return output + SCALE * F.conv2d(F.conv2d(args[0], down[:, :, None, None]), up[:, :, None, None])

        module.register_forward_hook(hook)
    return adapters


def text_goldens(model, config, with_projection, generator, out):
    text = model.text_model if with_projection else model
    vocabulary, length = config["vocab_size"], config["max_position_embeddings"]
    end, start = vocabulary - 1, vocabulary - 2
    ids = torch.randint(0, start, (2, length), generator=generator)
    ids[:, 0] = start
    ends = torch.tensor([length // 2, length - 1])
    for row, at in enumerate(ends):
        ids[row, at:] = end
    states = []
    hooks = [layer.register_forward_hook(lambda m, a, o: states.append(o)) for layer in text.encoder.layers]
    result = model(ids)
    out["text.ids"] = ids
    for skip in (1, 2, 3):
        out[f"text.states.{skip}"] = text.final_layer_norm(states[-skip])
    out["text.penultimate_without_norm"] = states[-2]
    if with_projection:
        out["text.end_positions"] = ends
        out["text.pooled"] = result.text_embeds
    # Two learned rows, appended to the token table; the second prompt uses one of them twice.
    rows = 0.5 * torch.randn(2, config["hidden_size"], generator=generator).double()
    learned_ids = ids.clone()
    learned_ids[0, 2], learned_ids[0, 3], learned_ids[1, 1], learned_ids[1, 4] = vocabulary, vocabulary + 1, vocabulary + 1, vocabulary + 1
    table = text.embeddings.token_embedding
    original = table.weight
    table.weight = torch.nn.Parameter(torch.cat([original, rows]), requires_grad=False)
    states.clear()
    model(learned_ids)
    out["text.learned_rows"], out["text.learned_ids"] = rows, learned_ids
    out["text.learned_states"] = text.final_layer_norm(states[-1])
    table.weight = original
    for hook in hooks:
        hook.remove()


def vae_goldens(vae, latents, generator, out):
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    image = torch.rand(1, 3, latents[0] * factor, latents[1] * factor, generator=generator).double() * 2 - 1
    distribution = vae.encode(image).latent_dist
    z = torch.randn(1, vae.config.latent_channels, *latents, generator=generator).double()
    out["vae.image"], out["vae.latents"] = image, z
    out["vae.mean"], out["vae.log_variance"] = distribution.mean, distribution.logvar
    out["vae.decoded"] = vae.decode(z).sample


def unet_goldens(unet, spec, generator, out):
    config = unet.config
    sample = torch.randn(2, config.in_channels, *spec["latents"], generator=generator).double()
    timesteps = torch.tensor([7, 731])
    states = torch.randn(2, 9, config.cross_attention_dim, generator=generator).double()
    target = torch.randn(2, config.out_channels, *spec["latents"], generator=generator).double()
    added = None
    if config.addition_embed_type == "text_time":
        width = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
        added = dict(text_embeds=torch.randn(2, width, generator=generator).double(),
                     time_ids=torch.tensor([[512.0, 768, 0, 16, 512, 512], [1024, 1024, 8, 0, 1024, 1024]]))
        out["unet.text_embeds"] = added["text_embeds"]
        out["unet.time_id_features"] = unet.add_time_proj(added["time_ids"].flatten()).reshape(2, -1)

    def forward(x, t, s):
        return unet(x, t, s, added_cond_kwargs=added).sample

    out["unet.sample"], out["unet.states"], out["unet.target"] = sample, states, target
    out["unet.time_features"] = unet.time_proj(timesteps)
    out["unet.prediction"] = forward(sample, timesteps, states)
    if "odd" in spec:
        odd = torch.randn(1, config.in_channels, *spec["odd"], generator=generator).double()
        out["unet.odd_sample"] = odd
        out["unet.odd_prediction"] = forward(odd, timesteps[:1], states[:1])
    adapters = add_adapters(unet, generator)
    prediction = forward(sample, timesteps, states)
    loss = F.mse_loss(prediction, target)
    loss.backward()
    out["train.prediction"], out["train.loss"] = prediction, loss.reshape(1)
    for path, (down, up) in adapters.items():
        for part, tensor in (("lora_down", down), ("lora_up", up)):
            out[f"adapter/{kohya_key(path)}.{part}.weight"] = tensor
            out[f"grad/{kohya_key(path)}.{part}.weight"] = tensor.grad


def text_model(settings, projection):
    config = CLIPTextConfig(**settings)
    return (CLIPTextModelWithProjection if projection else CLIPTextModel)(config)


def goldens_of(name, spec):
    generator = torch.Generator().manual_seed(spec["seed"])
    folder, out, faint = OUT / name, {}, spec.get("faint", False)
    shutil.rmtree(folder, ignore_errors=True)

    text_config = dict(vocab_size=40, max_position_embeddings=12, projection_dim=8, bos_token_id=38, eos_token_id=39, pad_token_id=39) | spec["text"]
    text = text_model(text_config, spec.get("projection", False))
    rescale(text, generator, faint)
    state = rounded(text, spec["dtype"])
    prefix = spec["text_prefix"] if not spec.get("projection") else ""
    write_folder(folder / "text_encoder", text_config, {prefix + k: v for k, v in state.items()}, "model")
    with torch.no_grad():
        text_goldens(text, text_config, spec.get("projection", False), generator, out)

    levels = len(spec["vae"]["block_out_channels"])
    vae_config = dict(down_block_types=["DownEncoderBlock2D"] * levels, up_block_types=["UpDecoderBlock2D"] * levels) | spec["vae"]
    vae = AutoencoderKL(**vae_config)
    rescale(vae, generator, faint)
    if spec.get("clamp"):
        vae.encoder.conv_out.weight.data[vae.config.latent_channels :] *= 30
    state = rounded(vae, spec["dtype"])
    if spec.get("old_vae_names"):
        for new, old in OLD_VAE_NAMES.items():
            state = {k.replace(f"attentions.0.{new}.", f"attentions.0.{old}."): v for k, v in state.items()}
    write_folder(folder / "vae", vae_config, state, "diffusion_pytorch_model")
    with torch.no_grad():
        vae_goldens(vae, spec["latents"], generator, out)

    unet = UNet2DConditionModel(**spec["unet"])
    rescale(unet, generator, faint)
    state = rounded(unet, spec["dtype"])
    write_folder(folder / "unet", spec["unet"], state, "diffusion_pytorch_model")
    unet_goldens(unet, spec, generator, out)

    stored = {k: v.detach().contiguous() if v.dtype == torch.int64 else v.detach().float().contiguous() for k, v in out.items()}
    save_file(stored, folder / "golden.safetensors", metadata={"adapters": f"dim {DIM}, scale {SCALE}"})  # one key: their order in a file is random
    largest = {k: v.abs().max().item() for k, v in out.items()}
    grads = sorted(v for k, v in largest.items() if k.startswith("grad/"))
    print(f"{name}: {len(grads) // 2} adapters, gradients {grads[0]:.2g}..{grads[-1]:.2g}")
    for key in ("text.states.1", "vae.mean", "vae.decoded", "unet.prediction", "train.loss"):
        print(f"  {key} up to {largest[key]:.3g}")


def weight_digest(model):
    """Over lines "key extent,extent"; trailing ones are dropped, since a 1×1 convolution may be asked for as a matrix."""
    lines = sorted(k + " " + re.sub(r"(,1)+$", "", ",".join(map(str, v.shape))) for k, v in model.state_dict().items())
    return dict(count=len(lines), sha256=hashlib.sha256("\n".join(lines).encode()).hexdigest())


def published():
    result = {}
    with torch.device("meta"):
        for family, config in PUBLISHED.items():
            unet = UNet2DConditionModel(**config)
            text = text_model(PUBLISHED_TEXT[family], family == "sdxl")
            result[family] = dict(
                unet=config, unetWeights=weight_digest(unet), text=PUBLISHED_TEXT[family], textWeights=weight_digest(text),
                adapters=[[kohya_key(path), kind, *features(module, kind)] for path, module, kind in kohya_targets(unet)])
            print(family, len(result[family]["adapters"]), result[family]["unetWeights"], result[family]["textWeights"])
        vae = AutoencoderKL(**PUBLISHED_VAE)
        result["vae"] = dict(vae=PUBLISHED_VAE, vaeWeights=weight_digest(vae))
    text = json.dumps(result, separators=(",", ":")).replace("],[", "],\n[").replace("},", "},\n")
    (OUT / "published.json").write_text(text + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    diffusers_logging.set_verbosity_error()
    torch.manual_seed(0)
    for name, spec in MODELS.items():
        goldens_of(name, spec)
    published()
