"""Computes validation losses anew in PyTorch, in double precision, and says whether Loom's are right.

Usage: python check_validation.py BASE FILE

BASE is a diffusers folder. FILE is a safetensors file with the metadata `settings` (JSON: clip_skip, scale) and

  adapter/MODULE.lora_down.weight, …   kohya's names after the slash; none where the base alone is measured
  embedding/clip_l, embedding/clip_g   the learned rows, for each text encoder; not there without an embedding
  picture.P.mean                       mean of the VAE's distribution
  picture.P.tokens.E                   ids for text encoder E (learned rows behind the table's)
  picture.P.time_ids                   SDXL's six sizes
  picture.P.I.timestep, .noise, .loss  measurement I of picture P: what it was measured at, and what Loom found

Latents are scaled here, and the loss is the plain mean of squared errors: no min-SNR, no noise offset, no caption dropout.

Exit code 0: every loss is within 1e-4 of PyTorch's, relative. 1: one is not, and it is named. 2: the file cannot be read.
"""
import json
import pathlib
import re
import sys

import torch
from diffusers.utils import logging as diffusers_logging
from safetensors import safe_open

from reference_model import Base

LIMIT = 1e-4


def put_adapters(base, tensors, settings):
    sites = base.sites(settings["clip_skip"])
    for key, tensor in tensors.items():
        if found := re.fullmatch(r"adapter/(.+)\.lora_(down|up)\.weight", key):
            setattr(sites[found[1]], found[2], tensor.to(base.dtype))
            sites[found[1]].scale = settings["scale"]


def errors(base, folder, tensors, settings):
    """(place, Loom's loss, PyTorch's loss) for every measurement."""
    put_adapters(base, tensors, settings)
    learned = [tensors.get(f"embedding/{name}") for name in ("clip_l", "clip_g")][:len(base.encoders)]
    rows = [None if one is None else one.to(base.dtype) for one in learned]
    vae = json.loads((pathlib.Path(folder) / "vae/config.json").read_text())
    scale, shift = vae.get("scaling_factor", 0.18215), vae.get("shift_factor") or 0
    for key in sorted(key for key in tensors if key.endswith(".loss")):
        at = key.removesuffix(".loss")
        picture = at.rpartition(".")[0]
        latents = (tensors[f"{picture}.mean"][None].to(base.dtype) - shift) * scale
        noise, timestep = tensors[f"{at}.noise"][None].to(base.dtype), tensors[f"{at}.timestep"]
        tokens = [tensors[f"{picture}.tokens.{place}"] for place in range(len(base.encoders))]
        condition = base.condition(tokens, settings["clip_skip"], rows)
        time_ids = tensors[f"{picture}.time_ids"].to(base.dtype) if base.is_sdxl else None
        prediction = base.predict(latents, noise, timestep, condition, time_ids)
        yield at, tensors[key].item(), base.loss(prediction, latents, noise, timestep, base.prediction_type, None).item()


def main():
    folder, file = sys.argv[1:]
    torch.set_num_threads(1)
    diffusers_logging.set_verbosity_error()
    with safe_open(file, "pt") as opened:
        settings = json.loads(opened.metadata()["settings"])
        tensors = {key: opened.get_tensor(key) for key in opened.keys()}
    with torch.no_grad():
        found = [(abs(ours / theirs - 1), at, ours, theirs) for at, ours, theirs in errors(Base(folder), folder, tensors, settings)]
    worst, at, ours, theirs = max(found)
    print(f"{len(found)} losses, the worst of them {at}: {ours:.7f}, PyTorch {theirs:.7f}, off by {worst:.1e} (limit {LIMIT:.0e})")
    print("ACCEPTED" if worst <= LIMIT else "REJECTED")
    sys.exit(0 if worst <= LIMIT else 1)


if __name__ == "__main__":
    try:
        main()
    except (OSError, KeyError, ValueError, RuntimeError) as problem:
        print(f"cannot be checked: {type(problem).__name__}: {problem}", file=sys.stderr)
        sys.exit(2)
