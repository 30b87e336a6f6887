"""The one path from features to PD, decision and reasons: service, batch, dashboard and monitoring use it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.decision import Reason
from credit_scoring.explain.reasons import reasons


@dataclass(frozen=True)
class Scored:
    """PDs and decisions of a feature matrix, in its row order.

    ``decisions`` has the id column, ``p_default`` and ``decision``. ``coverage`` is the share of the model's
    importance carried by features that could be computed. ``reasons`` has one list an application, or is ``None``.
    """

    decisions: pl.DataFrame
    coverage: float
    reasons: list[list[Reason]] | None


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
    importances = bundle.manifest.importances
    coverage = 1.0 - sum(importances.get(name, 0.0) for name in uncomputed)
    decisions = pl.DataFrame(
        {
            bundle.manifest.id_column: matrix[bundle.manifest.id_column],
            "p_default": p_default,
            "decision": bundle.policy.decide(p_default, coverage=coverage),
        }
    )
    told = reasons(model.contributions(values), matrix, bundle.manifest.features) if explained else None
    return Scored(decisions, coverage, told)


def uncomputed_features(bundle: Bundle, found: Collection[str]) -> list[str]:
    """Return the bundle's features that lack one of their sources among the columns `found` (``table.COLUMN``)."""
    known = set(found)
    return [card.name for card in bundle.manifest.features if not known.issuperset(card.sources)]
