from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from credit_scoring.bundle.manifest import FeatureCard
from credit_scoring.domain.text import Text
from credit_scoring.training.run import TrainingSet


def small_portfolio(rows: int = 1_200, seed: int = 0) -> TrainingSet:
    """A drawn single-table portfolio whose default depends on two numbers and a category, with missing values."""
    generator = np.random.default_rng(seed)
    income, debt = generator.normal(size=rows), generator.normal(size=rows)
    job = generator.choice(["clerk", "farmer", "nurse"], rows)
    odds = -2.0 + 1.2 * debt - 0.8 * income + np.where(job == "farmer", 0.9, 0.0)
    bad = generator.random(rows) < 1 / (1 + np.exp(-odds))
    missing = generator.random(rows) < 0.1
    matrix = pl.DataFrame(
        {
            "id": np.arange(rows),
            "income": pl.Series(income).set(pl.Series(missing), None),
            "debt": debt,
            "noise": generator.normal(size=rows),
            "job": job,
            "bad": bad.astype(np.float64),
        }
    )
    cards = tuple(
        FeatureCard(
            name=name,
            kind="category" if name == "job" else "number",
            unit="",
            concept=name,
            meaning=Text(name.capitalize(), f"{name} (fr)"),
            sources=(name,),
        )
        for name in ("income", "debt", "noise", "job")
    )
    return TrainingSet(matrix, cards, "matrix", "id", "bad", {"drawn": rows})


@pytest.fixture(scope="session")
def portfolio() -> TrainingSet:
    return small_portfolio()
