"""Makes test/golden/engine/NAME.safetensors: a training run by PyTorch in double precision.

The run is one of Loom's own golden runs (NAME: training, whole-tab, whole-tab-sdxl): base folder and trace come from
`node test/engine/golden-run.ts NAME FOLDER`. Of the trace only the draws are used (latents, noise, timestep, tokens)
and the initial values; every loss, the gradients of the first two updates and the values after the last update are
computed here, by an own run through all updates.

    python make_training_goldens.py FOLDER OUT_FILE
"""
import pathlib
import sys

import torch
from safetensors.torch import save_file

import replay
import trace_file
from reference_model import Base


def main(folder, out):
    torch.set_num_threads(1)
    trace = trace_file.Trace(folder / "trace.safetensors")
    run, optimizer = replay.Replay(Base(folder / "base"), trace), replay.AdamW(trace.settings)
    values, losses, golden = trace.values(-1), [], {}
    for u in range(trace.updates):
        gradients = run.update(u, values, lambda i, prediction, loss: losses.append(loss))
        if u < 2:
            # The first one has no gradient for `down` yet, the second for both.
            golden |= {f"step.{u}.{name}": gradient for name, gradient in gradients.items()}
        values = optimizer.step(values, gradients, replay.rates_of(trace, u))
    golden |= values
    golden["losses"] = torch.stack(losses)
    save_file({name: tensor.float().contiguous() for name, tensor in golden.items()}, out)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2])
