"""The one path from features to PD, decision and reasons: service, batch, dashboard and monitoring use it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.decision import Reason
from credit_scoring.domain.text import LANGUAGES
from credit_scoring.explain.reasons import Reasoner

Floats = NDArray[np.float64]
ROWS_AT_A_TIME = 20_000


@dataclass(frozen=True)
class Scored:
    """PDs and decisions of a feature matrix, in its row order.

    ``decisions`` has the id column, ``p_default`` and ``decision``. ``coverage`` is the share of the model's
    importance carried by features that could be computed. ``reasons`` has one list an application, or is ``None``.
    """

    decisions: pl.DataFrame
    coverage: float
    reasons: list[list[Reason]] | None

    def table(self) -> pl.DataFrame:
        """Return the decisions and, where there are reasons, a list of sentences in each language."""
        if self.reasons is None:
            return self.decisions
        return self.decisions.with_columns(
            pl.Series(
                f"reasons_{language}",
                [[reason.told(language) for reason in row] for row in self.reasons],
                dtype=pl.List(pl.String),
            )
            for language in LANGUAGES
        )


@dataclass(frozen=True)
class BatchSummary:
    """How many applications were scored, and what was decided; summaries of parts add up.

    ``coverage`` is the lowest of any part; ``unseen`` counts, by feature, the category values that training never
    saw, which were taken as missing.

    Examples
    --------
    >>> both = BatchSummary(2, {"approve": 2}, 0.1) + BatchSummary(1, {"decline": 1}, 0.5, coverage=0.9)
    >>> both.applications, both.decisions, round(both.mean_p_default, 3), both.coverage
    (3, {'approve': 2, 'decline': 1}, 0.2, 0.9)
    """

    applications: int = 0
    decisions: Mapping[str, int] = field(default_factory=dict)
    sum_p_default: float = 0.0
    coverage: float = 1.0
    unseen: Mapping[str, int] = field(default_factory=dict)

    @property
    def mean_p_default(self) -> float:
        """Return the mean PD, or NaN without applications."""
        return self.sum_p_default / self.applications if self.applications else math.nan

    def told(self, out: object) -> str:
        """Return the summary of what was written to `out` as one line."""
        shares = ", ".join(f"{count:,} {decision}" for decision, count in self.decisions.items())
        coverage = "" if self.coverage > 0.9995 else f", coverage {self.coverage:.0%}"
        return f"{out}: {self.applications:,} applications ({shares}), mean PD {self.mean_p_default:.4f}{coverage}"

    def __add__(self, other: BatchSummary) -> BatchSummary:
        """Return the summary of both parts."""
        return BatchSummary(
            self.applications + other.applications,
            dict((Counter(self.decisions) + Counter(other.decisions)).most_common()),
            self.sum_p_default + other.sum_p_default,
            min(self.coverage, other.coverage),
            dict(Counter(self.unseen) + Counter(other.unseen)),
        )


def score(bundle: Bundle, matrix: pl.DataFrame, *, uncomputed: Collection[str] = (), explained: bool = False) -> Scored:
    """Return PD and decision of each row of `matrix`.

    Parameters
    ----------
    matrix
        The bundle's id column and every feature of its encoder.
    uncomputed
        Features that are missing for lack of their source, not because the client has none.
    explained
        Whether to give reasons too; they cost more than the PD.

    Raises
    ------
    DataError
        If a feature's column is absent.
    """
    model = bundle.model
    values = model.encoder.encode(matrix)
    p_default = model.p_default(values)
    coverage = coverage_without(bundle, uncomputed)
    decisions = pl.DataFrame(
        {
            bundle.manifest.id_column: matrix[bundle.manifest.id_column],
            "p_default": p_default,
            "decision": bundle.policy.decide(p_default, coverage=coverage),
        }
    )
    return Scored(decisions, coverage, explain(bundle, values) if explained else None)


def explain(bundle: Bundle, values: Floats) -> list[list[Reason]]:
    """Return the reasons of each application from its encoded `values`, shape (n_applications, n_features)."""
    reasoner = Reasoner(bundle.manifest.features, bundle.model.encoder)
    return reasoner.reasons(bundle.model.contributions(values), values)


def coverage_without(bundle: Bundle, uncomputed: Collection[str]) -> float:
    """Return the share of the model's importance that is left without the features `uncomputed`.

    Added up in the model's order, so that equal sets give equal bits.
    """
    missing, importances = set(uncomputed), bundle.manifest.importances
    lost = sum(importances.get(name, 0.0) for name in bundle.model.encoder.features if name in missing)
    return max(0.0, 1.0 - lost)


def score_parts(
    bundle: Bundle, matrix: pl.DataFrame, *, uncomputed: Collection[str] = (), explained: bool = False
) -> Iterator[tuple[pl.DataFrame, BatchSummary]]:
    """Yield the decisions of `matrix`, as `Scored.table` gives them, 20,000 rows at a time, each with its summary."""
    for rows in matrix.iter_slices(ROWS_AT_A_TIME):
        scored = score(bundle, rows, uncomputed=uncomputed, explained=explained)
        decisions = scored.decisions
        yield (
            scored.table(),
            BatchSummary(
                rows.height,
                dict(decisions["decision"].value_counts(sort=True).iter_rows()),
                float(decisions["p_default"].sum()),
                scored.coverage,
                bundle.model.encoder.unseen(rows),
            ),
        )


def uncomputed_features(bundle: Bundle, found: Collection[str]) -> list[str]:
    """Return the bundle's features that lack one of their sources among the columns `found` (``table.COLUMN``)."""
    known = set(found)
    return [card.name for card in bundle.manifest.features if not known.issuperset(card.sources)]


def untold_features(bundle: Bundle, found: Collection[str]) -> list[str]:
    """Return the bundle's features that have no source at all among the columns `found`."""
    known = set(found)
    return [card.name for card in bundle.manifest.features if card.sources and known.isdisjoint(card.sources)]


def without_untold(bundle: Bundle, matrix: pl.DataFrame, found: Collection[str]) -> pl.DataFrame:
    """Return `matrix` with those of the bundle's features missing that have no source among the columns `found`.

    Of columns that are not there an expression may make a number, such as a count of 0, that would be told as known.
    """
    untold = untold_features(bundle, found)
    return matrix.with_columns(pl.lit(None, matrix.schema[name]).alias(name) for name in untold)
