"""The decision log: written durably, read, searched, verified, purged."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import update

from credit_scoring.adapters.closing import Closing
from credit_scoring.adapters.decision_log import chain, purge, queue, reading, verify, watching
from credit_scoring.adapters.decision_log.database import Database, open_database
from credit_scoring.adapters.decision_log.draft import draft
from credit_scoring.adapters.decision_log.outcomes import OutcomeCounts, record_outcomes
from credit_scoring.adapters.decision_log.queue import Flag, Reviews
from credit_scoring.adapters.decision_log.tables import entries, probe
from credit_scoring.adapters.decision_log.transaction import Head, read_head, transact
from credit_scoring.adapters.decision_log.verify import Verification
from credit_scoring.domain.errors import DataError, LogTamperedError
from credit_scoring.domain.record import Entry, EntryKind, Json, Outcome, Recorded

ENTRIES_AT_A_TIME = 500
# A page is not enough to notice a disk that is nearly full, as SQLite has spare ones.
PROBE_BYTES = 16_384
# They mean something to the log itself: what a purge took, which outcome is known.
_WRITTEN_BY_THE_LOG = frozenset({"purge", "outcome"})


def open_log(url: str) -> DecisionLog:
    """Return the log at `url`, its tables made or brought up to date; several processes may open it at once.

    Parameters
    ----------
    url : ``sqlite:///file.db`` or ``postgresql+psycopg://user@host/name``

    Raises
    ------
    DataError
        If the address is none of these.
    LogUnavailableError
        If the database cannot be reached or is of a newer version.
    MissingExtraError
        If PostgreSQL's driver is not installed.
    """
    return DecisionLog(open_database(url))


class DecisionLog(Closing):
    """One chain of entries in a database. Any thread may use it; writers take turns, here and across processes.

    Every method raises `LogUnavailableError` if the database cannot be written or read now, and works again once it
    can.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def append(self, new: Sequence[Entry]) -> list[Recorded]:
        """Return the entries as recorded, all in one transaction, which is on disk.

        Raises
        ------
        LogUnavailableError
            If they cannot be brought there; none of them is then in the log.
        DataError
            If an entry cannot be recorded, or its id is in the log already; none of them is then in the log.
        """
        if not new:
            return []
        if own := {entry.kind for entry in new} & _WRITTEN_BY_THE_LOG:
            raise DataError(f"an entry of kind {min(own)} is not appended; `purge` and `outcomes` write their own")
        drafts = [draft(entry) for entry in new]
        return transact(self.database, lambda transaction: transaction.add(drafts))

    def get(self, name: str) -> Recorded:
        """Return the entry whose id is `name`, of whatever kind.

        Raises
        ------
        UnknownDecisionError
            If there is none.
        LogTamperedError
            If it is not what was written.
        """
        row = self.database.read(lambda connection: reading.row_of(connection, name))
        if problem := verify.misfit(row, Head(row.sequence - 1, row.previous)):
            raise LogTamperedError(row.sequence, problem)
        return reading.recorded(row)

    def about(self, name: str) -> list[Recorded]:
        """Return the shadows, reviews and outcomes of a decision, oldest first.

        Raises
        ------
        UnknownDecisionError
            If there is no entry of this id.
        """
        return self.database.read(lambda connection: reading.about(connection, name))

    def latest_reviews(self, names: Collection[str]) -> dict[str, Recorded]:
        """Return the newest review of each of the decisions that has one, by the decision's id."""
        return self.database.read(lambda connection: reading.latest_reviews(connection, names))

    def search(  # noqa: PLR0913
        self,
        *,
        kinds: Sequence[EntryKind] = ("decision",),
        decision: str | None = None,
        applicant: int | None = None,
        p_default: tuple[float, float] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        reviewed: bool | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Recorded]:
        """Return the newest entries that meet every condition, newest first.

        Ranges include both ends. The next page is that `before` the sequence of the last entry of this one.
        """
        conditions = [reading.of_kinds(kinds), *reading.within(p_default, since, until, before)]
        if decision is not None:
            conditions.append(entries.c.decision == decision)
        if applicant is not None:
            conditions.append(reading.of_applicant(applicant))
        if reviewed is not None:
            conditions.append(reading.has_review(reviewed))
        return self.database.read(lambda connection: reading.search(connection, conditions, limit))

    def queue(
        self, *, flag: Flag | None = None, before: int | None = None, limit: int = 50
    ) -> tuple[list[Recorded], int]:
        """Return the newest decisions that wait for a person, newest first, and how many wait whatever is asked for.

        A decision waits while it has no review, is the latest on its applicant, and was referred or has inputs that
        training did not see. The next page is that `before` the sequence of the last decision of this one.
        """
        return self.database.read(lambda connection: queue.queue(connection, flag, before, limit))

    def reviews(self, *, since: datetime | None = None, until: datetime | None = None) -> Reviews:
        """Return how the decisions of a period came out, and what people said of them; both ends belong to it."""
        return self.database.read(lambda connection: queue.reviews(connection, since, until))

    def decided(self, since: datetime, until: datetime) -> Iterator[watching.DecidedPage]:
        """Yield the decisions from `since` to `until`, both included, in order, with bounded memory."""
        return watching.decided(self.database, since, until)

    def matured(self, bundle: str, until: datetime) -> Iterator[watching.MaturedPage]:
        """Yield a bundle's decisions up to `until`, in order, each with its outcome where it was recorded by then."""
        return watching.matured(self.database, bundle, until)

    def scan(self, *, kinds: Sequence[EntryKind], after: int = 0) -> Iterator[Recorded]:
        """Yield the entries of the kinds in order, from the one after the sequence `after`; memory is bounded."""
        page = self._page(kinds, after)
        while page:
            yield from page
            page = self._page(kinds, page[-1].sequence)

    def _page(self, kinds: Sequence[EntryKind], after: int) -> list[Recorded]:
        return self.database.read(lambda connection: reading.page(connection, kinds, after, ENTRIES_AT_A_TIME))

    def count(self) -> dict[EntryKind, int]:
        """Return how many entries there are of each kind that occurs."""
        return self.database.read(reading.count)

    def head(self) -> Head:
        """Return the newest entry's sequence and hash: kept elsewhere, they vouch for all entries up to it."""
        return self.database.read(read_head)

    def writable(self) -> None:
        """Write something to disk beside the entries; a `LogUnavailableError` if that fails."""
        writing = update(probe).values(written=os.urandom(PROBE_BYTES))
        transact(self.database, lambda transaction: transaction.connection.execute(writing))

    def verify(self, *, on_entry: Callable[[Recorded], None] | None = None) -> Verification:
        """Return what was found in a log that is as it was written; `on_entry` is given each entry that fits.

        Memory is bounded. While it lasts, what is appended collects in SQLite's write-ahead log, and a purge waits.

        Raises
        ------
        LogTamperedError
            At the first entry that does not fit: changed, exchanged or missing, or without a payload that no purge
            has taken.
        """
        return self.database.view(lambda connection: verify.verify(connection, on_entry))

    def purge(self, before: datetime, caller: str) -> int:
        """Return how many payloads of entries older than `before` were deleted, for good.

        Entries stay, and the chain tells of the purge, or of several where so much is due that decisions would have
        to wait.

        Raises
        ------
        DataError
            If `before` has no time zone.
        LogUnavailableError
            Also if SQLite's file cannot be freed of what was deleted, because somebody reads the log: purge again.
        """
        if before.tzinfo is None:
            raise DataError(f"a purge before {before} has no time zone; give one")
        moment, purged = chain.microseconds(before), 0
        while number := transact(self.database, lambda transaction: purge.purge_oldest(transaction, moment, caller)):
            purged += number
        self.database.scrub()
        return purged

    def purge_applicant(self, applicant: int, caller: str) -> int:
        """Return how many payloads of one applicant were deleted, for good; as `purge` otherwise."""
        number = transact(self.database, lambda transaction: purge.purge_applicant(transaction, applicant, caller))
        self.database.scrub()
        return number

    def outcomes(
        self, observed: Sequence[Outcome], at: datetime, caller: str, *, mark: Mapping[str, Json] = MappingProxyType({})
    ) -> OutcomeCounts:
        """Return how many outcomes were recorded now, were known before, and belong to no decision.

        An outcome by applicant is one of each decision on them that is not purged. The same again writes nothing.
        `mark` goes into the facts of those recorded.

        Raises
        ------
        ConflictingOutcomeError
            If a decision has another outcome already, or two in `observed`; nothing is then recorded.
        DataError
            If an outcome names neither a decision nor an applicant.
        """
        return transact(
            self.database, lambda transaction: record_outcomes(transaction, observed, at, {"caller": caller, **mark})
        )

    def close(self) -> None:
        """Close every connection; what was appended is on disk already."""
        self.database.close()
