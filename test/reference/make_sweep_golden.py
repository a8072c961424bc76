"""Makes test/golden/search/tpe.json: densities of Optuna's Parzen estimator, and what its TPE finds for made-up functions.

The estimator is asked for kernel widths and for logarithms of densities (of the mass for whole numbers and categories; on logarithmic
axes over ln x). The functions are the ones of `test/runtime/search/rig/search-problems.ts`: the best value after 50 trials, for 60
seeds, by the sampler with its defaults.

    pip install optuna==5.0.0
    python make_sweep_golden.py OUT_FILE          # half a minute
"""
import json
import math
import sys
import warnings

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_weights

TRIALS = 50
SEEDS = range(1000, 1060)

UNIT = {"kind": "real", "low": 0, "high": 1, "log": False}
RATE = {"kind": "real", "low": 1e-5, "high": 1e-2, "log": True}
EIGHT = {"kind": "integer", "low": 1, "high": 8, "step": 1, "log": False}
TENS = {"kind": "integer", "low": 10, "high": 90, "step": 20, "log": False}
SIZES = {"kind": "integer", "low": 1, "high": 64, "step": 1, "log": True}
WORDS = {"kind": "choice", "count": 3, "ordered": False}
RANKS = {"kind": "choice", "count": 4, "ordered": True}

# Each: ranges, observations along each of them, points to be judged.
MIXTURES = [
    ([UNIT], [[0.2, 0.25, 0.9]], [[0], [0.22], [0.5], [1]]),
    ([UNIT], [[0.2]], [[0.2], [0.9]]),
    ([UNIT], [[]], [[0.3]]),
    ([UNIT], [[0.5, 0.5, 0.1]], [[0.5], [0.9]]),
    ([RATE], [[1e-4, 1e-3]], [[1e-5], [3e-4]]),
    ([EIGHT], [[2, 2, 7]], [[1], [2], [8]]),
    ([TENS], [[30, 90]], [[10], [50], [90]]),
    ([SIZES], [[4, 16]], [[1], [16], [64]]),
    ([WORDS], [[0, 0, 2]], [[0], [1]]),
    ([RANKS], [[3, 1, 1]], [[0], [1], [3]]),
    ([UNIT, WORDS], [[0.2, 0.25, 0.9], [0, 0, 2]], [[0.22, 0], [0.9, 2]]),
    # More than 25 observations: the oldest weigh less. More than 98: the narrowest width stays as it is.
    ([UNIT], [[(7 * place % 30) / 30 for place in range(30)]], [[0.01], [0.5]]),
    ([UNIT, RATE], [[(37 * place % 120) / 120 for place in range(120)], [10 ** (-5 + 3 * (53 * place % 120) / 120) for place in range(120)]], [[0.3, 1e-3], [0.99, 1e-5]]),
]


def distribution(range_):
    if range_["kind"] == "real":
        return FloatDistribution(range_["low"], range_["high"], log=range_["log"])
    if range_["kind"] == "integer":
        return IntDistribution(range_["low"], range_["high"], log=range_["log"], step=range_["step"])
    if range_["ordered"]:
        return IntDistribution(0, range_["count"] - 1)
    return CategoricalDistribution(list(range(range_["count"])))


def mixture(ranges, observations, points):
    space = {str(axis): distribution(range_) for axis, range_ in enumerate(ranges)}
    parameters = _ParzenEstimatorParameters(
        prior_weight=1.0, consider_magic_clip=True, consider_endpoints=False, weights=default_weights,
        multivariate=True,
    )
    columns = {str(axis): np.array(column, dtype=float) for axis, column in enumerate(observations)}
    estimator = _ParzenEstimator(columns, space, parameters)
    asked = {str(axis): np.array([point[axis] for point in points], dtype=float) for axis in range(len(ranges))}
    widths = [getattr(one, "sigma", None) for one in estimator._mixture_distribution.distributions]
    return {
        "ranges": ranges,
        "observations": observations,
        "widths": [None if one is None else one.tolist() for one in widths],
        "points": points,
        "logDensities": estimator.log_pdf(asked).tolist(),
    }


def branin(trial):
    x, y = trial.suggest_float("x0", -5, 10), trial.suggest_float("x1", 0, 15)
    bend = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return bend * bend + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


HARTMANN_A = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
HARTMANN_P = [
    [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886], [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
    [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665], [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
]


def hartmann(trial):
    x = [trial.suggest_float(f"x{axis}", 0, 1) for axis in range(6)]
    powers = [sum(a * (one - p) ** 2 for a, one, p in zip(*rows, strict=True)) for rows in
              ((HARTMANN_A[row], x, HARTMANN_P[row]) for row in range(4))]
    return -sum(height * math.exp(-power) for height, power in zip([1, 1.2, 3, 3.2], powers, strict=True))


def ackley(trial):
    x = [trial.suggest_float(f"x{axis}", -32.768, 32.768) for axis in range(5)]
    length = math.sqrt(sum(one * one for one in x) / 5)
    waves = sum(math.cos(2 * math.pi * one) for one in x) / 5
    return -20 * math.exp(-0.2 * length) - math.exp(waves) + 20 + math.e


def rosenbrock(trial):
    x = [trial.suggest_float(f"x{axis}", -5, 10) for axis in range(4)]
    return sum(100 * (after - one * one) ** 2 + (1 - one) ** 2 for one, after in zip(x, x[1:]))


def integers(trial):
    return sum((trial.suggest_int(f"x{axis}", -20, 20) - 3 * axis + 4) ** 2 for axis in range(4))


def lora(trial):
    rate = trial.suggest_float("rate", 1e-5, 1e-2, log=True)
    rank = trial.suggest_categorical("rank", [4, 8, 16, 32])
    schedule = trial.suggest_categorical("schedule", ["constant", "cosine", "restarts"])
    steps = trial.suggest_int("steps", 100, 1000)
    bits = math.log2(rank)
    shape = {"constant": 0.1, "cosine": 0, "restarts": 0.05}[schedule]
    return (math.log10(rate) + 3 + 0.25 * (bits - 3)) ** 2 + shape + 0.3 * ((steps - 650) / 900) ** 2 + 0.02 * (5 - bits)


def conditional(trial):
    unet = (math.log10(trial.suggest_float("rate", 1e-5, 1e-2, log=True)) + 3.3) ** 2
    if trial.suggest_categorical("text", [False, True]):
        return unet + (0.5 * (math.log10(trial.suggest_float("textRate", 1e-6, 1e-3, log=True)) + 4.7)) ** 2
    return unet + 0.3


PROBLEMS = [branin, hartmann, ackley, rosenbrock, integers, lora, conditional]


def best_values(problem):
    best = []
    for seed in SEEDS:
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
        study.optimize(problem, n_trials=TRIALS)
        best.append(study.best_value)
    return best


def main(out):
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.simplefilter("ignore")
    golden = {
        "optuna": optuna.__version__,
        "mixtures": [mixture(*one) for one in MIXTURES],
        "trials": TRIALS,
        "best": {problem.__name__: best_values(problem) for problem in PROBLEMS},
    }
    with open(out, "w") as file:
        json.dump(golden, file)
        file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
