"""diffusers' side of `npm run bench -- painting`: the same works, told in the same lines of JSON as painting-process.ts.

Usage: python bench_painting.py '{"base": "DIR", "work": "paint", "pixels": 512, "steps": 20, "repeats": 1, "threads": 2}'
"""
import json
import resource
import sys
import time

import torch
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, StableDiffusionPipeline
from transformers import CLIPTextModel, CLIPTokenizer

CAPTION = "a photo of a dog on a beach, golden hour, film grain"


def tell(**event):
    print(json.dumps(event), flush=True)


def vae_of(plan):
    return AutoencoderKL.from_pretrained(plan["base"], subfolder="vae", torch_dtype=torch.float32)


def vae_encode(plan):
    vae, side = vae_of(plan), plan["pixels"]
    image = torch.rand(1, 3, side, side) * 2 - 1
    return lambda: vae.encode(image).latent_dist.mean


def vae_decode(plan):
    vae, side = vae_of(plan), plan["pixels"] // 8
    latents = torch.randn(1, 4, side, side)
    return lambda: vae.decode(latents).sample


def text_encode(plan):
    tokenizer = CLIPTokenizer.from_pretrained(plan["base"], subfolder="tokenizer")
    encoder = CLIPTextModel.from_pretrained(plan["base"], subfolder="text_encoder", dtype=torch.float32)
    ids = tokenizer(CAPTION, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    return lambda: encoder(ids).last_hidden_state


def paint(plan):
    pipe = StableDiffusionPipeline.from_pretrained(plan["base"], dtype=torch.float32)
    pipe.scheduler = DPMSolverMultistepScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    side = plan["pixels"]
    return lambda steps=plan["steps"]: pipe(CAPTION, negative_prompt="blurry", height=side, width=side, guidance_scale=7,
                                            num_inference_steps=steps, generator=torch.Generator().manual_seed(1))


WORKS = {"vae-encode": vae_encode, "vae-decode": vae_decode, "text-encode": text_encode, "paint": paint}


def main():
    plan = json.loads(sys.argv[1])
    torch.set_num_threads(plan["threads"])
    with torch.inference_mode():
        started = time.perf_counter()
        work = WORKS[plan["work"]](plan)
        work(2) if plan["work"] == "paint" else work()
        tell(kind="first", elapsedMs=(time.perf_counter() - started) * 1000)
        for _ in range(plan["repeats"]):
            started = time.perf_counter()
            work()
            tell(kind="again", elapsedMs=(time.perf_counter() - started) * 1000)
    tell(kind="end", peakBytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


if __name__ == "__main__":
    main()
