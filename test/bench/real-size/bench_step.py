"""One LoRA training step of a real-size UNet in PyTorch: what Loom is measured against.

Usage: python bench_step.py BASE [--pixels 512] [--steps 3] [--dim 16] [--threads 2] [--as fp32|checkpointing|bf16|bf16-checkpointing]
       [--runs 1] [--batch 1]

diffusers' UNet with peft's LoRA on the layers that kohya trains, AdamW: `--runs` times forward and backward of `--batch`
pictures, then the update. Prints one line of JSON per update and a last one with the peak resident memory. Random
pictures: their content does not change the time.
"""
import argparse
import json
import resource
import time

import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig

TARGETS = r".*\.(proj_in|proj_out|to_q|to_k|to_v|to_out\.0|ff\.net\.0\.proj|ff\.net\.2)"


def open_unet(base, dim, way):
    dtype = torch.bfloat16 if way.startswith("bf16") else torch.float32
    unet = UNet2DConditionModel.from_pretrained(base, subfolder="unet", torch_dtype=dtype, variant=None)
    unet.requires_grad_(False)
    unet.add_adapter(LoraConfig(r=dim, lora_alpha=dim, target_modules=TARGETS))
    trained = [p for p in unet.parameters() if p.requires_grad]
    for p in trained:
        p.data = p.data.float()
    if way.endswith("checkpointing"):
        unet.enable_gradient_checkpointing()
    return unet.train(), trained


def added(config, batch):
    if config.addition_embed_type != "text_time":
        return None
    width = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
    return {"text_embeds": torch.randn(batch, width), "time_ids": torch.tensor([[512., 512., 0., 0., 512., 512.]] * batch)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base")
    parser.add_argument("--pixels", type=int, default=512)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--dim", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--as", dest="way", choices=("fp32", "checkpointing", "bf16", "bf16-checkpointing"), default="fp32")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    unet, trained = open_unet(options.base, options.dim, options.way)
    optimizer = torch.optim.AdamW(trained, lr=1e-4)
    width, side = unet.config.cross_attention_dim, options.pixels // 8
    batch, runs = options.batch, options.runs
    conditions = added(unet.config, batch)
    for _ in range(options.steps):
        began = time.perf_counter()
        for _ in range(runs):
            latents, target = torch.randn(batch, 4, side, side), torch.randn(batch, 4, side, side)
            states, timesteps = torch.randn(batch, 77, width), torch.tensor([500] * batch)
            with torch.autocast("cpu", torch.bfloat16, enabled=options.way.startswith("bf16")):
                answer = unet(latents, timesteps, states, added_cond_kwargs=conditions).sample
            loss = torch.nn.functional.mse_loss(answer.float(), target) / runs
            loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        print(json.dumps({"kind": "step", "elapsedMs": 1000 * (time.perf_counter() - began), "loss": loss.item()}), flush=True)
    print(json.dumps({"kind": "ended", "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


if __name__ == "__main__":
    main()
