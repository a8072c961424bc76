"""Makes test/golden/engine/optimizer.json: AdamW with gradient clipping over several updates, by torch in float64.

Gradients are small in some updates and large in others, so that clipping is off and on, and one element has none at
all. The gradients are float32 numbers, so that both sides read the same ones.

    python make_optimizer_goldens.py OUT_FILE
"""
import json
import sys

import torch

UPDATES = 8
SETTINGS = {"betas": [0.9, 0.999], "eps": 1e-8, "weightDecay": 0.01, "maxNorm": 1.0}


def main(out: str) -> None:
    torch.manual_seed(3)
    first = torch.randn(7, dtype=torch.float32)
    parameter = torch.nn.Parameter(first.double())
    optimizer = torch.optim.AdamW([parameter], betas=tuple(SETTINGS["betas"]), eps=SETTINGS["eps"], weight_decay=SETTINGS["weightDecay"])
    updates = []
    for update in range(UPDATES):
        gradient = torch.randn(7, dtype=torch.float32) * (0.01 if update % 2 else 3.0)
        gradient[4] = 0
        rate = 1e-3 * min(1.0, (update + 1) / 3)
        parameter.grad = gradient.double()
        norm = torch.nn.utils.clip_grad_norm_([parameter], SETTINGS["maxNorm"])
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        updates.append({"gradient": gradient.tolist(), "rate": rate, "norm": norm.item(), "after": parameter.detach().tolist()})
    with open(out, "w") as file:
        json.dump({"settings": SETTINGS, "first": first.tolist(), "updates": updates}, file)


if __name__ == "__main__":
    main(sys.argv[1])
