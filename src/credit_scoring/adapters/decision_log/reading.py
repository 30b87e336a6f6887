"""What is found in the log: one entry, those about it, a page of a search, a walk through all of a kind."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select
from sqlalchemy.engine import Row

from credit_scoring.adapters.decision_log import chain
from credit_scoring.adapters.decision_log.tables import entries, payloads
from credit_scoring.domain.errors import UnknownDecisionError
from credit_scoring.domain.record import Entry, EntryKind, Payload, Recorded

IDS_AT_ONCE = 500  # SQLite of old takes 999 values in a statement

_PAYLOAD = (
    payloads.c.at.label("payload_at"),
    payloads.c.salt,
    payloads.c.applicant,
    payloads.c.inputs,
    payloads.c.feature_values,
    payloads.c.told,
)


def whole() -> Select[Any]:
    """Return the query of entries with their payloads, where they have them still."""
    return select(*entries.c, *_PAYLOAD).select_from(entries.outerjoin(payloads))


def payload_of(row: Row[Any]) -> Payload | None:
    """Return the payload in a row of `whole`."""
    if row.salt is None:
        return None
    return Payload(row.inputs, row.feature_values, row.told, row.applicant)


def recorded(row: Row[Any]) -> Recorded:
    """Return the entry in a row of `whole`."""
    payload = payload_of(row)
    entry = Entry(row.kind, row.id, chain.moment(row.at), json.loads(row.facts), payload, row.subject)
    return Recorded(entry, row.sequence, row.previous, row.hash, payload is None and row.payload_digest is not None)


def row_of(connection: Connection, name: str) -> Row[Any]:
    """Return the row of the entry whose id is `name`; an `UnknownDecisionError` if there is none."""
    row = connection.execute(whole().where(entries.c.id == name)).one_or_none()
    if row is None:
        raise UnknownDecisionError(name)
    return row


def about(connection: Connection, name: str) -> list[Recorded]:
    """Return the shadows, reviews and outcomes of a decision, oldest first."""
    found = connection.execute(whole().where(entries.c.subject == name).order_by(entries.c.sequence))
    listed = [recorded(row) for row in found]
    if not listed:
        row_of(connection, name)
    return listed


def latest_reviews(connection: Connection, names: Collection[str]) -> dict[str, Recorded]:
    """Return the newest review of each decision that has one."""
    newest: dict[str, Recorded] = {}
    for some in in_parts(names):
        last = (
            select(func.max(entries.c.sequence))
            .where(entries.c.subject.in_(some), entries.c.kind == "review")
            .group_by(entries.c.subject)
        )
        for row in connection.execute(whole().where(entries.c.sequence.in_(last))):
            newest[row.subject] = recorded(row)
    return newest


def search(connection: Connection, conditions: Sequence[ColumnElement[bool]], limit: int) -> list[Recorded]:
    """Return the newest entries that meet all conditions."""
    # The inner query is answered from an index alone; only what is found is read whole.
    found = select(entries.c.sequence).where(*conditions).order_by(entries.c.sequence.desc()).limit(limit).subquery()
    query = whole().where(entries.c.sequence.in_(select(found.c.sequence))).order_by(entries.c.sequence.desc())
    return [recorded(row) for row in connection.execute(query)]


def of_kinds(kinds: Sequence[EntryKind]) -> ColumnElement[bool]:
    """Return the condition of being of one of the kinds."""
    return entries.c.kind == kinds[0] if len(kinds) == 1 else entries.c.kind.in_(kinds)


def of_applicant(applicant: int) -> ColumnElement[bool]:
    """Return the condition of being about an applicant, as long as that is known."""
    return entries.c.sequence.in_(select(payloads.c.sequence).where(payloads.c.applicant == applicant))


def within(
    p_default: tuple[float, float] | None, since: datetime | None, until: datetime | None, before: int | None
) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions of being in a range: PDs and moments with both ends, sequences below `before`."""
    if p_default is not None:
        yield entries.c.p_default.between(*p_default)
    if since is not None:
        yield entries.c.at >= chain.microseconds(since)
    if until is not None:
        yield entries.c.at <= chain.microseconds(until)
    if before is not None:
        yield entries.c.sequence < before


def has_review(reviewed: bool) -> ColumnElement[bool]:
    """Return the condition of having a review, or of having none."""
    review = entries.alias("review")
    if not reviewed:
        return ~exists(review.c.subject).where(review.c.subject == entries.c.id, review.c.kind == "review")
    # Reviews are few among decisions: begin with them.
    of_review = entries.alias("of_review")
    known = select(of_review.c.sequence).join(review, review.c.subject == of_review.c.id)
    return entries.c.sequence.in_(known.where(review.c.kind == "review"))


def page(connection: Connection, kinds: Sequence[EntryKind], after: int, limit: int) -> list[Recorded]:
    """Return the first entries of the kinds after a sequence, in order."""
    query = whole().where(of_kinds(kinds), entries.c.sequence > after).order_by(entries.c.sequence).limit(limit)
    return [recorded(row) for row in connection.execute(query)]


def count(connection: Connection) -> dict[EntryKind, int]:
    """Return how many entries there are of each kind."""
    rows = connection.execute(select(entries.c.kind, func.count()).group_by(entries.c.kind))
    return {kind: number for kind, number in rows}  # noqa: C416 - typed as a dictionary of kinds


def in_parts(values: Collection[str] | Collection[int]) -> Iterator[list[Any]]:
    """Yield the values in lists short enough for one statement."""
    remaining = iter(values)
    while some := list(islice(remaining, IDS_AT_ONCE)):
        yield some
