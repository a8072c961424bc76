"""Golden file for src/engine/encode/tiles.ts: a picture and latents through a tiny VAE in tiles, as diffusers tiles them.

The VAE is that of test/golden/models/sd1-two-levels (factor 2), run in float64 with tiles of 8 picture elements. Written to
test/golden/models/tiling.safetensors: image, moments (means, then log-variances), latents, decoded. The sides leave
partial tiles, one of them narrower than the fade.

Run: python test/reference/make_tiling_goldens.py   (torch 2.13, diffusers 0.42)
"""

from pathlib import Path

import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file

MODELS = Path(__file__).resolve().parents[1] / "golden" / "models"
TILE, FACTOR = 8, 2


def main():
    vae = AutoencoderKL.from_pretrained(MODELS / "sd1-two-levels" / "vae").double().eval()
    vae.enable_tiling()
    vae.tile_sample_min_size, vae.tile_latent_min_size = TILE, TILE // FACTOR
    generator = torch.Generator().manual_seed(11)
    image = torch.randn(1, 3, 20, 14, generator=generator).clamp(-1, 1)
    latents = torch.randn(1, 4, 7, 10, generator=generator)
    with torch.no_grad():
        distribution = vae.encode(image.double()).latent_dist
        moments = torch.cat([distribution.mean, distribution.logvar], 1)
        decoded = vae.decode(latents.double()).sample
    tensors = {"image": image, "moments": moments, "latents": latents, "decoded": decoded}
    save_file({key: value[0].float().contiguous() for key, value in tensors.items()}, MODELS / "tiling.safetensors")


if __name__ == "__main__":
    main()
