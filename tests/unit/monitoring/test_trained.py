"""A model as training makes it watches applicants like its own in peace, whatever calibrator it chose."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from credit_scoring.bundle.manifest import FeatureCard
from credit_scoring.domain.text import Text
from credit_scoring.monitoring.reference import Reference
from credit_scoring.monitoring.watch import watch, window
from credit_scoring.training.development import TrainingOptions, TrainingSet
from credit_scoring.training.logistic import Logistic
from credit_scoring.training.run import train

NAMES, ROWS = ("x0", "x1", "x2"), 8_000


def drawn(rows: int, seed: int, *, steps: bool) -> pl.DataFrame:
    """Return applicants whose default rate rises in steps, or as a regression says."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(rows, len(NAMES)))
    risk = x.sum(axis=1)
    chance = np.select([risk < -1, risk < 2], [0.01, 0.12], 0.2) if steps else 1 / (1 + np.exp(2.2 - risk))
    bad = (generator.random(rows) < chance).astype(np.float64)
    return pl.DataFrame({"id": np.arange(rows), **dict(zip(NAMES, x.T, strict=True)), "bad": bad})


@pytest.mark.parametrize("steps", [True, False])
def test_pds_and_decisions_of_applicants_like_those_of_training_do_not_move(*, steps: bool) -> None:
    """Over no drift PSI is about chi-square over the rows: one of 0.03 among 2,000 has a chance below 1e-6."""
    cards = tuple(
        FeatureCard(name=name, kind="number", unit="", concept=name, meaning=Text(name, name), sources=(name,))
        for name in NAMES
    )
    data = TrainingSet(drawn(ROWS, 1, steps=steps), cards, "matrix", "id", "bad", {"drawn": ROWS})
    options = TrainingOptions(threads=1, holdout_share=0.0)
    bundle = train(data, options, candidates=(Logistic("logistic"),)).bundle
    assert (bundle.model.calibrator.kind == "isotonic") == steps
    reference = Reference.of(bundle)
    for seed in range(2, 12):
        current = window(bundle, reference, [drawn(2_000, seed, steps=steps)])
        moves = watch(bundle, reference, current).drift.watched
        assert {one.name: one.psi for one in moves if one.kind != "feature" and one.psi > 0.03} == {}
