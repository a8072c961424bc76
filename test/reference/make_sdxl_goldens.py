"""Makes test/golden/engine/sdxl.safetensors: what transformers and diffusers make of texts and prompts on the tiny SDXL base.

The base comes from `node test/engine/golden-run.ts whole-tab-sdxl FOLDER`, the noise from
`node test/reference/write-noise.ts FOLDER/noise.safetensors 8 8 1`. Everything runs in double precision. Written are
  states.SKIP.N, pooled.N   of prompt N at that CLIP skip: both encoders' states side by side, and the pooled vector
  ids.N, ids_2.N            its token ids in both tokenizers
  picture.NAME              [16, 16, 3], 0 to 1: StableDiffusionXLPipeline, DDIM, 3 steps, guidance 4, for each of PICTURES

    python make_sdxl_goldens.py FOLDER OUT_FILE
"""
import pathlib
import sys

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
from transformers.utils import logging as transformers_logging

PROMPTS = ["a sks dog", "", "text that is longer than all of the others " + "photo " * 90]
PICTURES = {"plain": {}, "negative": {"negative_prompt": "a cat"}, "skip-one": {"clip_skip": -1}}


def text_encoder(folder, kind):
    config = CLIPTextConfig.from_pretrained(folder)
    # The tiny vocabulary has its own end token; the tokenizer names it.
    config.eos_token_id = CLIPTokenizer.from_pretrained(str(folder).replace("text_encoder", "tokenizer")).eos_token_id
    # The eager attention has a float32 softmax inside.
    return kind.from_pretrained(folder, config=config, dtype=torch.float64, attn_implementation="sdpa").eval()


def load(kind, folder):
    model = kind.from_config(kind.load_config(folder))
    model.load_state_dict(load_file(folder / "diffusion_pytorch_model.safetensors"))
    return model.double().eval()


@torch.no_grad()
def texts_of(encoders, tokenizers):
    for n, prompt in enumerate(PROMPTS):
        ids = [t(prompt, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids for t in tokenizers]
        said = [encoder(i, output_hidden_states=True) for encoder, i in zip(encoders, ids)]
        yield f"ids.{n}", ids[0][0]
        yield f"ids_2.{n}", ids[1][0]
        yield f"pooled.{n}", said[1].text_embeds[0].float()
        for skip in (1, 2):
            yield f"states.{skip}.{n}", torch.cat([s.hidden_states[-skip][0] for s in said], -1).float()


def picture(pipe, noise, settings):
    shown = pipe(PROMPTS[0], num_inference_steps=3, guidance_scale=4, latents=noise.clone(), height=16, width=16, output_type="np", **settings)
    return torch.tensor(shown.images[0]).float()


def main(folder, out):
    torch.set_num_threads(1)
    transformers_logging.set_verbosity_error()
    base = folder / "base"
    encoders = [text_encoder(base / "text_encoder", CLIPTextModel), text_encoder(base / "text_encoder_2", CLIPTextModelWithProjection)]
    tokenizers = [CLIPTokenizer.from_pretrained(base / name) for name in ("tokenizer", "tokenizer_2")]
    golden = dict(texts_of(encoders, tokenizers))
    pipe = StableDiffusionXLPipeline(
        load(AutoencoderKL, base / "vae"), *encoders, *tokenizers, load(UNet2DConditionModel, base / "unet"),
        DDIMScheduler.from_config({**DDIMScheduler.load_config(base / "scheduler"), "clip_sample": False}), add_watermarker=False)
    pipe.set_progress_bar_config(disable=True)
    noise = load_file(folder / "noise.safetensors")["noise.0"].double()
    golden |= {f"picture.{name}": picture(pipe, noise, settings) for name, settings in PICTURES.items()}
    save_file({name: tensor.contiguous() for name, tensor in golden.items()}, out)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2])
