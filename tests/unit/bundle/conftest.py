from __future__ import annotations

import lightgbm as lgb
import numpy as np
import polars as pl
import pytest

from credit_scoring.bundle.linear import LinearPart, Term
from credit_scoring.bundle.manifest import FORMAT_VERSION, Evaluation, FeatureCard, Manifest
from credit_scoring.bundle.model import Calibrator, CreditModel, Encoder
from credit_scoring.bundle.profile import reference_profile
from credit_scoring.bundle.store import Bundle
from credit_scoring.decision.policy import CostPolicy
from credit_scoring.domain.text import Text
from credit_scoring.training.provenance import provenance


def drawn_matrix(rows: int = 600) -> pl.DataFrame:
    generator = np.random.default_rng(1)
    income = pl.Series("income", generator.normal(size=rows)).set(pl.Series(generator.random(rows) < 0.2), None)
    job = pl.Series("job", generator.choice(["clerk", "nurse"], rows))
    return pl.DataFrame({"id": np.arange(rows), "income": income, "job": job})


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    """A bundle with a linear part, trees, a category and a calibrator."""
    matrix = drawn_matrix()
    encoder = Encoder(features=("income", "job"), categories={"job": ("clerk", "nurse")})
    values = encoder.encode(matrix)
    bad = np.random.default_rng(2).random(matrix.height) < 0.3
    data = lgb.Dataset(values, bad.astype(float), categorical_feature=[1])
    booster = lgb.train({"objective": "binary", "verbosity": -1, "num_threads": 1, "learning_rate": 0.3}, data, 20)
    linear = LinearPart(
        intercept=-0.1,
        terms=(
            Term(feature="income", weight=-0.5, center=0.1, scale=1.3, missing_weight=0.2, offset=0.01),
            Term(feature="job", level_weights=(0.1, -0.2), missing_weight=0.3),
        ),
    )
    model = CreditModel(encoder, linear, booster, Calibrator(kind="sigmoid", slope=0.9, intercept=-0.1))
    evaluation = Evaluation(
        population="drawn",
        applications=600,
        defaults=1,
        cutoff=0.3,
        theoretical_cutoff=1 / 11,
        metrics={},
        at_cutoff={},
        at_theoretical_cutoff={},
    )
    cards = (
        FeatureCard(
            name="income",
            kind="number",
            unit="currency",
            concept="income",
            meaning=Text("Income", "Revenu"),
            sources=("income",),
        ),
        FeatureCard(
            name="job", kind="category", unit="", concept="job", meaning=Text("Job", "Emploi"), sources=("job",)
        ),
    )
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        portfolio="matrix",
        id_column="id",
        outcome_column="bad",
        features=cards,
        encoder=encoder,
        definitions_digest="",
        importances=model.importances(values),
        candidate="drawn",
        out_of_fold=evaluation,
        holdout=None,
        candidates=(),
        provenance=provenance(matrix, rows={"drawn": 600}, seed=1, threads=1),
    )
    policy = CostPolicy(cutoff=0.3, cutoff_interval=(0.28, 0.33))
    p_default = model.p_default(values)
    out_of_fold = pl.DataFrame({"p_default": p_default, "defaulted": bad, "fold": np.arange(bad.size) % 5})
    return Bundle(manifest, model, policy, reference_profile(matrix.drop("id"), p_default), out_of_fold)


@pytest.fixture(scope="session")
def matrix() -> pl.DataFrame:
    return drawn_matrix()
