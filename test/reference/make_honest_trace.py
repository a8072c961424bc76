"""Trains a few updates in PyTorch float32 and writes them as `loom trace` would: something to try replay.py on.

Usage: python make_honest_trace.py BASE OUT [--steps N] [--spoil KIND] ... (see --help)

It shares no code with replay.py: adapters are peft's, text states transformers' own hidden_states, noising diffusers'
scheduler, optimizer and clipping torch's; tokens and latents come from the base's tokenizer and VAE, from random
pictures. --spoil makes one mistake that a trainer might make, and hides it as well as it can be hidden: the settings
and the keys stay as they should be.
"""
import argparse
import json
import logging
import pathlib
import random
import sys

import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
from transformers.utils import logging as transformers_logging

SPOILS = {
    "scale-twice": "the network scale is applied twice",
    "sum-not-mean": "gradients are summed over the micro-batches",
    "wrong-clip": "every tensor is clipped by its own norm",
    "clip-per-group": "UNet, text model and embedding are clipped apart",
    "lr-off": "warm-up u/W instead of (u+1)/W, recorded as used",
    "lr-hidden": "the rate used is 1 % larger than the one recorded",
    "no-bias-correction": "Adam without bias correction",
    "wrong-target": "epsilon for v, or v for epsilon",
    "decay-missing": "no weight decay",
    "swapped-up": "the up matrices of to_q and to_k carry each other's names",
    "skip-off": "one text layer too few",
    "wide-init": "lora_down starts within sqrt(6/fan_in)",
    "snr-gamma-off": "min-SNR weights for epsilon with v, or for v with epsilon",
    "stale-noise": "the same noise in every update",
    "offset-shared": "one noise offset for all channels of a sample",
    "offset-missing": "noise without the promised offset",
    "stop-late": "the embedding trains one update too long",
    "stop-early": "the embedding trains one update too short",
    "moments-skipped": "an update without the embedding leaves its moments and decay alone",
    "extra-key": "a key that is not in the format",
    "missing-key": "a gradient is missing",
    "timestep-int32": "timesteps are stored as I32",
}
CAPTIONS = ["a red cat on a star", "the {} photo of a house", "{} , a blue bird and {}", "boat style", "a green {} on paper , a long picture of the moon",
            "stone " * 90]
SITE = {"unet": r".*\.attentions\.\d+\.(proj_in|proj_out|transformer_blocks\.\d+\.(attn[12]\.(to_q|to_k|to_v|to_out\.0)|ff\.net\.(0\.proj|2)))"}


class Run:
    """Networks, trained tensors by their names in the trace, and everything drawn."""

    def __init__(self, options):
        self.options, self.random = options, random.Random(options.seed)
        torch.manual_seed(options.seed)
        base = pathlib.Path(options.base)
        self.unet = UNet2DConditionModel.from_pretrained(base / "unet", dtype=torch.float32).requires_grad_(False)
        self.vae = AutoencoderKL.from_pretrained(base / "vae", dtype=torch.float32).requires_grad_(False)
        self.scheduler = DDPMScheduler.from_pretrained(base, subfolder="scheduler")
        self.is_sdxl = self.unet.config.addition_embed_type == "text_time"
        self.tokenizers, self.encoders = [], []
        for end in ("", "_2") if self.is_sdxl else ("",):
            self.tokenizers.append(CLIPTokenizer.from_pretrained(base / f"tokenizer{end}"))
            config = CLIPTextConfig.from_pretrained(base / f"text_encoder{end}")
            config.eos_token_id = self.tokenizers[-1].eos_token_id  # transformers pools at the config's id
            kind = CLIPTextModelWithProjection if end else CLIPTextModel
            self.encoders.append(kind.from_pretrained(base / f"text_encoder{end}", config=config, dtype=torch.float32).requires_grad_(False).eval())
        self.tables = [e.get_input_embeddings().weight for e in self.encoders]
        self.rows = []
        self.tensors = {}
        self.add_adapters()
        self.add_embedding()

    def add_adapters(self):
        o, sites = self.options, []
        if o.rate:
            sites.append((self.unet, SITE["unet"], "lora_unet_"))
        for i, encoder in enumerate(self.encoders if o.text_rate else []):
            layers = encoder.config.num_hidden_layers
            used = layers if i else layers + 1 - o.clip_skip
            pattern = rf".*encoder\.layers\.({'|'.join(map(str, range(used)))})\.(self_attn\.[qkv]_proj|self_attn\.out_proj|mlp\.fc[12])"
            sites.append((encoder, pattern, f"lora_te{i + 1 if self.is_sdxl else ''}_text_model_"))
        self.modules = {}
        for network, pattern, prefix in sites:
            inject_adapter_in_model(LoraConfig(r=o.dim, lora_alpha=o.dim * o.scale, target_modules=pattern), network)
            for path, module in network.named_modules():
                if isinstance(module, LoraLayer):
                    path = path.removeprefix("text_model.")
                    name = prefix + (self.sgm(path) if self.is_sdxl and prefix == "lora_unet_" else path).replace(".", "_")
                    self.modules[name] = module
                    self.tensors[f"adapter/{name}.lora_down.weight"] = module.lora_A["default"].weight
                    self.tensors[f"adapter/{name}.lora_up.weight"] = module.lora_B["default"].weight
                    if o.spoil == "scale-twice":
                        module.scaling["default"] *= o.scale
                    if o.spoil == "wide-init":
                        module.lora_A["default"].weight.data *= 6 ** .5

    def sgm(self, path):
        """The original code counts SDXL's blocks through: with 2 layers a level, input block i is level (i-1)//3, layer (i-1)%3."""
        per_level = self.unet.config.layers_per_block + 1
        for i in range(per_level * len(self.unet.config.block_out_channels)):
            site = f"{i // per_level}.attentions.{i % per_level}."
            for theirs, ours in ((f"down_blocks.{site}", f"input_blocks.{i + 1}.1."), (f"up_blocks.{site}", f"output_blocks.{i}.1."),
                                 ("mid_block.attentions.0.", "middle_block.1.")):
                if path.startswith(theirs):
                    return ours + path[len(theirs):]
        raise ValueError(path)

    def add_embedding(self):
        if not self.options.embedding_rate:
            return
        for name, encoder, table in zip(("clip_l", "clip_g"), self.encoders, self.tables):
            rows = torch.nn.Parameter(torch.randn(self.options.embedding_length, table.shape[1]) * table.std())
            encoder.get_input_embeddings().forward = lambda ids, table=table, rows=rows: torch.nn.functional.embedding(ids, torch.cat([table, rows]))
            self.tensors[f"embedding/{name}"] = rows

    def tokens(self, caption, which):
        tokenizer, count = self.tokenizers[which], len(self.tables[which])
        ids = []
        for i, piece in enumerate(caption.split("{}")):
            if i and self.options.embedding_rate:
                ids += [count + k for k in range(self.options.embedding_length)]
            ids += tokenizer(piece, add_special_tokens=False).input_ids if piece.strip() else []
        ids = [tokenizer.bos_token_id, *ids[:75], tokenizer.eos_token_id]
        return torch.tensor(ids + [tokenizer.pad_token_id] * (77 - len(ids)))

    def condition(self, tokens):
        states, pooled = [], None
        skip = self.options.clip_skip + (self.options.spoil == "skip-off")
        for encoder, ids in zip(self.encoders, tokens):
            out = encoder(ids[None], output_hidden_states=True)
            state = out.hidden_states[-skip]
            states.append(state if self.is_sdxl else encoder.final_layer_norm(state))
            pooled = out.text_embeds if hasattr(out, "text_embeds") else None
        return torch.cat(states, -1), pooled

    def latents(self):
        height, width = self.options.size
        picture = torch.nn.functional.interpolate(torch.rand(1, 3, 5, 5) * 2 - 1, size=(height, width), mode="bicubic").clamp(-1, 1)
        return self.vae.encode(picture).latent_dist.sample() * self.vae.config.scaling_factor

    def noise(self, like):
        noise, kind = torch.randn_like(like), self.options.spoil
        size = 0 if kind == "offset-missing" else self.options.noise_offset
        return noise + size * torch.randn(1, 1 if kind == "offset-shared" else like.shape[1], 1, 1)


def predict_and_loss(run, micro):
    """One micro-batch: the prediction and its weighted loss."""
    scheduler, o = run.scheduler, run.options
    latents, noise, t = micro["latents"], micro["noise"], micro["timestep"]
    states, pooled = run.condition([micro[k] for k in ("tokens", "tokens_2") if k in micro])
    added = {"text_embeds": pooled, "time_ids": micro["time_ids"][None]} if run.is_sdxl else None
    prediction = run.unet(scheduler.add_noise(latents, noise, t), t, states, added_cond_kwargs=added).sample
    is_v = scheduler.config.prediction_type == "v_prediction"
    target = scheduler.get_velocity(latents, noise, t) if is_v != (o.spoil == "wrong-target") else noise
    loss = torch.nn.functional.mse_loss(prediction, target)
    if o.min_snr_gamma:
        a = scheduler.alphas_cumprod[t].double().item()
        snr = a / (1 - a)
        loss = loss * (min(snr, o.min_snr_gamma) / (snr + (is_v != (o.spoil == "snr-gamma-off"))))
    return prediction, loss


def draw(run, u, i, keep):
    caption = run.random.choice(CAPTIONS)
    micro = {"latents": run.latents(), "timestep": torch.randint(0, 1000, (1,))}
    micro["noise"] = run.noise(micro["latents"])
    if run.options.spoil == "stale-noise":
        micro["noise"] = keep.setdefault(i, micro["noise"]).clone()
    micro |= {key: run.tokens(caption, which) for which, key in enumerate(("tokens", "tokens_2")[:len(run.encoders)])}
    if run.is_sdxl:
        h, w = run.options.size
        micro["time_ids"] = torch.tensor([h + 13, w + 7, 3, 0, h, w], dtype=torch.float32)
    return micro


def clip(run, named):
    limit, kind = run.options.max_grad_norm, run.options.spoil
    if not limit:
        return
    group = {"wrong-clip": lambda n: n, "clip-per-group": lambda n: n[:14]}.get(kind, lambda n: "")
    for part in {group(name) for name in named}:
        torch.nn.utils.clip_grad_norm_([p for name, p in named.items() if group(name) == part], limit)


def rate_of(run, name, u):
    o = run.options
    base = o.embedding_rate if name.startswith("embedding") else o.rate if "/lora_unet_" in name else o.text_rate
    warm = u + (o.spoil != "lr-off")
    return base * (min(1, warm / o.warmup) if o.warmup else 1)


def set_rates(run, optimizer, u):
    """torch's formula becomes the uncorrected one when rate, epsilon and decay are changed together."""
    for group in optimizer.param_groups:
        rate = rate_of(run, group["name"], u) * (1.01 if run.options.spoil == "lr-hidden" else 1)
        group["lr"], group["eps"], group["weight_decay"] = rate, 1e-8, 0 if run.options.spoil == "decay-missing" else run.options.weight_decay
        if run.options.spoil == "no-bias-correction":
            one, two = 1 - .9 ** (u + 1), (1 - .999 ** (u + 1)) ** .5
            group.update(lr=rate * one / two, eps=1e-8 / two, weight_decay=run.options.weight_decay * two / one)


def train(run):
    """All tensors of the trace."""
    o, out, keep = run.options, {}, {}
    copy = lambda: {name: p.detach().clone() for name, p in run.tensors.items()}
    place = lambda at, values: {name.replace("/", f".{at}/", 1): v for name, v in values.items()}
    out |= place("init", copy()) | {f"adapter.init/{m}.alpha": torch.tensor(float(o.dim * o.scale)) for m in run.modules}
    optimizer = torch.optim.AdamW([{"params": [p], "name": name, "lr": 0.} for name, p in run.tensors.items()], betas=(.9, .999))
    stop = None if o.stop_at is None else o.stop_at + {"stop-late": 1, "stop-early": -1}.get(o.spoil, 0)
    for u in range(o.steps):
        trained = {name: p for name, p in run.tensors.items() if not name.startswith("embedding") or stop is None or u < stop}
        total, is_mentioned = {name: torch.zeros_like(p) for name, p in trained.items()}, False
        for i in range(o.accumulation):
            micro = draw(run, u, i, keep)
            is_mentioned |= any((micro["tokens"] >= len(run.tables[0])).tolist())
            prediction, loss = predict_and_loss(run, micro)
            for name, g in zip(trained, torch.autograd.grad(loss, list(trained.values()), allow_unused=True)):
                if g is not None:
                    total[name] += g
            out |= {f"step.{u}.{i}.{key}": value for key, value in micro.items()}
            out |= {f"step.{u}.{i}.prediction": prediction.detach().clone(), f"step.{u}.{i}.loss": loss.detach().reshape(1)}
        for name, p in run.tensors.items():
            p.grad = total[name] / (1 if o.spoil == "sum-not-mean" else o.accumulation) if name in trained else None
            key = name.replace("adapter/", "grad/").replace("embedding/", "grad_embedding/")
            if p.grad is not None or o.spoil == "stop-early" and u < o.stop_at:
                out[f"step.{u}.{key}"] = torch.zeros_like(p) if p.grad is None else p.grad.clone()
        if o.spoil == "stop-late" and u == o.stop_at:
            out = {k: v for k, v in out.items() if not k.startswith(f"step.{u}.grad_embedding")}
        clip(run, trained)
        set_rates(run, optimizer, u)
        if o.spoil == "moments-skipped" and not is_mentioned:
            for name in trained:
                run.tensors[name].grad = None if name.startswith("embedding") else run.tensors[name].grad
        optimizer.step()
        out |= {f"step.{u}.lr/{group}": torch.tensor([rate_of(run, name, u)]) for group, name in
                (("unet", "adapter/lora_unet_"), ("text", "adapter/lora_te"), ("embedding", "embedding/")) if any(n.startswith(name) for n in run.tensors)}
        out |= place(u, copy())
    return out


def spoil_keys(out, kind):
    """The mistakes that lie in the keys alone."""
    if kind == "swapped-up":
        q = next(k for k in out if "attn1_to_q.lora_up" in k).split("/")[1]
        for key in [k for k in out if k.endswith(q)]:
            other = key.replace("attn1_to_q", "attn1_to_k")
            out[key], out[other] = out[other], out[key]
    if kind == "extra-key":
        out["step.0.0.noisy"] = out["step.0.0.latents"].clone()
    if kind == "missing-key":
        del out[next(k for k in out if k.startswith("step.0.grad/"))]
    if kind == "timestep-int32":
        out |= {k: v.to(torch.int32) for k, v in out.items() if k.endswith(".timestep")}


def settings_of(run):
    o = run.options
    return {
        "family": "sdxl" if run.is_sdxl else "sd2" if run.unet.config.use_linear_projection else "sd1", "clip_skip": o.clip_skip, "scale": o.scale,
        "dim": o.dim, "min_snr_gamma": o.min_snr_gamma, "prediction_type": run.scheduler.config.prediction_type, "weight_decay": o.weight_decay,
        "betas": [.9, .999], "eps": 1e-8, "max_grad_norm": o.max_grad_norm, "embedding_stop_at": o.stop_at, "accumulation": o.accumulation,
        "noise_offset": o.noise_offset, "warmup_steps": o.warmup, "learning_rate": {"unet": o.rate, "text": o.text_rate, "embedding": o.embedding_rate}}


def write_lora(run, file):
    """The trained adapters as a kohya file."""
    tensors = {name.removeprefix("adapter/"): p.detach().clone() for name, p in run.tensors.items() if name.startswith("adapter/")}
    tensors |= {f"{m}.alpha": torch.tensor(float(run.options.dim * run.options.scale)) for m in run.modules}
    save_file(tensors, file)


def make_honest_trace(words):
    """As from the command line: BASE, OUT and options. Returns a line about the run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="kinds of --spoil:\n" + "\n".join(f"  {k:20} {v}" for k, v in SPOILS.items()))
    parser.add_argument("base")
    parser.add_argument("out")
    for name, kind, default in (
            ("steps", int, 4), ("accumulation", int, 2), ("dim", int, 4), ("scale", float, .5), ("rate", float, 1e-3), ("text-rate", float, None),
            ("embedding-rate", float, None), ("embedding-length", int, 2), ("stop-at", int, None), ("warmup", int, 2), ("clip-skip", int, 1),
            ("min-snr-gamma", float, None), ("noise-offset", float, 0), ("max-grad-norm", float, 1), ("weight-decay", float, .01), ("seed", int, 0)):
        parser.add_argument("--" + name, type=kind, default=default, help=f"default {default}")
    parser.add_argument("--size", type=int, nargs=2, default=(128, 96), metavar=("HEIGHT", "WIDTH"), help="of the pictures; default 128 96")
    parser.add_argument("--spoil", choices=SPOILS)
    parser.add_argument("--lora", help="also write the trained adapters as a kohya file")
    options = parser.parse_args(words)
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    transformers_logging.disable_progress_bar()
    run = Run(options)
    out = train(run)
    spoil_keys(out, options.spoil)
    save_file(out, options.out, {"loom_trace": "1", "settings": json.dumps(settings_of(run))})
    if options.lora:
        write_lora(run, options.lora)
    norm = sum(v.square().sum() for k, v in out.items() if k.startswith("step.0.grad")).sqrt()
    return f"{options.out}: {options.steps} updates, {len(run.modules)} modules, gradient norm of the first update {norm:.3g}"


if __name__ == "__main__":
    print(make_honest_trace(sys.argv[1:]))
