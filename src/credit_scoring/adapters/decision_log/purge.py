"""Payloads removed for good: the chain goes on to vouch for what stays, and says what went."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import delete, func, select

from credit_scoring.adapters.decision_log import chain
from credit_scoring.adapters.decision_log.draft import draft
from credit_scoring.adapters.decision_log.ids import new_id
from credit_scoring.adapters.decision_log.reading import in_parts
from credit_scoring.adapters.decision_log.tables import entries, payloads
from credit_scoring.adapters.decision_log.transaction import Transaction
from credit_scoring.domain.record import Entry, Json

PAYLOADS_AT_ONCE = 2_000  # decisions wait while a purge is written


def purge_oldest(transaction: Transaction, before: int, caller: str) -> int:
    """Return how many payloads older than `before` (microseconds) were deleted now: 0 once none is left.

    The purge that is recorded took every payload older than its own moment, which is earlier than `before` where many
    are due.
    """
    connection = transaction.connection
    due = select(payloads.c.at).where(payloads.c.at < before).order_by(payloads.c.at)
    further = connection.execute(due.offset(PAYLOADS_AT_ONCE).limit(1)).scalar()
    if further is not None:
        oldest = connection.execute(due.limit(1)).scalar_one()
        before = max(further, oldest + 1)
    extent = select(func.count(), func.min(payloads.c.sequence), func.max(payloads.c.sequence))
    number, first, last = connection.execute(extent.where(payloads.c.at < before)).one()
    if number:
        connection.execute(delete(payloads).where(payloads.c.at < before))
        moment = chain.moment(before).isoformat()
        _record(transaction, caller, {"before": moment, "payloads": number, "first": first, "last": last})
    return int(number)


def purge_applicant(transaction: Transaction, applicant: int, caller: str) -> int:
    """Return how many payloads of an applicant were deleted, those of shadows and reviews of their decisions too."""
    connection = transaction.connection
    own = select(payloads.c.sequence).where(payloads.c.applicant == applicant)
    names = select(entries.c.id).where(entries.c.sequence.in_(own))
    beside = select(payloads.c.sequence).join(entries).where(entries.c.subject.in_(names))
    found = sorted(connection.execute(own.union(beside)).scalars())
    if found:
        for some in in_parts(found):
            connection.execute(delete(payloads).where(payloads.c.sequence.in_(some)))
        listed: list[Json] = [*found]
        _record(transaction, caller, {"sequences": listed, "payloads": len(found)})
    return len(found)


def _record(transaction: Transaction, caller: str, facts: dict[str, Json]) -> None:
    entry = Entry("purge", new_id(), datetime.now(UTC), facts | {"caller": caller})
    transaction.add([draft(entry)])
