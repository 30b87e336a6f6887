"""What the challenger said in the shadow of recorded decisions, what the champion said, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
from sqlalchemy import Connection, select
from sqlalchemy.engine import Row

from credit_scoring.adapters.decision_log.log import ENTRIES_AT_A_TIME, DecisionLog
from credit_scoring.adapters.decision_log.tables import entries, payloads
from credit_scoring.adapters.decision_log.values import unpack_values
from credit_scoring.bundle.model import Encoder
from credit_scoring.bundle.store import Bundle

_decision, _outcome = entries.alias("decision"), entries.alias("outcome")
_SCHEMA = {
    "applicant": pl.Int64,
    "champion": pl.Float64,
    "challenger": pl.Float64,
    "champion_declined": pl.Boolean,
    "challenger_declined": pl.Boolean,
    "defaulted": pl.Boolean,
}


def shadowed(
    log: DecisionLog,
    champion: Bundle,
    challenger: str,
    *,
    about: Sequence[str] = (),
    on_rows: Callable[[int], None] = lambda _: None,
) -> pl.DataFrame:
    """Return the decisions of `champion` that the bundle with the digest `challenger` was scored beside.

    The columns are those that `monitoring.challenger.compare` reads. Decisions are by the cut-offs of then. Of several
    decisions on an applicant the latest counts, as long as a purge has not hidden whom they are about. The log is read
    a page at a time: of a decision, only these columns are kept.

    Parameters
    ----------
    about
        Features to keep beside, where the champion has them; missing where they were purged.
    """
    parts, after = [], 0
    while page := log.database.read(lambda connection, after=after: _page(connection, champion, challenger, after)):  # type: ignore[misc]
        parts.append(_rows(page, champion.model.encoder, about))
        after = page[-1].sequence
        on_rows(len(page))
    if not parts:
        return pl.DataFrame(schema=_SCHEMA)
    found = pl.concat(parts)
    unnamed = found["applicant"].is_null()
    latest = found.filter(~unnamed).unique("applicant", keep="last", maintain_order=True)
    return pl.concat([latest, found.filter(unnamed)]).drop("applicant")


def _page(connection: Connection, champion: Bundle, challenger: str, after: int) -> list[Row[Any]]:
    joined = (
        entries.join(_decision, _decision.c.id == entries.c.subject)
        .outerjoin(_outcome, (_outcome.c.subject == entries.c.subject) & (_outcome.c.kind == "outcome"))
        .outerjoin(payloads, payloads.c.sequence == _decision.c.sequence)
    )
    columns = (
        entries.c.sequence,
        entries.c.facts.label("shadow"),
        _decision.c.facts.label("decided"),
        _outcome.c.facts.label("became"),
        payloads.c.applicant,
        payloads.c.feature_values,
    )
    query = (
        select(*columns)
        .select_from(joined)
        .where(entries.c.kind == "shadow", entries.c.bundle == challenger, entries.c.sequence > after)
        .where(_decision.c.kind == "decision", _decision.c.bundle == champion.digest)
        .order_by(entries.c.sequence)
        .limit(ENTRIES_AT_A_TIME)
    )
    return list(connection.execute(query))


def _rows(page: list[Row[Any]], encoder: Encoder, about: Sequence[str]) -> pl.DataFrame:
    shadow, decided = [json.loads(row.shadow) for row in page], [json.loads(row.decided) for row in page]
    became = [json.loads(row.became)["defaulted"] if row.became else None for row in page]
    rows = pl.DataFrame(
        {
            "applicant": [row.applicant for row in page],
            "champion": [facts["p_default"] for facts in decided],
            "challenger": [facts["p_default"] for facts in shadow],
            "champion_declined": [facts["p_default"] >= facts["cutoff"] for facts in decided],
            "challenger_declined": [facts["p_default"] >= facts["cutoff"] for facts in shadow],
            "defaulted": became,
        },
        schema=_SCHEMA,
    )
    return rows.with_columns(_features(page, encoder, name) for name in about if name in encoder.features)


def _features(page: list[Row[Any]], encoder: Encoder, name: str) -> pl.Series:
    kept = [number for number, row in enumerate(page) if row.feature_values]
    values: list[float | str | None] = [None] * len(page)
    if kept:
        column = unpack_values([page[number].feature_values for number in kept], len(encoder.features))
        for number, value in zip(kept, column[:, encoder.features.index(name)].tolist(), strict=True):
            values[number] = encoder.decode(name, value)
    return pl.Series(name, values, dtype=pl.String if name in encoder.categories else pl.Float64)
