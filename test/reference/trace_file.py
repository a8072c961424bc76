"""A trace written by `loom trace`: reading it, and the rules its form has to keep.

Every rule that can be judged without computing a gradient lives here: which keys there are and of which shape and
type, what the settings say, initial values, learning rates, tokens, and whether the noise looks like what the settings
promise. `faults` are sentences; an empty list means that the form is right. The numbers are replay.py's matter.
"""
import itertools
import json
import math
import re

import torch
from safetensors import safe_open

SETTINGS = ("family clip_skip scale dim min_snr_gamma prediction_type weight_decay betas eps max_grad_norm "
            "embedding_stop_at accumulation noise_offset warmup_steps learning_rate").split()
GROUPS = ("unet", "text", "embedding")
EMBEDDINGS = ("clip_l", "clip_g")


class Trace:
    """The tensors of one trace, addressed by update u (-1: initial values) and micro-batch i."""

    def __init__(self, file):
        with safe_open(file, "pt") as opened:
            metadata = opened.metadata() or {}
            self.tensors = {key: opened.get_tensor(key) for key in opened.keys()}
        if metadata.get("loom_trace") != "1":
            raise SystemExit(f"{file} is no trace: its metadata has no loom_trace = 1")
        self.settings = json.loads(metadata["settings"])
        missing = [name for name in SETTINGS if name not in self.settings]
        if missing:
            raise SystemExit(f"{file}: the settings lack {', '.join(missing)}")
        steps = [int(found[1]) for key in self.tensors if (found := re.match(r"step\.(\d+)\.", key))]
        self.updates, self.accumulation = max(steps, default=-1) + 1, self.settings["accumulation"]
        self.modules = sorted({key.split("/")[1].split(".")[0] for key in self.tensors if key.startswith("adapter.init/")})
        self.embeddings = [name for name in EMBEDDINGS if f"embedding.init/{name}" in self.tensors]
        self.names = [f"adapter/{m}.lora_{half}.weight" for m in self.modules for half in ("down", "up")]
        self.names += [f"embedding/{name}" for name in self.embeddings]
        self.groups = [g for g in GROUPS if any(group_of(name) == g for name in self.names)]

    def values(self, u):
        """All trained tensors after update u, in double precision."""
        at = "init" if u < 0 else u
        return {name: self.tensors[re.sub("^(adapter|embedding)", rf"\1.{at}", name)].double() for name in self.names}

    def gradients(self, u):
        keys = {name: f"step.{u}." + name.replace("adapter/", "grad/").replace("embedding/", "grad_embedding/") for name in self.names}
        return {name: self.tensors[key].double() for name, key in keys.items() if key in self.tensors}

    def micro(self, u, i, name):
        return self.tensors.get(f"step.{u}.{i}.{name}")

    def rate(self, u, group):
        return self.tensors[f"step.{u}.lr/{group}"].double().item()

    def is_trained(self, u, name):
        """Updates 0..S-1 train the embedding; afterwards it is held."""
        stop = self.settings["embedding_stop_at"]
        return group_of(name) != "embedding" or stop is None or u < stop


def group_of(name):
    return "embedding" if name.startswith("embedding/") else "unet" if name.startswith("adapter/lora_unet_") else "text"


def expected_keys(trace, base):
    """key -> (type, shape or None) that must be there, and the same for keys that may be there."""
    needed, allowed, settings = {}, {}, trace.settings
    sites = base.sites(settings["clip_skip"])
    trained = {m: s for m, s in sites.items() if group_of(f"adapter/{m}") in trace.groups}
    ids, encoders = ["tokens", "tokens_2"], base.encoders
    prefixes = ["adapter.init/", *(f"{kind}/" for u in range(trace.updates) for kind in (f"adapter.{u}", f"step.{u}.grad"))]
    for module, site in trained.items():
        down, up = site.shapes(settings["dim"])
        needed[f"adapter.init/{module}.alpha"] = ("F32", "scalar")
        for half, shape in (("down", down), ("up", up)):
            key = f"{module}.lora_{half}.weight"
            needed |= {prefix + key: ("F32", shape) for prefix in prefixes}
        allowed |= {f"adapter.{u}/{module}.alpha": ("F32", "scalar") for u in range(trace.updates)}
    for name in EMBEDDINGS[:len(encoders)] if trace.embeddings else []:
        first = trace.tensors.get(f"embedding.init/{trace.embeddings[0]}")
        shape = (len(first), encoders[EMBEDDINGS.index(name)].width)
        needed[f"embedding.init/{name}"] = ("F32", shape)
        for u in range(trace.updates):
            needed[f"embedding.{u}/{name}"] = ("F32", shape)
            (needed if trace.is_trained(u, f"embedding/{name}") else allowed)[f"step.{u}.grad_embedding/{name}"] = ("F32", shape)
    for u in range(trace.updates):
        for group in GROUPS:
            is_needed = group in trace.groups and (group != "embedding" or trace.is_trained(u, "embedding/"))
            (needed if is_needed else allowed)[f"step.{u}.lr/{group}"] = ("F32", (1,))
        for i in range(trace.accumulation):
            at = f"step.{u}.{i}."
            latents = trace.micro(u, i, "latents")
            shape = (1, base.unet.config.in_channels, *(latents.shape[2:] if latents is not None and latents.ndim == 4 else (0, 0)))
            needed |= {at + name: ("F32", shape) for name in ("latents", "noise", "prediction")}
            needed |= {at + "loss": ("F32", (1,)), at + "timestep": ("I64", (1,))}
            needed |= {at + name: ("I64", (77,)) for name in ids[:len(encoders)]}
            if base.is_sdxl:
                needed[at + "time_ids"] = ("F32", (6,))
    return needed, allowed


def key_faults(trace, base):
    needed, allowed = expected_keys(trace, base)
    present = trace.tensors.keys()
    for what, keys in (("is missing", needed.keys() - present), ("is not in the format", present - needed.keys() - allowed.keys())):
        if keys:
            yield f"{sorted(keys)[0]} {what}" + (f" ({len(keys)} such keys)" if len(keys) > 1 else "")
    for key, (kind, shape) in (needed | allowed).items():
        tensor = trace.tensors.get(key)
        if tensor is None:
            continue
        if tensor.dtype != {"F32": torch.float32, "I64": torch.int64}[kind]:
            yield f"{key} has type {tensor.dtype}, not {kind}"
        elif tuple(tensor.shape) not in (((), (1,)) if shape == "scalar" else (shape,)):
            yield f"{key} has shape {list(tensor.shape)}, not {shape if shape == 'scalar' else list(shape)}"
        elif not tensor.isfinite().all():
            yield f"{key} holds a number that is not finite"


def setting_faults(trace, base, prediction_type):
    s = trace.settings
    if not base.family_fits(s["family"]):
        yield f"the settings say family {s['family']}, the base is of another"
    if s["prediction_type"] != prediction_type:
        yield f"the settings say prediction_type {s['prediction_type']}, the base's scheduler {prediction_type}"
    if s["embedding_stop_at"] == 0:
        yield "embedding_stop_at 0 is refused: it would train nothing"
    if not trace.updates:
        yield "the trace has no update"
    if not trace.names:
        yield "the trace trains nothing"
    for group in GROUPS:
        if bool(s["learning_rate"].get(group)) != (group in trace.groups):
            there = "there" if group in trace.groups else "not there"
            yield f"learning_rate.{group} is {s['learning_rate'].get(group)}, but tensors to train for it are {there}"
    for encoder in base.encoders:
        if not 1 <= s["clip_skip"] <= encoder.layers:
            yield f"clip_skip {s['clip_skip']} does not fit a text encoder of {encoder.layers} layers"


def initial_faults(trace):
    """down uniform within 1/sqrt(fan_in), up zero, alpha = scale * dim."""
    seen = {}
    for module in trace.modules:
        values = {name: trace.tensors[f"adapter.init/{module}.{name}"] for name in ("alpha", "lora_down.weight", "lora_up.weight")}
        alpha, down, up = (values[name].double() for name in values)
        wanted = trace.settings["scale"] * trace.settings["dim"]
        if abs(alpha.item() - wanted) > 1e-6 * abs(wanted):
            yield f"{module}.alpha is {alpha.item():.6g}, not scale * dim = {wanted:.6g}"
        if up.any():
            yield f"{module}.lora_up.weight does not start at zero"
        bound, spread = down[0].numel() ** -.5, down.square().mean().sqrt().item() * math.sqrt(3)
        if down.abs().max() > bound * (1 + 1e-6):
            yield f"{module}.lora_down.weight starts outside the bound 1/sqrt(fan_in) = {bound:.4g}"
        # The mean square of n uniform numbers deviates by sqrt(0.8/n) of itself; six of that is out of the question.
        if abs((spread / bound) ** 2 - 1) > 6 * math.sqrt(.8 / down.numel()):
            yield f"{module}.lora_down.weight starts with {spread / bound:.3f} of the spread of a uniform draw"
        if (twin := seen.setdefault(down.numpy().tobytes(), module)) != module:
            yield f"{module} and {twin} start with the same lora_down.weight"
    for u, module in itertools.product(range(trace.updates), trace.modules):
        alpha = trace.tensors.get(f"adapter.{u}/{module}.alpha")
        if alpha is not None and alpha.item() != trace.tensors[f"adapter.init/{module}.alpha"].item():
            yield f"adapter.{u}/{module}.alpha changed"


def scheduled(schedule, peak, u, warmup):
    """The rate of update u without the warm-up's factor."""
    kind, floor = schedule["kind"], schedule.get("floor", 0)
    if kind == "constant":
        return peak
    if kind == "cosine-restarts":
        period = schedule["stepsBetweenRestarts"] - 1
        return floor + (peak - floor) * (1 + math.cos(math.pi * (u % period) / period)) / 2
    starts, ends = schedule["decayFromStep"] if kind == "hold" else warmup, schedule["steps"]
    done = min(1, max(0, (u - starts) / max(1, ends - starts)))
    return floor + (peak - floor) * (1 - done if kind == "hold" else (1 + math.cos(math.pi * done)) / 2)


def rate_faults(trace):
    """What the schedule says, times (u + 1) / W during warm-up."""
    schedule, warmup = trace.settings.get("schedule", {"kind": "constant"}), trace.settings["warmup_steps"]
    for u, group in itertools.product(range(trace.updates), trace.groups):
        if f"step.{u}.lr/{group}" not in trace.tensors or not trace.is_trained(u, group + "/"):
            continue
        peak = trace.settings["learning_rate"][group]
        wanted = scheduled(schedule, peak, u, warmup) * (min(1, (u + 1) / warmup) if warmup else 1)
        if abs(trace.rate(u, group) - wanted) > 1e-6 * peak:
            yield f"step.{u}.lr/{group} is {trace.rate(u, group):.6g}, not {wanted:.6g} ({schedule['kind']}, warm-up {warmup})"


def draw_faults(trace, base):
    """Timesteps in the schedule, tokens as the tokenizer frames them, noise and latents drawn afresh."""
    seen = {}
    for u, i in itertools.product(range(trace.updates), range(trace.accumulation)):
        at, t = f"step.{u}.{i}", trace.micro(u, i, "timestep").item()
        if not 0 <= t < len(base.alphas_cumprod):
            yield f"{at}.timestep is {t}, outside the schedule"
        for name in ("noise", "latents"):
            other = seen.setdefault(trace.micro(u, i, name).numpy().tobytes(), f"{at}.{name}")
            if other != f"{at}.{name}":
                yield f"{at}.{name} repeats {other}: it is drawn afresh at each use"
        for encoder, key, learned in zip(base.encoders, ("tokens", "tokens_2"), EMBEDDINGS):
            ids, tokenizer = trace.micro(u, i, key), encoder.tokenizer
            rows = len(trace.tensors[f"embedding.init/{learned}"]) if learned in trace.embeddings else 0
            ends = (ids == tokenizer.eos_token_id).nonzero()
            if ids.min() < 0 or ids.max() >= encoder.rows + rows:
                yield f"{at}.{key} holds the id {ids.max().item()}; there are {encoder.rows} rows and {rows} learned ones"
            elif ids[0] != tokenizer.bos_token_id or not len(ends):
                yield f"{at}.{key} is not framed by the tokenizer's start and end tokens"
            elif (ids[ends[0, 0] + 1:] != tokenizer.pad_token_id).any():
                yield f"{at}.{key} is not padded with the tokenizer's padding token {tokenizer.pad_token_id}"


def chi_square_score(total, freedom):
    """Wilson and Hilferty: a chi-square sum as a normal score."""
    spread = 2 / (9 * freedom)
    return ((total / freedom) ** (1 / 3) - (1 - spread)) / math.sqrt(spread)


def noise_scores(trace):
    """Normal scores of what the noise should look like: one further draw per sample and channel, of size noise_offset."""
    offset, sums = trace.settings["noise_offset"] or 0, {}
    for u, i in itertools.product(range(trace.updates), range(trace.accumulation)):
        noise = trace.micro(u, i, "noise")[0].double()
        channels, pixels = len(noise), noise[0].numel()
        means, variance = noise.mean((1, 2)), offset ** 2 + 1 / pixels
        inner = noise - means[:, None, None]
        for name, total, freedom in (
                ("pixels", inner.square().sum(), channels * (pixels - 1)),
                ("channel means", means.square().sum() / variance, channels),
                ("channel means within a sample", (means - means.mean()).square().sum() / variance, channels - 1),
                ("sample means", means.mean() ** 2 * channels / variance, 1),
                ("pixel means over channels", inner.mean(0).square().sum() * channels, pixels - 1)):
            before = sums.get(name, (0, 0))
            sums[name] = (before[0] + float(total), before[1] + freedom)
    return {name: chi_square_score(*pair) for name, pair in sums.items()}


def noise_faults(trace):
    for name, score in noise_scores(trace).items():
        if not abs(score) <= 5:
            yield f"the spread of the noise's {name} is {score:+.1f} deviations from what noise_offset {trace.settings['noise_offset']} promises"


def faults(trace, base, prediction_type):
    """Sentences about the form. Later rules are judged only when the earlier ones hold: they read the same keys."""
    stages = (lambda: setting_faults(trace, base, prediction_type), lambda: key_faults(trace, base),
              lambda: itertools.chain(initial_faults(trace), rate_faults(trace), draw_faults(trace, base), noise_faults(trace)))
    for stage in stages:
        if found := list(stage()):
            return found
    return []
