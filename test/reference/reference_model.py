"""A Stable Diffusion base folder in PyTorch, with its own plain LoRA wrapper, for checking a training run.

The networks are diffusers' and transformers' classes; everything between them that a trainer decides (CLIP skip, text
rows of a learned embedding, adapters, noising, target, loss weight) is written out here in a few lines each, so that
it can be read beside the rule it implements. Weights keep their stored value and are widened to the asked precision.
diffusers computes the sinusoid of the timestep in float32 at every precision; that is kept.
"""
import json
import pathlib
import re

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, UNet2DConditionModel
from safetensors.torch import load_file
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

TEXT_SITE = re.compile(r"encoder\.layers\.(\d+)\.(self_attn\.(q|k|v|out)_proj|mlp\.fc[12])")


class Adapted(nn.Module):
    """y = base(x) + scale * up(down(x)) for a Linear or a 1x1 convolution; plain `base` while no adapter is set."""

    def __init__(self, base):
        super().__init__()
        self.base, self.down, self.up, self.scale = base, None, None, 1.0

    def forward(self, x):
        y = self.base(x)
        if self.down is None:
            return y
        product = F.conv2d if isinstance(self.base, nn.Conv2d) else F.linear
        return y + self.scale * product(product(x, self.down), self.up)

    def shapes(self, dim):
        """Shapes of lora_down and lora_up as kohya stores them."""
        if isinstance(self.base, nn.Conv2d):
            return (dim, self.base.in_channels, 1, 1), (self.base.out_channels, dim, 1, 1)
        return (dim, self.base.in_features), (self.base.out_features, dim)


def is_adaptable(module):
    return isinstance(module, nn.Linear) or (isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1))


def wrap(root, is_site):
    """Replaces every module whose path is a site by an Adapted one: path -> Adapted."""
    sites = {}
    for path, module in list(root.named_modules()):
        if is_adaptable(module) and is_site(path):
            parent, _, name = path.rpartition(".")
            sites[path] = Adapted(module)
            setattr(root.get_submodule(parent), name, sites[path])
    return sites


def weights_of(folder):
    """All tensors of a model folder: one file, or shards; an .fp16 variant only when there is nothing else."""
    files = sorted(folder.glob("*.safetensors"))
    files = [f for f in files if ".fp16" not in f.name] or files
    if not files:
        raise SystemExit(f"{folder} holds no .safetensors file")
    return {key: tensor for file in files for key, tensor in load_file(file).items()}


class TextEncoder:
    """One CLIP text encoder: hidden states by CLIP skip, the pooled vector, and a table with learned rows."""

    def __init__(self, folder, tokenizer_folder, dtype):
        self.config = CLIPTextConfig.from_pretrained(folder)
        self.body = CLIPTextModel(self.config)
        weights = {k.removeprefix("text_model."): v for k, v in weights_of(folder).items() if not k.endswith("position_ids")}
        projection = weights.pop("text_projection.weight", None)
        self.projection = None if projection is None else projection.to(dtype)
        self.body.load_state_dict(weights)
        # transformers' eager attention has a float32 softmax inside; the sdpa kernel stays in the model's precision.
        self.body.config._attn_implementation = "sdpa"
        self.body.to(dtype).eval().requires_grad_(False)
        self.layers = self.config.num_hidden_layers
        self.rows, self.width = self.body.embeddings.token_embedding.weight.shape
        self.sites = wrap(self.body, TEXT_SITE.fullmatch)
        self.tokenizer = CLIPTokenizer.from_pretrained(tokenizer_folder)

    def hidden_states(self, tokens, learned=None):
        """The outputs of layer 1..N for token ids [77]; id R + k is row k of `learned`."""
        embeddings = self.body.embeddings
        table = embeddings.token_embedding.weight
        x = (table if learned is None else torch.cat([table, learned]))[tokens] + embeddings.position_embedding.weight[:len(tokens)]
        mask = torch.full((len(tokens), len(tokens)), -torch.inf, dtype=x.dtype).triu(1)[None, None]
        x, outputs = x[None], []
        for layer in self.body.encoder.layers:
            x = layer(x, mask)
            outputs.append(x)
        return outputs

    def pooled(self, last, tokens):
        """Final layer norm at the first end-of-text token as the tokenizer names it, then the projection."""
        position = (tokens == self.tokenizer.eos_token_id).nonzero()[0, 0]
        return F.linear(self.body.final_layer_norm(last)[:, position], self.projection)


class Base:
    """The frozen networks of a diffusers folder."""

    def __init__(self, folder, dtype=torch.float64):
        folder, self.dtype = pathlib.Path(folder), dtype
        config = json.loads((folder / "unet/config.json").read_text())
        self.unet = UNet2DConditionModel.from_config(config)
        self.unet.load_state_dict(weights_of(folder / "unet"))
        self.unet.to(dtype).eval().requires_grad_(False)
        self.is_sdxl = config.get("addition_embed_type") == "text_time"
        self.encoders = [TextEncoder(folder / "text_encoder", folder / "tokenizer", dtype)]
        if self.is_sdxl:
            self.encoders.append(TextEncoder(folder / "text_encoder_2", folder / "tokenizer_2", dtype))
        scheduler = DDPMScheduler.from_pretrained(folder, subfolder="scheduler")
        # diffusers builds the products in float32; these values, widened, are the schedule.
        self.alphas_cumprod = scheduler.alphas_cumprod.double()
        self.prediction_type = scheduler.config.prediction_type
        inside = tuple(p + "." for p, m in self.unet.named_modules() if type(m).__name__ == "Transformer2DModel")
        self.unet_sites = wrap(self.unet, lambda path: path.startswith(inside))

    def family_fits(self, family):
        return family == "sdxl" if self.is_sdxl else family in ("sd1", "sd2")

    def sites(self, clip_skip):
        """kohya module key -> Adapted: the UNet's, and those of the text layers that run at this CLIP skip."""
        name = self.sgm_path if self.is_sdxl else str
        sites = {"lora_unet_" + name(path).replace(".", "_"): site for path, site in self.unet_sites.items()}
        for index, encoder in enumerate(self.encoders):
            prefix = f"lora_te{index + 1}_" if self.is_sdxl else "lora_te_"
            # SDXL's pooled vector comes from the whole second encoder, whatever is skipped.
            used = encoder.layers if index == 1 else encoder.layers + 1 - clip_skip
            sites |= {f"{prefix}text_model_{path.replace('.', '_')}": site for path, site in encoder.sites.items()
                      if int(TEXT_SITE.fullmatch(path)[1]) < used}
        return sites

    def sgm_path(self, path):
        """kohya names SDXL's blocks as the original code does: input_blocks.4.1 for down_blocks.1.attentions.0."""
        per_level = self.unet.config.layers_per_block + 1
        if found := re.match(r"(down|up)_blocks\.(\d+)\.attentions\.(\d+)\.", path):
            index = int(found[2]) * per_level + int(found[3])
            block = f"input_blocks.{index + 1}.1." if found[1] == "down" else f"output_blocks.{index}.1."
            return block + path[found.end():]
        return path.replace("mid_block.attentions.0.", "middle_block.1.")

    def condition(self, tokens, clip_skip, embeddings):
        """Text states [1, 77, width], and SDXL's pooled vector. tokens and embeddings have one entry per encoder."""
        states, pooled = [], None
        for encoder, ids, learned in zip(self.encoders, tokens, embeddings):
            outputs = encoder.hidden_states(ids, learned)
            chosen = outputs[encoder.layers - clip_skip]  # the output of layer N + 1 - s, counted from 1
            states.append(chosen if self.is_sdxl else encoder.body.final_layer_norm(chosen))
            if encoder.projection is not None and self.is_sdxl:
                pooled = encoder.pooled(outputs[-1], ids)
        return torch.cat(states, -1), pooled

    def predict(self, latents, noise, timestep, condition, time_ids=None):
        """The UNet's answer to sqrt(a) x0 + sqrt(1 - a) noise."""
        states, pooled = condition
        a = self.alphas_cumprod[timestep].to(self.dtype)
        added = {"text_embeds": pooled, "time_ids": time_ids[None]} if self.is_sdxl else None
        return self.unet(a.sqrt() * latents + (1 - a).sqrt() * noise, timestep, states, added_cond_kwargs=added).sample

    def loss(self, prediction, latents, noise, timestep, prediction_type, min_snr_gamma):
        """Mean squared error against epsilon or v, times min-SNR's weight."""
        a = self.alphas_cumprod[timestep]
        v = a.sqrt().to(self.dtype) * noise - (1 - a).sqrt().to(self.dtype) * latents
        target = v if prediction_type == "v_prediction" else noise
        weight = 1.0
        if min_snr_gamma is not None:
            snr = (a / (1 - a)).item()
            weight = min(snr, min_snr_gamma) / (snr + 1 if prediction_type == "v_prediction" else snr)
        return weight * ((prediction - target) ** 2).mean()
