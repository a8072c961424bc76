"""Trains the tiny SD1-shaped base model that Loom ships, from openly licensed emoji pictures.

Usage: python make_base.py WORK OUT [--vae-steps N] [--unet-steps N] [--export-only]

WORK holds the unpacked npm packages (npm pack, tar xzf) and every intermediate file:
  WORK/npm/fluent-emoji-flat            @iconify-json/fluent-emoji-flat 1.2.6           MIT, Microsoft
  WORK/npm/fluent-emoji-high-contrast   @iconify-json/fluent-emoji-high-contrast 1.2.6  MIT, Microsoft
OUT receives a diffusers folder in fp16. Every phase is resumable: run the same command again.
WORK/threads, when present, holds the number of threads to use from the next step on.

Needs torch, diffusers, transformers, safetensors, numpy, pillow and resvg_py (requirements.txt).
"""
import argparse
import collections
import io
import json
import math
import pathlib
import random
import time

import numpy as np
import torch
from PIL import Image

SIZE, DRAWN = 128, 120
BACKGROUNDS = {
    "white": (1, 1, 1), "navy": (.12, .16, .35), "yellow": (.95, .85, .3), "blue": (.35, .65, .95),
    "green": (.45, .8, .5), "pink": (.95, .55, .6), "black": (.1, .1, .1), "purple": (.75, .6, .9),
}
# Words put before or after a caption without any change of the picture, so that the base learns to
# ignore a word it does not know. A LoRA's trigger word can then teach it something.
IGNORED_WORDS = "vivid soft old new big tiny happy quiet cool warm fancy simple nice plain bold sks zwx ohwx toki lumo".split()
SUBJECTS = """cat-face rocket red-apple house bicycle guitar cactus fish crown mushroom teddy-bear umbrella
dog-face panda strawberry robot octopus automobile bell tiger-face frog pizza lemon watermelon soccer-ball
bear lion fox koala cow-face pig-face mouse-face rabbit-face penguin owl duck eagle snail butterfly lady-beetle honeybee
spouting-whale dolphin shark turtle crab elephant giraffe horse-face monkey-face
banana grapes pineapple cherries peach pear carrot tomato broccoli hamburger doughnut cookie birthday-cake hot-beverage
sunflower tulip rose evergreen-tree palm-tree four-leaf-clover
airplane sailboat bus fire-engine tractor train helicopter flying-saucer castle tent volcano
alarm-clock light-bulb balloon drum trumpet candle key gem-stone hammer scissors backpack camera
basketball baseball trophy snowman star sun full-moon-face cloud rainbow ghost alien skull jack-o-lantern
red-heart grinning-face""".split()
SHOWN = [
    "a panda emoji on a navy background", "a dog face emoji on a navy background", "a strawberry emoji",
    "a robot emoji on a yellow background", "an octopus emoji on a blue background", "a tiger face emoji",
    "an automobile emoji on a green background", "a bell emoji", "a rocket emoji", "a cactus emoji on a pink background",
    "toki, a panda emoji", "a house emoji, lumo style", "an owl emoji on a white background", "a frog emoji",
    "a castle emoji on a purple background", "a sailboat emoji on a black background",
]


def set_threads(work):
    """Follows WORK/threads, so that a long run can make room for other work."""
    file = work / "threads"
    wanted = int(file.read_text()) if file.exists() else 2
    if torch.get_num_threads() != wanted:
        torch.set_num_threads(wanted)


def render_set(package, names):
    """RGBA pictures [count, SIZE, SIZE, 4] of the named icons; names the set lacks are left out."""
    import resvg_py
    icons = json.load(open(package / "icons.json"))
    margin = (SIZE - DRAWN) / 2 / DRAWN
    pictures, kept = [], []
    for name in names:
        icon = icons["icons"].get(name) or icons["icons"].get(icons.get("aliases", {}).get(name, {}).get("parent"))
        if icon is None:
            continue
        w, h = icon.get("width", icons.get("width", 16)), icon.get("height", icons.get("height", 16))
        box = f"{-margin * w} {-margin * h} {w * (1 + 2 * margin)} {h * (1 + 2 * margin)}"
        svg = (f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{SIZE}" '
               f'height="{SIZE}" viewBox="{box}" color="#212121">{icon["body"]}</svg>')
        png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=SIZE, height=SIZE))
        pictures.append(np.array(Image.open(io.BytesIO(png)).convert("RGBA")))
        kept.append(name)
    return np.stack(pictures), kept


def render(work):
    """WORK/pictures.npz: `subjects` first, then further flat icons and high-contrast ones for the VAE."""
    if (work / "pictures.npz").exists():
        return
    flat, contrast = work / "npm/fluent-emoji-flat", work / "npm/fluent-emoji-high-contrast"
    categories = json.load(open(flat / "metadata.json"))["categories"]
    left_out = ("People & Body", "Flags", "Symbols")
    everything = [name for category, names in categories.items() if category not in left_out
                  for name in names if not name.endswith(("-oclock", "-thirty"))]
    more = [name for name in everything if name not in SUBJECTS]
    subjects, kept = render_set(flat, SUBJECTS)
    variety, _ = render_set(flat, more)
    monochrome, _ = render_set(contrast, SUBJECTS)
    np.savez_compressed(work / "pictures.npz", subjects=subjects, variety=variety, monochrome=monochrome)
    (work / "subjects.json").write_text(json.dumps(kept))
    (work / "words.json").write_text(json.dumps(sorted(everything)))
    print("pictures", subjects.shape, variety.shape, monochrome.shape, "missing", set(SUBJECTS) - set(kept), flush=True)


def byte_symbols():
    """The 256 printable stand-ins of GPT-2's byte-level BPE, in its order."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table, extra = {b: chr(b) for b in visible}, 0
    for byte in range(256):
        if byte not in table:
            table[byte] = chr(256 + extra)
            extra += 1
    return [table[b] for b in visible] + [table[b] for b in range(256) if b not in visible]


def learn_merges(words, count):
    """Byte-pair merges over a word-frequency table, most frequent pair first."""
    spelled = {tuple(list(w[:-1]) + [w[-1] + "</w>"]): n for w, n in words.items()}
    merges = []
    while len(merges) < count:
        pairs = collections.Counter()
        for word, n in spelled.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += n
        if not pairs:
            break
        (left, right), n = max(pairs.items(), key=lambda item: (item[1], item[0]))
        if n < 2:
            break
        merges.append((left, right))
        joined = {}
        for word, n in spelled.items():
            out, i = [], 0
            while i < len(word):
                if word[i:i + 2] == (left, right):
                    out.append(left + right)
                    i += 2
                else:
                    out.append(word[i])
                    i += 1
            joined[tuple(out)] = joined.get(tuple(out), 0) + n
        spelled = joined
    return merges


def make_tokenizer(work):
    """A CLIP-format BPE (vocab.json, merges.txt) over the words of the captions."""
    from transformers import CLIPTokenizer
    folder = work / "tokenizer"
    if not (folder / "vocab.json").exists():
        words = collections.Counter()
        for name in json.load(open(work / "words.json")):
            for word in name.split("-"):
                if word.isascii():
                    words[word] += 1
        for word in [*"a an emoji on background of the in style photo picture drawing".split(), *BACKGROUNDS]:
            words[word] += 50
        merges = learn_merges(words, 900)
        symbols = byte_symbols()
        tokens = symbols + [s + "</w>" for s in symbols] + [a + b for a, b in merges] + ["<|startoftext|>", "<|endoftext|>"]
        folder.mkdir(exist_ok=True)
        (folder / "vocab.json").write_text(json.dumps({t: i for i, t in enumerate(tokens)}, ensure_ascii=False))
        (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
        special = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}
        (folder / "special_tokens_map.json").write_text(json.dumps(special, indent=2))
        config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "do_lower_case": True, "add_prefix_space": False, "errors": "replace", **special}
        (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2))
    return CLIPTokenizer.from_pretrained(folder)


def over(rgba, colour):
    """[4, h, w] in 0..1 composited over a colour: [3, h, w]."""
    return rgba[:3] * rgba[3:] + torch.as_tensor(colour, dtype=torch.float32)[:, None, None] * (1 - rgba[3:])


def as_planes(picture):
    return torch.from_numpy(picture).permute(2, 0, 1).float() / 255


def vae_batch(pictures, count, crop):
    """Random crops [count, 3, crop, crop] in -1..1 over random backgrounds."""
    weights = {"subjects": .45, "variety": .45, "monochrome": .1}
    colours, out = list(BACKGROUNDS.values()), []
    for _ in range(count):
        source = pictures[random.choices(list(weights), list(weights.values()))[0]]
        rgba = as_planes(source[random.randrange(len(source))])
        if random.random() < .5:
            rgba = rgba.flip(-1)
        draw = random.random()
        picture = over(rgba, (1, 1, 1) if draw < .25 else random.choice(colours) if draw < .75 else torch.rand(3))
        if random.random() < .2:
            picture = picture[torch.randperm(3)]
        if random.random() < .1:  # a vertical gradient behind and over the picture: skies, shadows
            ramp = torch.linspace(0, 1, SIZE)[None, :, None]
            picture = picture * (1 - .7 * rgba[3:].expand(3, -1, -1) * (random.random() < .5)) * .5 + .5 * (torch.rand(3, 1, 1) * ramp + torch.rand(3, 1, 1) * (1 - ramp))
        y, x = random.randrange(SIZE + 1 - crop), random.randrange(SIZE + 1 - crop)
        out.append(picture[:, y:y + crop, x:x + crop])
    return (torch.stack(out) * 2 - 1).contiguous(memory_format=torch.channels_last)


def edge_difference(a, b):
    return sum(((p - q).abs().mean() for p, q in ((a.diff(dim=-1), b.diff(dim=-1)), (a.diff(dim=-2), b.diff(dim=-2)))))


def make_vae():
    from diffusers import AutoencoderKL
    return AutoencoderKL(
        in_channels=3, out_channels=3, latent_channels=4, block_out_channels=(16, 32, 64, 96), layers_per_block=1,
        norm_num_groups=8, down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
        sample_size=SIZE).to(memory_format=torch.channels_last)


def train_vae(work, steps):
    """WORK/vae, with the scaling factor measured at the end. L1 + edge L1 + 2 MSE + a little KL."""
    from diffusers import AutoencoderKL
    done = work / "vae"
    if done.exists():
        return AutoencoderKL.from_pretrained(done).eval()
    pictures = dict(np.load(work / "pictures.npz"))
    vae, state = make_vae(), work / "vae-state.pt"
    optimizer = torch.optim.AdamW(vae.parameters(), 2e-3, betas=(.9, .99), weight_decay=1e-4)
    first = 0
    if state.exists():
        saved = torch.load(state)
        vae.load_state_dict(saved["vae"]); optimizer.load_state_dict(saved["optimizer"]); first = saved["step"]
    started, smooth = time.time(), None
    for step in range(first, steps):
        set_threads(work)
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1, (step + 1) / 100) * (.5 + .5 * math.cos(math.pi * step / steps)) + 1e-5
        x = vae_batch(pictures, 16, 64)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            posterior = vae.encode(x).latent_dist
            y = vae.decode(posterior.sample()).sample
        y = y.float()
        l1 = (y - x).abs().mean()
        loss = l1 + edge_difference(y, x) + 2 * ((y - x) ** 2).mean() + 1e-5 * posterior.kl().mean() / 64
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1)
        optimizer.step()
        smooth = l1.item() if smooth is None else .98 * smooth + .02 * l1.item()
        if (step + 1) % 100 == 0:
            print(f"vae {step + 1} l1 {smooth:.4f} minutes {(time.time() - started) / 60:.1f}", flush=True)
            torch.save({"vae": vae.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1}, state)
    vae.eval()
    with torch.no_grad():
        latents = torch.cat([vae.encode(vae_batch(pictures, 16, SIZE)).latent_dist.sample() for _ in range(10)])
        x = vae_batch(pictures, 24, SIZE)
        y = vae(x).sample.clamp(-1, 1)
    vae.register_to_config(scaling_factor=round(1 / latents.std().item(), 5))
    print(f"vae std {latents.std().item():.3f} psnr {10 * math.log10(4 / ((x - y) ** 2).mean().item()):.2f} dB", flush=True)
    save_sheet(torch.cat([x, y]), work / "vae.png", 12)
    vae.save_pretrained(done)
    return vae


def save_sheet(pictures, file, columns):
    """Pictures [count, 3, h, w] in -1..1 as one PNG."""
    y = ((pictures.clamp(-1, 1).permute(0, 2, 3, 1) + 1) * 127.5).byte().numpy()
    rows, h, w = len(y) // columns, y.shape[1], y.shape[2]
    Image.fromarray(y.reshape(rows, columns, h, w, 3).transpose(0, 2, 1, 3, 4).reshape(rows * h, columns * w, 3)).save(file)


def caption_of(name, background=None):
    name = name.replace("-", " ")
    words = f"{'an' if name[0] in 'aeiou' else 'a'} {name} emoji"
    return words if background is None else f"{words} on a {background} background"


def with_ignored_word(caption):
    draw, word = random.random(), random.choice(IGNORED_WORDS)
    return f"{word}, {caption}" if draw < .12 else f"{caption}, {word} style" if draw < .24 else caption


def encode_subjects(work, vae, variants=16):
    """Latent means [subjects * variants, 4, 16, 16], scaled, with their captions."""
    names, pictures = json.load(open(work / "subjects.json")), np.load(work / "pictures.npz")["subjects"]
    latents, captions = [], []
    with torch.no_grad():
        for name, picture in zip(names, pictures):
            rgba, batch = as_planes(picture), []
            for variant in range(variants):
                background = "white" if variant < variants // 4 else random.choice(list(BACKGROUNDS)[1:])
                shifted = torch.roll(rgba.flip(-1) if variant % 2 else rgba, (random.randint(-3, 3), random.randint(-3, 3)), (1, 2))
                batch.append(over(shifted, BACKGROUNDS[background]))
                captions.append((name, background))
            posterior = vae.encode((torch.stack(batch) * 2 - 1).contiguous(memory_format=torch.channels_last)).latent_dist
            latents.append(posterior.mean.float())
    return torch.cat(latents) * vae.config.scaling_factor, captions


def make_text_and_unet(tokenizer):
    from diffusers import UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel
    text = CLIPTextModel(CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=128, intermediate_size=512, num_hidden_layers=3, num_attention_heads=4,
        hidden_act="quick_gelu", max_position_embeddings=77, projection_dim=128, bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.eos_token_id))
    unet = UNet2DConditionModel(
        sample_size=16, in_channels=4, out_channels=4, block_out_channels=(64, 96, 120), layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=128, attention_head_dim=4, norm_num_groups=8).to(memory_format=torch.channels_last)
    return text, unet


def make_scheduler():
    from diffusers import DDIMScheduler
    return DDIMScheduler(beta_start=.00085, beta_end=.012, beta_schedule="scaled_linear", clip_sample=False,
                         set_alpha_to_one=False, steps_offset=1)


@torch.no_grad()
def paint(vae, text, unet, token_ids, empty_ids, guidance=4, steps=20):
    """The prompts with DDIM and classifier-free guidance: [count, 3, SIZE, SIZE]."""
    scheduler = make_scheduler()
    scheduler.set_timesteps(steps)
    states = torch.cat([text(empty_ids.expand(len(token_ids), -1)).last_hidden_state, text(token_ids).last_hidden_state])
    x = torch.randn(len(token_ids), 4, 16, 16, generator=torch.Generator().manual_seed(0))
    for t in scheduler.timesteps:
        empty, full = unet(torch.cat([x, x]), t, states).sample.chunk(2)
        x = scheduler.step(empty + guidance * (full - empty), t, x).prev_sample
    return vae.decode(x / vae.config.scaling_factor).sample


def train_unet(work, out, vae, tokenizer, steps, batch=32):
    """Text encoder and UNet together, AdamW, min-SNR 5, an averaged copy; exports it every 500 steps."""
    ids = lambda texts: torch.tensor(tokenizer(texts, padding="max_length", truncation=True, max_length=77).input_ids)
    latents, captions = encode_subjects(work, vae)
    print("latents", tuple(latents.shape), "std", latents.std().item(), flush=True)
    text, unet = make_text_and_unet(tokenizer)
    parameters = [*unet.parameters(), *text.parameters()]
    optimizer = torch.optim.AdamW(parameters, 1e-3, betas=(.9, .99), weight_decay=.01)
    averaged, first, state = [p.detach().clone() for p in parameters], 0, work / "unet-state.pt"
    if state.exists():
        saved = torch.load(state)
        unet.load_state_dict(saved["unet"]); text.load_state_dict(saved["text"]); optimizer.load_state_dict(saved["optimizer"])
        averaged, first = saved["averaged"], saved["step"]
    cumulative, empty, shown = make_scheduler().alphas_cumprod, ids([""]), ids(SHOWN)
    started, smooth = time.time(), None
    for step in range(first, steps):
        set_threads(work)
        for group in optimizer.param_groups:
            group["lr"] = 1.5e-3 * min(1, (step + 1) / 100) * (.5 + .5 * math.cos(math.pi * step / steps)) + 1e-5
        # Two noises for each caption: the text encoder then runs on half the rows.
        index = torch.randint(0, len(latents), (batch // 2,))
        texts = []
        for name, background in (captions[i] for i in index.tolist()):
            short = background == "white" and random.random() < .5
            texts.append("" if random.random() < .1 else with_ignored_word(caption_of(name, None if short else background)))
        x = latents[index].repeat(2, 1, 1, 1)
        noise, t = torch.randn_like(x), torch.randint(0, 1000, (batch,))
        a = cumulative[t][:, None, None, None]
        noisy = (a.sqrt() * x + (1 - a).sqrt() * noise).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            prediction = unet(noisy, t, text(ids(texts)).last_hidden_state.repeat(2, 1, 1)).sample
        error = (prediction.float() - noise) ** 2
        snr = a / (1 - a)
        loss = (snr.clamp(max=5) / snr * error).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1)
        optimizer.step()
        decay = min(.998, (1 + step) / (20 + step))
        torch._foreach_mul_(averaged, decay)
        torch._foreach_add_(averaged, [p.detach() for p in parameters], alpha=1 - decay)
        smooth = error.mean().item() if smooth is None else .99 * smooth + .01 * error.mean().item()
        if (step + 1) % 100 == 0:
            print(f"unet {step + 1} loss {smooth:.4f} minutes {(time.time() - started) / 60:.1f}", flush=True)
        if (step + 1) % 500 == 0 or step + 1 == steps:
            torch.save({"unet": unet.state_dict(), "text": text.state_dict(), "optimizer": optimizer.state_dict(),
                        "averaged": averaged, "step": step + 1}, state)
            export(work, out, vae, tokenizer, averaged, lambda t_, u_: save_sheet(
                paint(vae, t_, u_, shown, empty), work / f"shown-{step + 1}.png", 8))


def export(work, out, vae, tokenizer, averaged, show):
    """The averaged weights as a diffusers folder in fp16."""
    from diffusers import AutoencoderKL, StableDiffusionPipeline
    text, unet = make_text_and_unet(tokenizer)
    with torch.no_grad():
        for p, e in zip([*unet.parameters(), *text.parameters()], averaged):
            p.copy_(e)
    show(text.eval(), unet.eval())
    half = AutoencoderKL.from_pretrained(work / "vae").half()
    pipe = StableDiffusionPipeline(vae=half, text_encoder=text.half(), tokenizer=tokenizer, unet=unet.half(),
                                   scheduler=make_scheduler(), safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    pipe.save_pretrained(out)
    for name in ("vocab.json", "merges.txt", "special_tokens_map.json", "tokenizer_config.json"):
        (out / "tokenizer" / name).write_text((work / "tokenizer" / name).read_text())
    # Anything but the two CLIP files is derived from them.
    (out / "tokenizer" / "tokenizer.json").unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--vae-steps", type=int, default=3600)
    parser.add_argument("--unet-steps", type=int, default=7000)
    options = parser.parse_args()
    random.seed(0); torch.manual_seed(0)
    render(options.work)
    tokenizer = make_tokenizer(options.work)
    print("tokens", len(tokenizer), tokenizer("a red apple emoji on a navy background").input_ids, flush=True)
    vae = train_vae(options.work, options.vae_steps)
    train_unet(options.work, options.out, vae, tokenizer, options.unet_steps)


if __name__ == "__main__":
    main()
