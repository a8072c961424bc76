"""Makes the golden files in test/golden/diffusion with PyTorch and diffusers (torch 2.13, diffusers 0.42, x86 with AVX2).

Noise schedules, noising and v targets, time features, and whole trajectories of DDIM and DPM++ 2M over a toy model
that TypeScript can repeat: prediction = tanh(0.8 x + t / 1000 - 0.2), elementwise.

    python test/reference/make_diffusion_goldens.py
"""

import hashlib
import json
from pathlib import Path

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler
from diffusers.models.embeddings import get_timestep_embedding
from safetensors.torch import save_file

torch.set_num_threads(1)
OUT = Path(__file__).parent.parent / "golden" / "diffusion"

SD1 = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "clip_sample": False,
}


def save(name, tensors, **texts):
    OUT.mkdir(parents=True, exist_ok=True)
    contiguous = {key: value.contiguous() for key, value in tensors.items()}
    # One metadata key: safetensors writes several in random order, and the file would differ from run to run.
    save_file(contiguous, OUT / f"{name}.safetensors", {"golden": json.dumps(texts)})
    (OUT / f"{name}.safetensors").chmod(0o644)


def scheduler(kind, config):
    """Either class from one config; each takes the keys it knows."""
    cls = {"DDIM": DDIMScheduler, "DPM++ 2M": DPMSolverMultistepScheduler}[kind]
    known = {key: value for key, value in config.items() if kind == "DDIM" or key not in ("clip_sample", "set_alpha_to_one")}
    if kind == "DDIM":
        known = {key: value for key, value in known.items() if key not in ("final_sigmas_type", "lower_order_final")}
    return cls(**known)


def noise_schedules():
    configs = {
        "sd1": SD1,
        "sd1 zero terminal snr": {**SD1, "rescale_betas_zero_snr": True},
        "linear": {**SD1, "beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02},
        "scaled linear, 77 timesteps": {**SD1, "num_train_timesteps": 77},
        "cosine, 100 timesteps": {**SD1, "beta_schedule": "squaredcos_cap_v2", "num_train_timesteps": 100},
        "own betas": {**SD1, "trained_betas": [0.001 * (i + 1) for i in range(40)]},
        "defaults of diffusers": {},
    }
    tensors = {name: scheduler("DDIM", config).alphas_cumprod for name, config in configs.items()}
    save("noise-schedules", tensors, configs=configs)


def noising():
    ddim = scheduler("DDIM", SD1)
    generator = torch.Generator().manual_seed(11)
    latents, noise = torch.randn(2, 48, generator=generator)
    timesteps = [0, 1, 250, 500, 999]
    tensors = {"latents": latents, "noise": noise}
    for t in timesteps:
        at = torch.tensor([t])
        tensors[f"noisy {t}"] = ddim.add_noise(latents[None], noise[None], at)[0]
        tensors[f"v {t}"] = ddim.get_velocity(latents[None], noise[None], at)[0]
    save("noising", tensors, timesteps=timesteps)


def time_features():
    timesteps = [0, 1, 2, 10, 77, 250, 499, 500, 750, 901, 981, 999, 1024]
    tensors, cases = {}, {}
    for dim, flip, shift in [(320, True, 0), (64, True, 0), (96, True, 0), (256, True, 0), (32, True, 0), (64, False, 1), (33, True, 0)]:
        name = f"{dim} flip {flip} shift {shift}"
        tensors[name] = get_timestep_embedding(torch.tensor(timesteps), dim, flip, shift)
        cases[name] = {"dim": dim, "flipSinToCos": flip, "freqShift": shift}
    save("time-features", tensors, timesteps=timesteps, cases=cases)


def toy_model(x, t):
    return torch.tanh(0.8 * x + (t / 1000 - 0.2))


def trajectory(kind, config, steps, start):
    solver = scheduler(kind, config)
    solver.set_timesteps(steps)
    latents, rows = start, [start]
    for t in solver.timesteps:
        latents = solver.step(toy_model(latents, int(t)), t, latents).prev_sample
        rows.append(latents)
    return torch.stack(rows), solver.timesteps.to(torch.int64)


def trajectories():
    start = torch.randn(8, generator=torch.Generator().manual_seed(5))
    cases = {}
    for kind in ("DDIM", "DPM++ 2M"):
        for prediction in ("epsilon", "v_prediction"):
            for spacing in ("leading", "trailing", "linspace"):
                for steps in (1, 2, 9, 20):
                    config = {**SD1, "prediction_type": prediction, "timestep_spacing": spacing}
                    cases[f"{kind}, {prediction}, {spacing}, {steps} steps"] = (kind, config, steps)
        extra = {
            "own spacing": SD1,
            "alpha to one": {**SD1, "set_alpha_to_one": True},
            "zero terminal snr": {**SD1, "prediction_type": "v_prediction", "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"},
            "200 timesteps": {**SD1, "num_train_timesteps": 200, "timestep_spacing": "leading"},
            "ends at sigma min": {**SD1, "final_sigmas_type": "sigma_min"},
            "ends at sigma min in second order": {**SD1, "final_sigmas_type": "sigma_min", "lower_order_final": False},
        }
        for name, config in extra.items():
            cases[f"{kind}, {name}"] = (kind, config, 12)
    tensors = {"start": start}
    for name, (kind, config, steps) in cases.items():
        tensors[name], tensors[f"{name}, timesteps"] = trajectory(kind, config, steps, start)
    described = {name: {"sampler": kind, "config": config, "steps": steps} for name, (kind, config, steps) in cases.items()}
    save("trajectories", tensors, cases=described)


def timestep_digests():
    """SHA-256 over the timesteps of every step count from 1 to 998, one line per count."""
    digests = {}
    for kind in ("DDIM", "DPM++ 2M"):
        for spacing in ("leading", "trailing", "linspace"):
            solver = scheduler(kind, {**SD1, "timestep_spacing": spacing})
            lines = []
            for steps in range(1, 999):
                solver.set_timesteps(steps)
                # np.arange gives one timestep too many (-1) where 1000 / (1000 / steps) rounds up.
                lines.append(",".join(str(t) for t in solver.timesteps.tolist()[:steps]))
            digests[f"{kind}, {spacing}"] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    (OUT / "timestep-digests.json").write_text(json.dumps(digests, indent=2) + "\n")


if __name__ == "__main__":
    noise_schedules()
    noising()
    time_features()
    trajectories()
    timestep_digests()
