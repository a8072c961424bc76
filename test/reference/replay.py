"""Replays a training run from its trace in PyTorch, in double precision, and says whether it was an honest one.

Usage: python replay.py BASE TRACE [--dtype float64|float32] [--gradient-limit 1e-4] [--prediction-type epsilon|v_prediction] [--json]

BASE is a diffusers folder, TRACE what `loom trace` wrote. Of each micro-batch only latents, noise, timestep and tokens
are taken from the trace; prediction, loss and gradients are computed anew with the tensors of the previous update.
Relative errors are max |difference| over max |tensor|, for gradients with a floor of 1e-6 of the largest gradient.

Adam turns rounding noise into full-size updates, so trained values are judged in two other ways:
  optimizer  clip + AdamW recomputed from the trace's own gradients and previous values, relative to the change. What
             the rounding of float32 values explains is taken off ("optimizer_raw", told only, is the L2 norm over all
             tensors without that).
  movement   an own run through all updates from the initial values and own gradients: L2 norm over all tensors of the
             difference in movement, relative to the movement.

Exit code 0: accepted. 1: rejected, with a sentence for each rule that is broken. 2: cannot be replayed.
"""
import argparse
import json
import sys
import time

import torch
from diffusers.utils import logging as diffusers_logging

import trace_file
from reference_model import Base

LIMITS = {"prediction": 1e-5, "loss": 1e-5, "gradient": 1e-4, "gradient_embedding": 1e-4, "optimizer": 3e-5, "movement": 1e-3}


class Worst:
    """The largest error of each kind, and where it was."""

    def __init__(self):
        self.found = {}

    def note(self, kind, error, place):
        error = float(error)
        if kind not in self.found or not error <= self.found[kind][0]:
            self.found[kind] = (error, place)

    def faults(self):
        for kind, (error, place) in self.found.items():
            if kind in LIMITS and not error <= LIMITS[kind]:
                yield f"{kind.replace('_', ' ')} of {place} is off by {error:.2e} (limit {LIMITS[kind]:.0e})"


def ratio(difference, reference, floor=0.0):
    """max |difference| over max |reference|; no difference is no error, whatever the reference."""
    top = difference.abs().max().item()
    return top / max(reference.abs().max().item(), floor) if top else 0.0


def length(a, b):
    """L2 norm of the difference over all tensors."""
    return sum((a[name] - b[name]).square().sum() for name in a).sqrt().item()


class Replay:
    def __init__(self, base, trace):
        self.base, self.trace, self.settings = base, trace, trace.settings
        self.sites = {module: base.sites(self.settings["clip_skip"])[module] for module in trace.modules}

    def set_values(self, values):
        """Puts adapters and learned rows in place as leaves: name -> leaf."""
        leaves = {name: value.to(self.base.dtype).clone().requires_grad_() for name, value in values.items()}
        for module, site in self.sites.items():
            site.down, site.up = (leaves[f"adapter/{module}.lora_{half}.weight"] for half in ("down", "up"))
            site.scale = self.settings["scale"]
        self.learned = [leaves.get(f"embedding/{name}") for name in trace_file.EMBEDDINGS]
        return leaves

    def micro_batch(self, u, i):
        """Prediction and loss of one micro-batch with the values in place."""
        part = lambda name: self.trace.micro(u, i, name)
        latents, noise = part("latents").to(self.base.dtype), part("noise").to(self.base.dtype)
        timestep, tokens = part("timestep"), [part(name) for name in ("tokens", "tokens_2")]
        time_ids = part("time_ids").to(self.base.dtype) if self.base.is_sdxl else None
        condition = self.base.condition(tokens, self.settings["clip_skip"], self.learned)
        prediction = self.base.predict(latents, noise, timestep, condition, time_ids)
        return prediction, self.base.loss(prediction, latents, noise, timestep, self.settings["prediction_type"], self.settings["min_snr_gamma"])

    def update(self, u, values, compare=None):
        """Gradients of update u at `values`: averaged over the micro-batches, before clipping, in double precision."""
        leaves = self.set_values(values)
        names = [name for name in leaves if self.trace.is_trained(u, name)]
        sums = {name: torch.zeros_like(values[name]) for name in names}
        for i in range(self.trace.accumulation):
            prediction, loss = self.micro_batch(u, i)
            if compare:
                compare(i, prediction.detach(), loss.detach())
            # A caption that does not mention the embedding leaves it out of the graph.
            for name, gradient in zip(names, torch.autograd.grad(loss, [leaves[n] for n in names], allow_unused=True)):
                if gradient is not None:
                    sums[name] += gradient.double()
        return {name: total / self.trace.accumulation for name, total in sums.items()}


class AdamW:
    """One global norm, then decoupled weight decay and Adam; in double precision, from nothing."""

    def __init__(self, settings):
        self.settings, self.moments, self.count = settings, {}, 0

    def step(self, values, gradients, rates):
        """The values after one update. Names without a gradient are held."""
        s, limit = self.settings, self.settings["max_grad_norm"]
        (b1, b2), eps, decay = s["betas"], s["eps"], s["weight_decay"]
        self.count += 1
        norm = sum(g.square().sum() for g in gradients.values()).sqrt()
        # The 1e-6 is torch.nn.utils.clip_grad_norm_'s.
        factor = min(1.0, (limit / (norm + 1e-6)).item()) if limit else 1.0
        after = dict(values)
        for name, gradient in gradients.items():
            g, rate = gradient * factor, rates[trace_file.group_of(name)]
            m, v = self.moments.get(name, (torch.zeros_like(g), torch.zeros_like(g)))
            m, v = self.moments[name] = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
            change = (m / (1 - b1 ** self.count)) / ((v / (1 - b2 ** self.count)).sqrt() + eps)
            after[name] = values[name] * (1 - rate * decay) - rate * change
        return after


def rates_of(trace, u):
    return {g: trace.rate(u, g) for g in trace.groups if f"step.{u}.lr/{g}" in trace.tensors}


def judge_gradients(trace, u, own, theirs, worst):
    floor = 1e-6 * max((g.abs().max().item() for g in own.values()), default=0)
    for name, gradient in own.items():
        kind = "gradient_embedding" if name.startswith("embedding/") else "gradient"
        worst.note(kind, ratio(theirs[name] - gradient, gradient, floor), f"update {u}, {name.split('/')[1]}")


def judge_optimizer(u, before, theirs, own, trained, worst):
    for name in trained:
        # A float32 step rounds the decayed value, the sum and, in torch, the decay's factor: 1.25 eps together.
        rounding = 1.5 * torch.finfo(torch.float32).eps * own[name].abs()
        excess = ((theirs[name] - own[name]).abs() - rounding).clamp(min=0)
        worst.note("optimizer", ratio(excess, own[name] - before[name], 1e-300), f"update {u}, {name.split('/')[1]}")
    worst.note("optimizer_raw", length(theirs, own) / max(length(own, before), 1e-300), f"update {u}")


def judge_movement(trace, u, initial, own, worst):
    error = length(trace.values(u), own) / max(length(own, initial), 1e-300)
    worst.note("movement_worst", error, f"update {u}")
    if u == trace.updates - 1:
        worst.note("movement", error, f"update {u}")


def replay(base, trace):
    """The worst errors of a trace whose form is right, and sentences about held values."""
    run, worst, held = Replay(base, trace), Worst(), []
    initial = trace.values(-1)
    checked, free, own_values = AdamW(trace.settings), AdamW(trace.settings), initial
    for u in range(trace.updates):
        def compare(i, prediction, loss):
            place = f"update {u}, micro-batch {i}"
            worst.note("prediction", ratio(trace.micro(u, i, "prediction").double() - prediction.double(), prediction), place)
            worst.note("loss", ratio(trace.micro(u, i, "loss").double() - loss.double(), loss), place)
        before, after, theirs = trace.values(u - 1), trace.values(u), trace.gradients(u)
        trained = {name: theirs[name] for name in trace.names if trace.is_trained(u, name)}
        judge_gradients(trace, u, run.update(u, before, compare), theirs, worst)
        judge_optimizer(u, before, after, checked.step(before, trained, rates_of(trace, u)), trained, worst)
        held += [f"{name} is held at update {u}, yet it changed" for name in before
                 if name not in trained and not torch.equal(before[name], after[name])]
        held += [f"step.{u}.{name} is not zero, yet {name} is held" for name in before
                 if name not in trained and name in theirs and theirs[name].any()]
        own_values = free.step(own_values, run.update(u, own_values), rates_of(trace, u))
        judge_movement(trace, u, initial, own_values, worst)
    return worst, held


def verdict(base_folder, trace_path, dtype="float64", prediction_type=None):
    """All that is to be said about a trace, as data."""
    started = time.time()
    base, trace = Base(base_folder, getattr(torch, dtype)), trace_file.Trace(trace_path)
    faults, worst = trace_file.faults(trace, base, prediction_type or base.prediction_type), Worst()
    if not faults:
        worst, faults = replay(base, trace)
        faults += worst.faults()
    return {"accepted": not faults, "faults": faults, "updates": trace.updates, "accumulation": trace.accumulation,
            "modules": len(trace.modules), "embeddings": trace.embeddings, "dtype": dtype, "seconds": round(time.time() - started, 2),
            "worst": {kind: {"error": error, "at": place} for kind, (error, place) in worst.found.items()}}


def print_verdict(v):
    print(f"{v['updates']} updates of {v['accumulation']} micro-batches, {v['modules']} modules, "
          f"{len(v['embeddings'])} embeddings, {v['dtype']}, {v['seconds']} s")
    for kind, found in v["worst"].items():
        limit = f"limit {LIMITS[kind]:.0e}" if kind in LIMITS else ""
        print(f"  {kind:20} {found['error']:.2e}  {limit:11}  {found['at']}")
    for fault in v["faults"]:
        print(f"rejected: {fault}")
    print("ACCEPTED" if v["accepted"] else "REJECTED")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base")
    parser.add_argument("trace")
    parser.add_argument("--dtype", choices=("float64", "float32"), default="float64")
    parser.add_argument("--gradient-limit", type=float, default=LIMITS["gradient"], help="for models whose single-precision rounding is larger")
    parser.add_argument("--prediction-type", choices=("epsilon", "v_prediction"), help="what the settings must say; default: the base's scheduler")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    diffusers_logging.set_verbosity_error()
    LIMITS["gradient"] = options.gradient_limit
    found = verdict(options.base, options.trace, options.dtype, options.prediction_type)
    print(json.dumps(found, indent=2)) if options.json else print_verdict(found)
    sys.exit(0 if found["accepted"] else 1)


if __name__ == "__main__":
    try:
        main()
    except (OSError, KeyError, ValueError, RuntimeError) as problem:
        print(f"cannot be replayed: {type(problem).__name__}: {problem}", file=sys.stderr)
        sys.exit(2)
