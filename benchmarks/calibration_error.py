"""How far the calibration of a new model is off on new applicants, and whether `calibration_spread` says so.

    python benchmarks/calibration_error.py [--halves 10] [--applications 12000] [--rounds 200]

Synthetic applications of one population are cut into random halves. One trains as `train` does: trees from the external
scores in five folds, a line in log-odds fitted to the margins out of fold, trees on the whole half. The other half is
new to it. A line fitted there to the calibrated PDs would have slope 1 and intercept 0; how far it is off, against the
spread of both halves together, is a chi-square with two degrees of freedom if calibration errs by chance alone. The
models of the folds, with the same calibration, tell whether it is off because the last model had more rows.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from credit_scoring.bundle.evaluate import fit_line
from credit_scoring.bundle.model import logistic
from credit_scoring.decision.cost import CostMatrix
from credit_scoring.monitoring.performance import calibration_spread, realised_performance
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.validate import validate
from credit_scoring.traffic.calendar import Plan, drawn_months
from credit_scoring.traffic.kept import Kept
from credit_scoring.training.candidates import trees_for
from credit_scoring.training.development import TrainingOptions, development
from credit_scoring.training.logistic import linear_margin
from credit_scoring.training.prepare import home_credit_set
from credit_scoring.training.sample import Fitted, Sample

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
FOLDS, SEED = 5, 3
COSTS = CostMatrix()


def drawn(applications: int) -> Sample:
    """Return labelled applications of the usual population, encoded."""
    with TemporaryDirectory() as scratch:
        kept, known = Kept(Path(scratch)), []
        for month in drawn_months(Plan(months=6, applications=applications // 6, seed=SEED)):
            kept.add(month.tables)
            known += [one.id for one in month.applications]
        kept.write(known)
        with read_tables(scratch) as tables:
            data = home_credit_set(tables, validate(tables))
    return development(data, TrainingOptions(folds=FOLDS, threads=1, holdout_share=0.0)).sample


def margin(fitted: Fitted, sample: Sample, rows: Booleans) -> Floats:
    """Return the log-odds of the chosen rows, uncalibrated."""
    assert fitted.booster is not None
    trees = np.asarray(fitted.booster.predict(sample.values[rows], raw_score=True))
    return trees + linear_margin(fitted.linear, sample.encoder, sample.values[rows])


def half(sample: Sample, seed: int, rounds: int) -> tuple[float, float, float, dict[str, float], tuple[str, ...]]:
    """Return the slopes of the last model and of the folds', the squared distance, expected less realised, beyond."""
    random, size = np.random.default_rng(seed), sample.defaulted.size
    trees, follow = trees_for(sample.encoder.features), [{"rounds": str(rounds)}]
    train = np.zeros(size, np.bool_)
    train[random.permutation(size)[: size // 2]] = True
    fold = np.full(size, -1)
    fold[train] = random.integers(0, FOLDS, int(train.sum()))
    out_of_fold, of_folds = np.empty(size), []
    for number in range(FOLDS):
        fitted = trees.fit(sample.rows(train & (fold != number)), seed=seed, threads=1, follow=follow)
        out_of_fold[fold == number] = margin(fitted, sample, fold == number)
        of_folds.append(margin(fitted, sample, ~train))
    last = margin(trees.fit(sample.rows(train), seed=seed, threads=1, follow=follow), sample, ~train)
    bad = sample.defaulted.astype(np.bool_)
    slope, intercept = fit_line(out_of_fold[train], bad[train])
    p, spread = logistic(intercept + slope * last), calibration_spread(logistic(intercept + slope * out_of_fold[train]))
    found = fit_line(intercept + slope * last, bad[~train])
    off = np.array([found[1], found[0] - 1])
    distance = float(off @ np.linalg.solve(spread + calibration_spread(p), off))
    folds = float(np.mean([fit_line(intercept + slope * one, bad[~train])[0] for one in of_folds]))
    after = realised_performance(p, bad[~train].astype(np.float64), COSTS.theoretical_cutoff, COSTS, spread=spread)
    gaps = {name: after.expected[name].value - value for name, value in after.realised.items()}
    return found[0], folds, distance, gaps, after.beyond


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--halves", type=int, default=10)
    parser.add_argument("--applications", type=int, default=12_000)
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    sample = drawn(options.applications)
    print("| half | slope, last model | slope, fold models | distance² | AUC, expected less realised | cost | beyond |")
    print("|---" * 7 + "|")
    with threadpool_limits(1, user_api="blas"):
        for seed in range(options.halves):
            last, folds, distance, gaps, beyond = half(sample, seed, options.rounds)
            told = f"{last:.3f} | {folds:.3f} | {distance:.2f} | {gaps['auc']:+.4f} | {gaps['cost']:+.4f}"
            print(f"| {seed} | {told} | {', '.join(beyond) or '-'} |", flush=True)


if __name__ == "__main__":
    main()
