"""Makes test/golden/search/asha.json: what Optuna's successive halving finds among made-up learning curves.

Both sides compute the curves themselves, from whole-number seeds by additions, multiplications and divisions alone, so
that they see the same doubles (`test/runtime/search/rig/toy-curves.ts`). Optuna stops a trial and never takes it up
again; it is asked trial by trial, with its rungs at 50 and 150 steps and the end at 300.

    pip install optuna==5.0.0
    python make_asha_golden.py OUT_FILE
"""
import json
import sys

import optuna

SEEDS = 200
TRIALS = 24
NOISES = [0.02, 0.1]
RUNGS = [50, 150, 300]
REDUCTION = 3
# Best values are compared at this many steps, among trials without end.
BUDGET = 2700


def random_numbers(seed: int):
    """Uniform in [0, 1): mulberry32."""
    state = seed & 0xFFFFFFFF
    while True:
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        mixed = ((state ^ (state >> 15)) * (state | 1)) & 0xFFFFFFFF
        mixed ^= (mixed + ((mixed ^ (mixed >> 7)) * (mixed | 61))) & 0xFFFFFFFF
        yield (mixed ^ (mixed >> 14)) / 2**32


def curve(seed: int, trial: int, noise: float) -> list[float]:
    """The loss at each rung: falls towards a floor, fast or slowly, with noise at each look."""
    draw = random_numbers(seed * 1000 + trial)
    floor, halfway = next(draw), 20 + 60 * next(draw)
    values = []
    for rung in RUNGS:
        spread = 0.0
        for _ in range(12):
            spread += next(draw)
        values.append(floor + 1 / (1 + rung / halfway) + noise * (spread - 6))
    return values


def sweep(seed: int, noise: float, trials: int, budget: float) -> tuple[int, float | None]:
    """Steps trained, and the best value at the end among trials that were trained to it within the budget."""
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=RUNGS[0], reduction_factor=REDUCTION)
    study = optuna.create_study(pruner=pruner, sampler=optuna.samplers.RandomSampler(seed=0))
    steps, best = 0, None
    for number in range(1, trials + 1):
        if steps >= budget:
            break
        values = curve(seed, number, noise)
        trial = study.ask()
        at = 0
        for rung, value in zip(RUNGS, values):
            steps, at = steps + rung - at, rung
            if rung == RUNGS[-1]:
                study.tell(trial, value)
                if steps <= budget and (best is None or value < best):
                    best = value
                break
            trial.report(value, rung)
            if trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
    return steps, best


def main(out: str) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    noises = []
    for noise in NOISES:
        whole = [sweep(seed, noise, TRIALS, float("inf")) for seed in range(SEEDS)]
        cut = [sweep(seed, noise, 1000, BUDGET) for seed in range(SEEDS)]
        overall = [min(curve(seed, trial, noise)[-1] for trial in range(1, TRIALS + 1)) for seed in range(SEEDS)]
        found = sum(best == least for (_, best), least in zip(whole, overall)) / SEEDS
        share = sum(steps for steps, _ in whole) / (SEEDS * TRIALS * RUNGS[-1])
        noises.append({"noise": noise, "stepShare": share, "bestFoundShare": found, "bestWithinBudget": [best for _, best in cut]})
    about = {"optuna": optuna.__version__, "trials": TRIALS, "rungs": RUNGS, "reduction": REDUCTION, "budget": BUDGET}
    check = [curve(0, 1, 0.1), curve(SEEDS - 1, 24, 0.02)]
    with open(out, "w") as file:
        json.dump({**about, "curves": check, "noises": noises}, file)
        file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
