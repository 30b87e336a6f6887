"""The decisions of a period, and what became of those of one bundle, as a watch reads them: page by page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, Select, and_, select

from credit_scoring.adapters.decision_log.chain import microseconds
from credit_scoring.adapters.decision_log.database import Database
from credit_scoring.adapters.decision_log.reading import within
from credit_scoring.adapters.decision_log.tables import entries, payloads

Floats = NDArray[np.float64]

DECISIONS_AT_A_TIME = 5_000  # of 600 features 24 MB; smaller pages cost a watch twice the time
UNSEEN = "unseen_category"


@dataclass(frozen=True, slots=True, eq=False)
class DecidedPage:
    """Some decisions of a period, in order; every field has one element for each.

    ``values`` are the packed feature values, empty where they were purged. ``unseen`` names the features whose category
    training never saw, which the values hold as missing.
    """

    bundles: list[str]
    p_default: Floats
    decisions: list[str]
    values: list[bytes]
    unseen: list[tuple[str, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class MaturedPage:
    """Some decisions of one bundle, in order; every field has one element for each.

    ``at`` is when it was made, UTC; ``granted`` whether the model approved it; ``defaulted`` is 1 for defaulted, 0 for
    repaid, NaN where it was not known; ``days`` how long after the decision that was observed.
    """

    at: NDArray[np.datetime64]
    granted: NDArray[np.bool_]
    p_default: Floats
    defaulted: Floats
    days: Floats


def decided(database: Database, since: datetime, until: datetime) -> Iterator[DecidedPage]:
    """Yield the decisions from `since` to `until`, both included; simulations and shadows are none."""
    columns = entries.c.bundle, entries.c.p_default, entries.c.decision, payloads.c.feature_values, payloads.c.told
    query = select(entries.c.sequence, *columns).select_from(entries.outerjoin(payloads))
    for rows in _pages(database, query.where(entries.c.kind == "decision", *within(None, since, until, None))):
        yield DecidedPage(
            [row.bundle for row in rows],
            np.array([row.p_default for row in rows]),
            [row.decision for row in rows],
            [row.feature_values or b"" for row in rows],
            [_unseen(row.told) for row in rows],
        )


def matured(database: Database, bundle: str, until: datetime) -> Iterator[MaturedPage]:
    """Yield all decisions of a bundle up to `until`, each with its outcome where that was recorded by then."""
    outcome, last = entries.alias("outcome"), microseconds(until)
    known = and_(outcome.c.subject == entries.c.id, outcome.c.kind == "outcome", outcome.c.at <= last)
    query = (
        select(entries.c.sequence, entries.c.at, entries.c.decision, entries.c.p_default, outcome.c.facts)
        .select_from(entries.outerjoin(outcome, known))
        .where(entries.c.kind == "decision", entries.c.bundle == bundle, entries.c.at <= last)
    )
    for rows in _pages(database, query):
        at = np.array([row.at for row in rows], dtype="datetime64[us]")
        outcomes = [(None, None) if row.facts is None else _outcome(row.facts) for row in rows]
        defaulted = np.array([one for one, _ in outcomes], dtype=np.float64)
        observed_on = np.array([day for _, day in outcomes], dtype="datetime64[D]")
        days = (observed_on - at.astype("datetime64[D]")).astype(np.float64)
        days[np.isnan(defaulted)] = np.nan
        granted = np.array([row.decision == "approve" for row in rows])
        yield MaturedPage(at, granted, np.array([row.p_default for row in rows]), defaulted, days)


def _pages(database: Database, query: Select[Any]) -> Iterator[list[Row[Any]]]:
    """Yield what a query finds, by sequence, so many rows at a time; no transaction stays open in between."""
    ordered, after = query.order_by(entries.c.sequence).limit(DECISIONS_AT_A_TIME), 0
    while True:
        following = ordered.where(entries.c.sequence > after)
        rows = database.read(lambda connection, following=following: list(connection.execute(following)))  # type: ignore[misc]
        if not rows:
            return
        after = rows[-1].sequence
        yield rows


def _unseen(told: bytes | None) -> tuple[str, ...]:
    if not told or UNSEEN.encode() not in told:  # most have none, and parsing them all would double a pass
        return ()
    warnings = json.loads(told).get("warnings", ())
    return tuple(warning["field"] for warning in warnings if warning["code"] == UNSEEN)


def _outcome(facts: str) -> tuple[float, str]:
    known = json.loads(facts)
    return float(known["defaulted"]), known["observed_on"]
