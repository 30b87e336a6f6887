from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from credit_scoring.bundle.linear import LinearPart, Term
from credit_scoring.bundle.manifest import FORMAT_VERSION, Evaluation, FeatureCard, Manifest
from credit_scoring.bundle.model import Calibrator, CreditModel, Encoder, logistic
from credit_scoring.bundle.profile import reference_profile
from credit_scoring.bundle.store import Bundle
from credit_scoring.decision.cost import CostMatrix
from credit_scoring.decision.policy import CostPolicy
from credit_scoring.domain.text import Text
from credit_scoring.monitoring.challenger import Contender, compare
from credit_scoring.monitoring.promotion import Challenge, judge
from credit_scoring.monitoring.reference import Reference
from credit_scoring.monitoring.tally import Tally, tally
from credit_scoring.scoring.score import score
from credit_scoring.training.provenance import provenance

NUMBERS = tuple(f"x{number}" for number in range(12))
WORDS = ("job", "town")
ROWS = 4_000
COSTS = CostMatrix(10, 1)
Counted = Callable[[pl.DataFrame], Tally]


def drawn_matrix(rows: int, seed: int) -> pl.DataFrame:
    """Return numbers, some whole, some rarely or often missing, and categories of few levels and of many rare ones."""
    generator = np.random.default_rng(seed)
    columns: dict[str, pl.Series] = {"id": pl.Series(np.arange(rows))}
    common = generator.normal(size=rows)
    for number, name in enumerate(NUMBERS):
        values = 0.6 * common + generator.normal(size=rows)
        values = np.floor(np.exp(values)) if number % 4 == 3 else values
        share = (0.0, 0.001, 0.2, 0.6)[number % 4]
        columns[name] = pl.Series(values).set(pl.Series(generator.random(rows) < share), None)
    columns["job"] = pl.Series(generator.choice(["clerk", "farmer", "nurse"], rows, p=[0.6, 0.39, 0.01]))
    weights = 1 / np.arange(1, 61) ** 2
    columns["town"] = pl.Series(generator.choice([f"town {n}" for n in range(60)], rows, p=weights / weights.sum()))
    return pl.DataFrame(columns)


def drawn_bundle(rows: int = ROWS, seed: int = 1) -> Bundle:
    """Return a regression whose PDs are the truth, with the profile of its drawn training rows.

    ``unused`` has no part in it.
    """
    matrix = drawn_matrix(rows, seed).with_columns(unused=pl.col("x0") * 2)
    categories = {name: tuple(matrix[name].unique().sort()) for name in WORDS}
    encoder = Encoder(features=(*NUMBERS, *WORDS, "unused"), categories=categories)
    linear = LinearPart(
        intercept=-2.3,
        terms=(
            *(Term(feature=n, weight=0.05 * (k + 1), scale=1.0, missing_weight=0.1) for k, n in enumerate(NUMBERS)),
            Term(feature="job", level_weights=(0.0, 0.4, -0.4)),
        ),
    )
    model = CreditModel(encoder, linear, None, Calibrator())
    values = encoder.encode(matrix)
    p_default = model.p_default(values)
    evaluation = Evaluation(
        population="drawn",
        applications=rows,
        defaults=1,
        cutoff=0.1,
        theoretical_cutoff=0.1,
        metrics={},
        at_cutoff={},
        at_theoretical_cutoff={},
    )
    cards = tuple(
        FeatureCard(
            name=name,
            kind="category" if name in WORDS else "number",
            unit="",
            concept="words" if name in WORDS else f"numbers {k % 3}",
            meaning=Text(name, name),
            sources=(name,),
        )
        for k, name in enumerate(encoder.features)
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
        provenance=provenance(matrix, rows={"drawn": rows}, seed=seed, threads=1),
    )
    policy = CostPolicy(cutoff=1 / 11, cutoff_interval=(0.085, 0.095))
    bad = np.random.default_rng(seed).random(rows) < p_default
    out_of_fold = pl.DataFrame({"p_default": p_default, "defaulted": bad, "fold": np.zeros(rows, dtype=np.int64)})
    profile = reference_profile(matrix.select(encoder.features), p_default)
    return replace(Bundle(manifest, model, policy, profile, out_of_fold), digest="drawn")


def fresh(rows: int, seed: int) -> pl.DataFrame:
    return drawn_matrix(rows, seed).with_columns(unused=pl.col("x0") * 2)


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    return drawn_bundle()


@pytest.fixture(scope="session")
def reference(bundle: Bundle) -> Reference:
    return Reference.of(bundle)


@pytest.fixture(scope="session")
def counted(bundle: Bundle, reference: Reference) -> Counted:
    """Score rows and count them."""

    def count(matrix: pl.DataFrame) -> Tally:
        decisions = score(bundle, matrix).decisions
        return tally(reference, matrix, decisions["p_default"].to_numpy(), decisions["decision"])

    return count


def challenged(seed: int, *, known: bool = True) -> Challenge:
    """Return two drawn models, the challenger with less noise, compared and judged; with outcomes or without."""
    generator = np.random.default_rng(seed)
    truth = generator.normal(-2.3, 1, 600)
    p = {
        who: logistic(truth + generator.normal(0, noise, 600)) for who, noise in (("champion", 1), ("challenger", 0.3))
    }
    rows = pl.DataFrame(
        {
            **p,
            **{f"{who}_declined": one >= COSTS.theoretical_cutoff for who, one in p.items()},
            "defaulted": pl.Series(
                (generator.random(600) < logistic(truth)) if known else [None] * 600, dtype=pl.Boolean
            ),
        }
    )
    champion, challenger = (
        Contender(version=number, digest=who, candidate="blend", cutoff=COSTS.theoretical_cutoff)
        for number, who in enumerate(p, start=1)
    )
    developed = p["champion"], p["challenger"]
    found = compare(rows, champion, challenger, COSTS, developed=developed, compared_on="drawn applications")
    return Challenge(at="2026-11-30T12:00:00+00:00", judgement=judge(found), comparison=found)
