"""The three external credit scores together."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from credit_scoring.features.spec import Feature, derived, summed

c = pl.col
E1, E2, E3 = (c(f"EXT_SOURCE_{number}") for number in (1, 2, 3))
SCORES = [E1, E2, E3]


def external_features() -> tuple[Feature, ...]:
    """Return what the three scores say together: averages, extremes, products, how many are known.

    None of them falls as a score rises: a PD that only falls with each of them never rises with a better score. Spread
    and differences would break that law, and bring nothing (`docs/benchmarks/ablation.md`).
    """
    score, fr = "External credit scores", "Scores de crédit externes"
    known = pl.sum_horizontal(value.is_not_null() for value in SCORES).cast(pl.Float64)
    made = [
        ("EXT_SOURCE__MEAN", _weighted([1.0, 1.0, 1.0]), "average", "moyenne"),
        ("EXT_SOURCE__MIN", pl.min_horizontal(SCORES), "lowest", "minimum"),
        ("EXT_SOURCE__MAX", pl.max_horizontal(SCORES), "highest", "maximum"),
        ("EXT_SOURCE__WEIGHTED", _weighted([2.0, 1.0, 3.0]), "weighted average", "moyenne pondérée"),
        ("EXT_SOURCE__PRODUCT", E1 * E2 * E3, "product", "produit"),
        ("EXT_SOURCE_1_2__PRODUCT", E1 * E2, "product of the first two", "produit des deux premiers"),
        (
            "EXT_SOURCE_1_3__PRODUCT",
            E1 * E3,
            "product of first and third",
            "produit du premier et du troisième",
        ),
        ("EXT_SOURCE_2_3__PRODUCT", E2 * E3, "product of the last two", "produit des deux derniers"),
        ("EXT_SOURCE__KNOWN", known, "number known", "nombre de scores connus"),
    ]
    return tuple(
        derived(name, expression, "score", "external_score", f"{score}, {en}", f"{fr}, {told}")
        for name, expression, en, told in made
    )


def _weighted(weights: Sequence[float]) -> pl.Expr:
    """Return the weighted mean of the external scores that are known; of none, 0 / 0."""
    weighted = list(zip(SCORES, weights, strict=True))
    total = summed(score * weight for score, weight in weighted)
    return total / pl.sum_horizontal(score.is_not_null() * weight for score, weight in weighted)
