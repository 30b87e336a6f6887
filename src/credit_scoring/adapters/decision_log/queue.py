"""Decisions that wait for a person, and what people said of those that they have seen."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, exists, func, select, text

from credit_scoring.adapters.decision_log.reading import has_review, in_parts, recorded, whole, within
from credit_scoring.adapters.decision_log.tables import entries, payloads
from credit_scoring.domain.decision import Decision
from credit_scoring.domain.record import Recorded

DECISIONS: tuple[Decision, ...] = get_args(Decision)
Conditions = Sequence[ColumnElement[bool]]
Flag = Literal["near_cutoff", "low_coverage", "out_of_range", "unseen_category"]
# Word for word the condition of the index `entries_queue`: a database takes it for no other. In canonical JSON a key is
# never part of a text, where its quotes would be escaped.
_TO_SEE = text(
    "entries.kind = 'decision' AND (entries.decision = 'refer'"
    """ OR entries.facts LIKE '%"out_of_range":%' OR entries.facts LIKE '%"unseen_category":%')"""
)


@dataclass(frozen=True, slots=True)
class ReviewCount:
    """How many decisions came out as `decided` and have a latest review with these facts."""

    decided: str
    review: Mapping[str, Any]
    decisions: int


@dataclass(frozen=True, slots=True)
class Reviews:
    """How many decisions of a period came out as each, and which latest reviews they have."""

    decisions: Mapping[Decision, int]
    counts: tuple[ReviewCount, ...]


def queue(connection: Connection, flag: Flag | None, before: int | None, limit: int) -> tuple[list[Recorded], int]:
    """Return the newest decisions that wait and have the flag, newest first, and how many wait with any or none."""
    sequences = waiting(connection)
    chosen: list[int] = []
    for some in in_parts([sequence for sequence in sequences if before is None or sequence < before]):
        chosen += some if flag is None else _flagged(connection, some, flag)
        if len(chosen) >= limit:
            break
    query = whole().where(entries.c.sequence.in_(chosen[:limit])).order_by(entries.c.sequence.desc())
    return [recorded(row) for row in connection.execute(query)], len(sequences)


def waiting(connection: Connection) -> list[int]:
    """Return the sequences of the decisions that wait, newest first.

    A decision waits while it has no review, is the latest on its applicant, and was referred or has inputs that
    training did not see. What was purged does not wait: nobody can see any more what it was made of.
    """
    # A single statement would be clear too, but for it PostgreSQL joins all payloads with all decisions.
    query = select(entries.c.sequence).where(_TO_SEE, has_review(False)).order_by(entries.c.sequence.desc())
    unreviewed = connection.scalars(query).all()
    applicants = _applicants(connection, unreviewed)
    latest = _latest_decisions(connection, {one for one in applicants.values() if one is not None})
    return [one for one in unreviewed if one in applicants and latest.get(applicants[one], one) == one]


def _applicants(connection: Connection, sequences: Sequence[int]) -> dict[int, int | None]:
    """Return who the decisions that are not purged are on, ``None`` where that was never told."""
    known: dict[int, int | None] = {}
    for some in in_parts(sequences):
        query = select(payloads.c.sequence, payloads.c.applicant).where(payloads.c.sequence.in_(some))
        known |= {sequence: applicant for sequence, applicant in connection.execute(query)}  # noqa: C416
    return known


def _latest_decisions(connection: Connection, applicants: Collection[int]) -> dict[int | None, int]:
    """Return the sequence of the latest decision on each applicant."""
    latest: dict[int | None, int] = {}
    # Not a join, for which SQLite would begin with all decisions.
    decides = exists(entries.c.id).where(entries.c.sequence == payloads.c.sequence, entries.c.kind == "decision")
    for some in in_parts(applicants):
        query = select(payloads.c.applicant, func.max(payloads.c.sequence)).group_by(payloads.c.applicant)
        query = query.where(payloads.c.applicant.in_(some), decides)
        latest |= {applicant: sequence for applicant, sequence in connection.execute(query)}  # noqa: C416
    return latest


def _flagged(connection: Connection, sequences: Sequence[int], flag: Flag) -> Iterator[int]:
    query = select(entries.c.sequence, entries.c.facts).where(entries.c.sequence.in_(sequences))
    for sequence, facts in connection.execute(query.order_by(entries.c.sequence.desc())):
        if flag in flags_of(json.loads(facts)):
            yield sequence


def flags_of(facts: Mapping[str, Any]) -> tuple[Flag, ...]:
    """Return what about a decision should make a person look at it, by the policy recorded with it.

    Examples
    --------
    >>> policy = {"cutoff_interval": [0.08, 0.12], "minimum_coverage": 0.5}
    >>> flags_of({"p_default": 0.12, "coverage": 1.0, "policy": policy, "warnings": {"out_of_range": 2}})
    ('near_cutoff', 'out_of_range')
    """
    policy, warnings = facts.get("policy"), facts.get("warnings", {})
    found: list[Flag] = []
    if policy:
        lower, upper = policy["cutoff_interval"]
        if lower < upper and lower <= facts["p_default"] <= upper:
            found.append("near_cutoff")
        if facts["coverage"] < policy["minimum_coverage"]:
            found.append("low_coverage")
    strange: tuple[Flag, ...] = ("out_of_range", "unseen_category")
    return (*found, *(code for code in strange if code in warnings))


def reviews(connection: Connection, since: datetime | None, until: datetime | None) -> Reviews:
    """Return how the decisions of a period came out, and what people said of them; both ends belong to it."""
    in_period = (entries.c.kind == "decision", *within(None, since, until, None))
    return Reviews(_decided(connection, in_period), tuple(_reviewed(connection, in_period)))


def _decided(connection: Connection, in_period: Conditions) -> dict[Decision, int]:
    # To group them, a database would sort all decisions; to count each kind apart, it walks once along an index.
    counts = [func.count().filter(entries.c.decision == one) for one in DECISIONS]
    found = connection.execute(select(*counts).where(*in_period)).one()
    return dict(zip(DECISIONS, found, strict=True))


def _reviewed(connection: Connection, in_period: Conditions) -> Iterator[ReviewCount]:
    review, later = entries.alias("review"), entries.alias("later")
    # A review comes after its decision, so those of a late period are found without going through all.
    first = select(func.min(entries.c.sequence)).where(*in_period).correlate(None).scalar_subquery()
    is_latest = ~exists(later.c.subject).where(
        later.c.subject == review.c.subject, later.c.kind == "review", later.c.sequence > review.c.sequence
    )
    query = (
        select(entries.c.decision, review.c.facts, func.count())
        .select_from(review.join(entries, review.c.subject == entries.c.id))
        .where(review.c.kind == "review", review.c.sequence > first, is_latest, *in_period)
        .group_by(entries.c.decision, review.c.facts)
    )
    for decided, facts, number in connection.execute(query):
        yield ReviewCount(decided, json.loads(facts), number)
