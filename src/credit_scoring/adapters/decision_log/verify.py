"""The whole log examined: whatever was changed, exchanged, removed or added behind its back is found."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Any, NamedTuple

from sqlalchemy import Connection, exc, func, select
from sqlalchemy.engine import Row

from credit_scoring.adapters.decision_log import chain
from credit_scoring.adapters.decision_log.draft import Copied, copied_facts
from credit_scoring.adapters.decision_log.reading import payload_of, recorded, whole
from credit_scoring.adapters.decision_log.tables import entries, payloads
from credit_scoring.adapters.decision_log.transaction import Head, read_head
from credit_scoring.domain.errors import LogTamperedError
from credit_scoring.domain.record import Recorded

ROWS_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Verification:
    """A log that is as it was written: how many entries it has, how many payloads were purged, its newest entry."""

    entries: int
    purged: int
    head: Head


def verify(connection: Connection, on_entry: Callable[[Recorded], None] | None) -> Verification:
    """Return what was found in a log that is whole, as the connection's one view of it has it.

    Raises
    ------
    LogTamperedError
        At the first entry that does not fit.
    """
    head, purges = read_head(connection), _read_purges(connection)
    newest, present = Head(0, chain.GENESIS), 0
    query, bounded = whole().order_by(entries.c.sequence), {"yield_per": ROWS_AT_A_TIME}
    try:
        with connection.execute(query, execution_options=bounded) as rows:
            for row in rows:
                if problem := misfit(row, newest) or purges.misfit(row):
                    raise LogTamperedError(newest.sequence + 1, problem)
                newest, present = Head(row.sequence, row.hash), present + (row.salt is not None)
                if on_entry is not None:
                    on_entry(recorded(row))
    except exc.OperationalError:
        raise
    except exc.DatabaseError as error:
        raise LogTamperedError(newest.sequence + 1, f"the database cannot read it ({error.orig})") from error
    _require_end(head, newest)
    _require_no_more_payloads(connection, present)
    purges.require_all_found()
    return Verification(newest.sequence, purges.found.total(), newest)


def misfit(row: Row[Any], previous: Head) -> str | None:
    """Return how an entry fails to fit after the `previous` one, or ``None`` if it fits."""
    try:
        return _misfit(row, previous)
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        return f"it is of another type than what was written ({error})"


def _misfit(row: Row[Any], previous: Head) -> str | None:
    if row.sequence != previous.sequence + 1:
        return "it is missing"
    if row.previous != previous.hash:
        return "it does not follow the entry before it"
    body = chain.body(row.kind, row.id, row.subject, row.at, row.facts, row.payload_digest)
    if chain.link(previous.hash, row.sequence, body) != row.hash:
        return "its content or its hash was changed"
    if copied_facts(row.kind, json.loads(row.facts)) != Copied(row.p_default, row.decision, row.bundle, row.caller):
        return "a column that is copied from its facts was changed"
    return _payload_misfit(row)


def _payload_misfit(row: Row[Any]) -> str | None:
    if (payload := payload_of(row)) is None:
        return None
    if row.payload_digest is None or chain.digest(row.salt, payload) != row.payload_digest:
        return "its payload was changed or exchanged"
    return None if row.payload_at == row.at else "its payload's moment was changed"


class _Retention(NamedTuple):
    """A purge of every payload of entries that came before it and were older than a moment."""

    sequence: int
    before: int


@dataclass(slots=True)
class _Purges:
    """Which purge took which payload, told by the purges' own entries."""

    retentions: list[_Retention] = field(default_factory=list)
    erasures: dict[int, int] = field(default_factory=dict)
    told: dict[int, int] = field(default_factory=dict)
    found: Counter[int] = field(default_factory=Counter)
    intact: bool = True
    _latest: list[int] = field(default_factory=list)

    def ready(self) -> _Purges:
        self._latest = list(accumulate((purge.before for purge in self.retentions), max))
        return self

    def misfit(self, row: Row[Any]) -> str | None:
        """Return what is wrong with a payload being there or not; count it for the purge that took it."""
        if row.payload_digest is None or not self.intact:
            return None
        purge = self.erasures.get(row.sequence) or self._retention(row.sequence, row.at)
        if row.salt is not None:
            return "its payload was purged, and is there again" if purge else None
        if purge is None:
            return "its payload is gone, and no purge has taken it"
        self.found[purge] += 1
        return None

    def _retention(self, sequence: int, at: int) -> int | None:
        """Return the first purge that took the payloads of entries as old as `at`, and came after `sequence`."""
        candidates = (self.retentions[place] for place in range(bisect_right(self._latest, at), len(self._latest)))
        return next((purge.sequence for purge in candidates if purge.sequence > sequence and purge.before > at), None)

    def require_all_found(self) -> None:
        """Refuse a purge that tells of more payloads, or fewer, than it accounts for."""
        for sequence, number in self.told.items():
            if self.found[sequence] != number:
                raise LogTamperedError(
                    sequence, f"this purge took {number} payloads, yet {self.found[sequence]} are gone that it covers"
                )


def _read_purges(connection: Connection) -> _Purges:
    purges = _Purges()
    for row in connection.execute(whole().where(entries.c.kind == "purge").order_by(entries.c.sequence)):
        if misfit(row, Head(row.sequence - 1, row.previous)):
            purges.intact = False  # it tells nothing; the walk through the chain ends there at the latest
            break
        facts = json.loads(row.facts)
        purges.told[row.sequence] = facts["payloads"]
        if "sequences" in facts:
            purges.erasures |= dict.fromkeys(facts["sequences"], row.sequence)
        else:
            before = chain.microseconds(datetime.fromisoformat(facts["before"]))
            purges.retentions.append(_Retention(row.sequence, before))
    return purges.ready()


def _require_end(head: Head, newest: Head) -> None:
    if head.sequence > newest.sequence:
        raise LogTamperedError(newest.sequence + 1, "it is missing")
    if head != newest:
        raise LogTamperedError(newest.sequence, "the log's note of its newest entry says another")


def _require_no_more_payloads(connection: Connection, present: int) -> None:
    if connection.execute(select(func.count()).select_from(payloads)).scalar_one() != present:
        known = select(entries.c.sequence)
        strays = select(func.min(payloads.c.sequence)).where(payloads.c.sequence.not_in(known))
        raise LogTamperedError(connection.execute(strays).scalar() or 0, "there is a payload without an entry")
