"""Loads a LoRA file with diffusers, checks that every key of it is used, and paints with and without it.

Usage: python check_lora_in_diffusers.py BASE LORA --prompt TEXT... [--seeds N...] [--out DIR] [--noise FILE]
       [--embedding FILE] [--loom-pair BASE.png LORA.png]... [--loom-dir DIR] [--sampler ddim|dpmpp] [--steps N] [--guidance G] [--size H W] [--modules N]

BASE is a diffusers folder. What must hold:
  used      every tensor of the file arrives in the network unchanged, every module with the scale alpha/dim, none else
  changes   each picture differs from the one without the LoRA
  the same  where Loom's own pictures are given (without and with the LoRA, in the order of prompts, then seeds; or in
            --loom-dir as PROMPT-SEED-base.png and PROMPT-SEED-lora.png, both counted from 0): with --noise, pictures
            nearly coincide, PSNR >= 35 dB; without, the change of the mean colour goes the same way and is of like size
--embedding is Loom's learned_embeds.safetensors, for SDXL with learned_embeds_2.safetensors beside it: it must arrive unchanged as rows
of each text encoder's table. Prompts name it by its bare keyword, as Loom's do; with the LoRA, diffusers is given <keyword> in its place.
--clip-skip is Loom's number; default: the model's own, 1 or for SDXL 2.
--noise is a safetensors file with `noise` [1, 4, h, w], or `noise.0`, `noise.1`... one for each seed.
Writes PROMPT-SEED-base.png and PROMPT-SEED-lora.png into --out. Exit code 1 with sentences when something does not hold.
"""
import argparse
import contextlib
import io
import logging
import pathlib
import re
import sys

import numpy as np
import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, StableDiffusionPipeline, StableDiffusionXLPipeline
from diffusers.utils import logging as diffusers_logging
from peft.tuners.lora import LoraLayer
from PIL import Image
from safetensors.torch import load_file
from transformers.utils import logging as transformers_logging

LEAST_PSNR, LEAST_COSINE, SIZE_RANGE = 35, .7, (.5, 2)


def load_pipeline(base, sampler):
    is_sdxl = (pathlib.Path(base) / "text_encoder_2").exists()
    pipe = (StableDiffusionXLPipeline if is_sdxl else StableDiffusionPipeline).from_pretrained(base, dtype=torch.float32)
    kind = {"ddim": DDIMScheduler, "dpmpp": DPMSolverMultistepScheduler}[sampler]
    pipe.scheduler = kind.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def networks(pipe):
    """kohya prefix -> network."""
    is_sdxl = hasattr(pipe, "text_encoder_2")
    found = {"lora_unet_": pipe.unet, "lora_te1_" if is_sdxl else "lora_te_": pipe.text_encoder}
    return found | ({"lora_te2_": pipe.text_encoder_2} if is_sdxl else {})


def load_lora(pipe, file):
    """Loads the file; returns the warnings that diffusers and peft gave."""
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    handler.setLevel(logging.WARNING)
    loggers = [diffusers_logging.get_logger("diffusers"), logging.getLogger("peft"), logging.getLogger("transformers")]
    for logger in loggers:
        logger.addHandler(handler)
    with contextlib.redirect_stderr(heard):
        pipe.load_lora_weights(str(file.parent), weight_name=file.name, adapter_name="loom")
    for logger in loggers:
        logger.removeHandler(handler)
    # That a file has nothing for a text encoder is no fault; whether that is so is seen from the keys.
    lines = [line for line in heard.getvalue().splitlines() if not line.startswith("No LoRA keys associated")]
    return [line for line in lines if re.search("unexpected|missing|not used", line, re.I)]


def loaded_modules(pipe):
    """kohya module key -> (down, up, scale) as they stand in the networks. SDXL's UNet is named by its diffusers blocks."""
    found = {}
    for prefix, network in networks(pipe).items():
        for path, layer in network.named_modules():
            if isinstance(layer, LoraLayer) and "loom" in layer.lora_A:
                path = path if prefix == "lora_unet_" else "text_model." + path.removeprefix("text_model.")
                found[prefix + path.replace(".", "_")] = (layer.lora_A["loom"].weight, layer.lora_B["loom"].weight, layer.scaling["loom"])
    return found


def load_rows(pipe, file, encoder, tokenizer):
    """Loads the embedding's rows for one text encoder; returns its token, and sentences."""
    (token, rows), = load_file(file).items()
    before = encoder.get_input_embeddings().weight.detach().clone()
    pipe.load_textual_inversion(str(file), text_encoder=encoder, tokenizer=tokenizer)
    table = encoder.get_input_embeddings().weight
    names = [token, *(f"{token}_{k}" for k in range(1, len(rows)))]
    ids = tokenizer.convert_tokens_to_ids(names)
    faults = [] if torch.equal(table[ids].float(), rows.float()) else [f"the rows of {token} in {file.name} arrived changed"]
    if not torch.equal(table[:len(before)], before):
        faults.append(f"{token} in {file.name} changed rows that are not its own")
    print(f"embedding {token} of {file.name}: {len(rows)} tokens, ids {ids}")
    return token, faults


def load_embedding(pipe, file):
    """Loads an embedding; returns sentences, and what turns a prompt of Loom's into one of diffusers'."""
    token, faults = load_rows(pipe, file, pipe.text_encoder, pipe.tokenizer)
    if hasattr(pipe, "text_encoder_2"):
        faults += load_rows(pipe, file.with_stem(file.stem + "_2"), pipe.text_encoder_2, pipe.tokenizer_2)[1]
    word = re.compile(rf"<{token[1:-1]}>|(?<!\w){token[1:-1]}(?!\w)", re.I)
    return faults, lambda prompt: word.sub(token, prompt)


def diffusers_key(module, layers_per_block):
    """SDXL files name blocks as the original code does."""
    if found := re.match(r"lora_unet_(input|output)_blocks_(\d+)_1_", module):
        index = int(found[2]) - (found[1] == "input")
        level, layer = divmod(index, layers_per_block + 1)
        return f"lora_unet_{'down' if found[1] == 'input' else 'up'}_blocks_{level}_attentions_{layer}_" + module[found.end():]
    return module.replace("lora_unet_middle_block_1_", "lora_unet_mid_block_attentions_0_")


def key_faults(pipe, file, wanted_modules):
    """Sentences about tensors of the file that the networks do not hold, or hold otherwise."""
    tensors, loaded = load_file(file), loaded_modules(pipe)
    modules = sorted({key.split(".")[0] for key in tensors})
    for key in tensors:
        if key.split(".", 1)[1] not in ("lora_down.weight", "lora_up.weight", "alpha"):
            yield f"{key} is no part of a plain LoRA"
    used = set()
    for module in modules:
        name = diffusers_key(module, pipe.unet.config.layers_per_block)
        if name not in loaded:
            yield f"{module} is in the file, but no module of the base took it"
            continue
        used.add(name)
        down, up, scale = loaded[name]
        for half, weight in (("lora_down", down), ("lora_up", up)):
            wanted = tensors[f"{module}.{half}.weight"].float()
            if weight.shape != wanted.shape or not torch.equal(weight.float(), wanted):
                yield f"{module}.{half}.weight arrived changed"
        alpha = tensors.get(f"{module}.alpha")
        wanted = 1.0 if alpha is None else alpha.float().item() / len(tensors[f"{module}.lora_down.weight"])
        if abs(scale - wanted) > 1e-6 * abs(wanted):
            yield f"{module} is applied with scale {scale:.6g}, not alpha / dim = {wanted:.6g}"
    for name in sorted(loaded.keys() - used):
        yield f"diffusers made an adapter at {name}, for which the file has nothing"
    if wanted_modules is not None and len(used) != wanted_modules:
        yield f"{len(used)} modules are adapted, not {wanted_modules}"
    print(f"{len(tensors)} tensors, {len(modules)} modules in the file, {len(used)} of {len(loaded)} in the networks")


def noises(options, pipe):
    """Initial latents, one for each seed."""
    factor = 2 ** (len(pipe.vae.config.block_out_channels) - 1)
    if not options.noise:
        shape = (1, pipe.unet.config.in_channels, options.size[0] // factor, options.size[1] // factor)
        return [torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in options.seeds]
    tensors = load_file(options.noise)
    return [tensors[f"noise.{i}"] if f"noise.{i}" in tensors else tensors["noise"] for i in range(len(options.seeds))]


def paint(pipe, prompt, noise, options):
    factor = 2 ** (len(pipe.vae.config.block_out_channels) - 1)
    # diffusers counts the layers skipped beyond the model's own, Loom (and this option) from 1 for none.
    own = 2 if hasattr(pipe, "text_encoder_2") else 1
    skipped = None if options.clip_skip in (None, own) else options.clip_skip - own
    return pipe(prompt, num_inference_steps=options.steps, guidance_scale=options.guidance, latents=noise.clone(), clip_skip=skipped,
                negative_prompt=options.negative or None, height=noise.shape[2] * factor, width=noise.shape[3] * factor, output_type="np").images[0]


def read_png(file):
    return np.asarray(Image.open(file).convert("RGB"), dtype=np.float64) / 255


def psnr(a, b):
    return -10 * np.log10(max(((a - b) ** 2).mean(), 1e-12))


def correlation(a, b):
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / max(np.sqrt((a * a).sum() * (b * b).sum()), 1e-12))


def compare(place, ours, loom, has_noise):
    """Sentences where diffusers' pictures (without, with) and Loom's do not agree; prints the figures."""
    if any(x.shape != ours[0].shape for x in loom):
        yield f"{place}: Loom's picture is {loom[0].shape[1]}x{loom[0].shape[0]}, diffusers' {ours[0].shape[1]}x{ours[0].shape[0]}"
        return
    change, theirs = ours[1] - ours[0], loom[1] - loom[0]
    shift, their_shift = change.mean((0, 1)), theirs.mean((0, 1))
    cosine = float(shift @ their_shift / max(np.linalg.norm(shift) * np.linalg.norm(their_shift), 1e-12))
    amount = float(np.abs(theirs).mean() / max(np.abs(change).mean(), 1e-12))
    nearness = [psnr(a, b) for a, b in zip(ours, loom)]
    print(f"{place}: PSNR without {nearness[0]:.1f} dB, with {nearness[1]:.1f} dB; change: correlation of pixels {correlation(change, theirs):.3f}, "
          f"cosine of the mean colour's shift {cosine:.3f}, amount Loom / diffusers {amount:.2f}")
    if has_noise:
        for name, value in zip(("without", "with"), nearness):
            if not value >= LEAST_PSNR:
                yield f"{place}: from the same noise, the pictures {name} the LoRA differ (PSNR {value:.1f} dB, at least {LEAST_PSNR})"
    elif not (cosine >= LEAST_COSINE and SIZE_RANGE[0] <= amount <= SIZE_RANGE[1]):
        yield f"{place}: Loom's picture changes otherwise than diffusers' (cosine {cosine:.2f}, amount {amount:.2f})"


def loom_pictures(options, index, prompt, seed):
    """Loom's two pictures of a place, or None."""
    if options.loom_pair:
        return [read_png(file) for file in options.loom_pair[index]] if index < len(options.loom_pair) else None
    if options.loom_dir:
        return [read_png(options.loom_dir / f"{prompt}-{seed}-{name}.png") for name in ("base", "lora")]
    return None


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base")
    parser.add_argument("lora", type=pathlib.Path)
    parser.add_argument("--prompt", nargs="+", required=True)
    parser.add_argument("--negative", default="")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--noise")
    parser.add_argument("--size", type=int, nargs=2, default=(128, 128), metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--sampler", choices=("ddim", "dpmpp"), default="ddim")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=4)
    parser.add_argument("--clip-skip", type=int)
    parser.add_argument("--modules", type=int, help="how many modules the LoRA must adapt")
    parser.add_argument("--least-change", type=float, default=.005, help="mean absolute difference, of 0..1, that counts as a change")
    parser.add_argument("--embedding", type=pathlib.Path)
    parser.add_argument("--loom-pair", nargs=2, action="append", metavar=("BASE", "LORA"))
    parser.add_argument("--loom-dir", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path)
    return parser.parse_args()


def main():
    options = parse()
    torch.set_num_threads(1)
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    pipe = load_pipeline(options.base, options.sampler)
    places = [(p, s) for p in range(len(options.prompt)) for s in range(len(options.seeds))]
    start = noises(options, pipe)
    without = [paint(pipe, options.prompt[p], start[s], options) for p, s in places]
    faults = [f"diffusers says: {line}" for line in load_lora(pipe, options.lora)]
    faults += key_faults(pipe, options.lora, options.modules)
    in_diffusers = lambda prompt: prompt
    if options.embedding:
        found, in_diffusers = load_embedding(pipe, options.embedding)
        faults += found
    changed = [paint(pipe, in_diffusers(options.prompt[p]), start[s], options) for p, s in places]
    for i, (p, s) in enumerate(places):
        place, amount = f"prompt {p}, seed {options.seeds[s]}", np.abs(changed[i] - without[i]).mean()
        print(f"{place}: mean change {amount:.4f}")
        if not amount >= options.least_change:
            faults.append(f"{place}: the LoRA does not change the picture ({amount:.4f})")
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            for name, picture in (("base", without[i]), ("lora", changed[i])):
                Image.fromarray((picture * 255).round().astype(np.uint8)).save(options.out / f"{p}-{s}-{name}.png")
        loom = loom_pictures(options, i, p, s)
        if loom:
            faults += compare(place, (without[i], changed[i]), loom, bool(options.noise))
    for fault in faults:
        print(f"failed: {fault}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
