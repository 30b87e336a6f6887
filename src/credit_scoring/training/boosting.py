"""LightGBM, strongly regularised and column-sampled, from the margin of a small logistic regression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import lightgbm as lgb
import numpy as np

from credit_scoring.bundle.linear import LinearPart
from credit_scoring.training.logistic import fit_linear, linear_margin
from credit_scoring.training.sample import FEW_ROWS, MANY_ROWS, Choices, Fitted, Floats, Sample, median_choice

MOST_ROUNDS = 10_000
PATIENCE = 150
START_PENALTY = 1.0
SAMPLED_SHARE, FEWEST_SAMPLED = 0.05, 8


@dataclass(frozen=True)
class Boosting:
    """LightGBM; the rounds are those of lowest mean loss over the inner folds.

    With ``start``, the trees correct the margin of a logistic regression on these columns. ``parameters`` go
    before those of `boosting_parameters`, and are told among the settings.
    """

    name: str
    start: tuple[str, ...] = ()
    parameters: Mapping[str, float] = field(default_factory=dict)

    def fit(
        self,
        sample: Sample,
        *,
        seed: int,
        threads: int,
        follow: Choices = (),
        fitted: Mapping[str, Fitted] | None = None,
    ) -> Fitted:
        """Return the booster, fitted on all of `sample`."""
        del fitted
        parameters = {**boosting_parameters(sample, seed=seed, threads=threads), **self.parameters}
        linear = fit_linear(sample, self.start, START_PENALTY) if self.start else LinearPart()
        rows = _dataset(sample, linear)
        inner: Floats | None = None
        if follow:
            rounds = int(median_choice(follow, "rounds"))
        else:
            rounds, inner = _inner(sample, linear, rows, parameters, seed)
        booster = lgb.train(parameters, rows, num_boost_round=rounds)
        told = {name: str(value) for name, value in self.parameters.items()}
        return Fitted(linear, booster, {"rounds": str(rounds), **told}, inner)


def _inner(
    sample: Sample, linear: LinearPart, rows: lgb.Dataset, parameters: dict[str, object], seed: int
) -> tuple[int, Floats]:
    """Return the rounds of lowest mean loss over the inner splits, and the margins they give."""
    splits = sample.inner_splits(seed)
    found = lgb.cv(
        parameters,
        rows,
        num_boost_round=MOST_ROUNDS,
        folds=[(np.flatnonzero(~held), np.flatnonzero(held)) for _, held in splits],
        callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
        return_cvbooster=True,
    )
    boosters = found["cvbooster"]
    rounds = max(1, int(boosters.best_iteration))
    margin = np.full((splits[-1][0] + 1, sample.defaulted.size), np.nan)
    for (repeat, held), booster in zip(splits, boosters.boosters, strict=True):
        margin[repeat, held] = booster.predict(sample.values[held], raw_score=True, num_iteration=rounds)
    if linear.terms:
        margin += linear_margin(linear, sample.encoder, sample.values)
    return rounds, margin


def boosting_parameters(sample: Sample, *, seed: int, threads: int) -> dict[str, object]:
    """Return LightGBM's parameters for so many rows and features.

    Two runs with equal `seed` and `threads` on one machine agree bit for bit.
    """
    rows, features = sample.values.shape
    leaves, least = (8, 40) if rows < FEW_ROWS else (16, 40) if rows < MANY_ROWS else (32, 70)
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        "learning_rate": 0.02,
        "num_leaves": leaves,
        "min_child_samples": least,
        "feature_fraction": min(1.0, max(SAMPLED_SHARE, FEWEST_SAMPLED / features)),
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 50.0,
        "max_bin": 255,
        "monotone_constraints": list(sample.directions),
        "monotone_constraints_method": "intermediate",
        "deterministic": True,
        "force_col_wise": True,  # few columns are sampled: row-wise, each tree would copy them first
        "num_threads": threads if rows >= FEW_ROWS else 1,  # a round of few rows is shorter than waking a thread
        "seed": seed,
        "verbosity": -1,
    }


def _dataset(sample: Sample, linear: LinearPart) -> lgb.Dataset:
    start = linear_margin(linear, sample.encoder, sample.values) if linear.terms else None
    return lgb.Dataset(
        sample.values,
        sample.defaulted.astype(np.float64),
        init_score=start,
        categorical_feature=sample.categorical(),
        free_raw_data=False,
    )
