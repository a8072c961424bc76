"""Shows that replay.py accepts honest runs of many kinds and rejects each kind of mistake.

Usage: python check_replay.py WORK [--only TEXT]

WORK receives the random models and the traces. Prints one line per run; exit code 1 when a verdict is wrong.
"""
import argparse
import pathlib
import sys
import time

from diffusers.utils import logging as diffusers_logging

from make_honest_trace import make_honest_trace
from make_random_model import SHAPES, make_random_model
from replay import verdict

TEXT = "--text-rate 4e-4"
EMBEDDING = "--embedding-rate 5e-3 --embedding-length 3 --stop-at 3"
ALL = f"--accumulation 3 --min-snr-gamma 5 --noise-offset 0.1 --clip-skip 2 {TEXT} {EMBEDDING}"
# Small pictures are quick; too small ones leave a single position in the middle of the UNet, where attention's gradient
# is exactly zero and float32 has nothing but rounding to show.
SIZES = {"a": "48 32", "e": "48 32", "sdxl": "48 32", "c": "128 96"}
HONEST = [
    *((shape, "") for shape in SHAPES),
    ("a", "--steps 20"), ("c", "--clip-skip 3 --max-grad-norm 0.01"), ("d", "--min-snr-gamma 5 --noise-offset 0.1 --max-grad-norm 0"),
    ("b", "--accumulation 1 --warmup 0 --scale 1 --dim 1"), ("e", "--dim 8 --rate 1e-4 --warmup 20 --size 32 32"), ("b", "--min-snr-gamma 1"),
    ("a", TEXT), ("c", f"{TEXT} --clip-skip 2"), ("a", EMBEDDING), ("c", "--embedding-rate 5e-3 --embedding-length 1 --rate 0"),
    *((shape, ALL) for shape in ("a", "b", "c", "d", "sd2", "sdxl")),
]
CLIPPED = "--max-grad-norm 0.02 --steps 6"
SPOILED = [
    ("a", "scale-twice", ""), ("a", "sum-not-mean", ""), ("b", "wrong-clip", CLIPPED), ("a", "clip-per-group", f"{CLIPPED} {TEXT} {EMBEDDING}"),
    ("c", "lr-off", ""), ("c", "lr-hidden", ""), ("a", "no-bias-correction", ""), ("a", "wrong-target", ""), ("b", "wrong-target", ""),
    ("d", "decay-missing", ""), ("a", "swapped-up", ""), ("c", "skip-off", ""), ("a", "wide-init", ""), ("b", "snr-gamma-off", "--min-snr-gamma 5"),
    ("a", "stale-noise", ""), ("a", "offset-shared", "--noise-offset 0.3"), ("a", "offset-missing", "--noise-offset 0.2"), ("a", "stop-late", EMBEDDING),
    ("a", "stop-early", EMBEDDING), ("a", "moments-skipped", f"{EMBEDDING} --accumulation 1 --steps 8 --stop-at 8"),
    ("e", "extra-key", ""), ("e", "missing-key", ""), ("e", "timestep-int32", ""), ("sd2", "skip-off", ALL), ("sdxl", "scale-twice", ALL), ("sdxl", "skip-off", ""),
]


def judge(work, shape, options, spoil=None):
    """Makes a trace and replays it."""
    base, trace = work / f"model-{shape}", work / "trace.safetensors"
    size = [] if "--size" in options else ["--size", *SIZES.get(shape, "64 48").split()]
    make_honest_trace([str(base), str(trace), *size, *options.split(), *(["--spoil", spoil] if spoil else [])])
    return verdict(base, trace)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--only", default="", help="only runs whose line contains this")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    diffusers_logging.set_verbosity_error()
    for shape in SHAPES:
        make_random_model(options.work / f"model-{shape}", shape, seed=1)
    wrong = 0
    for shape, settings, spoil in [(s, o, None) for s, o in HONEST] + [(s, o, k) for s, k, o in SPOILED]:
        line = f"{shape:5} {spoil or 'honest':18} {settings}"
        if options.only not in line:
            continue
        started, found = time.time(), judge(options.work, shape, settings, spoil)
        is_right = found["accepted"] == (spoil is None)
        wrong += not is_right
        errors = "  ".join(f"{kind} {worst['error']:.1e}" for kind, worst in found["worst"].items())
        print(f"{'ok   ' if is_right else 'WRONG'} {line}  [{time.time() - started:.0f} s]\n        {errors}", flush=True)
        for fault in found["faults"][:3]:
            print(f"        {fault}", flush=True)
    print(f"{wrong} wrong verdicts")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
