"""Entries added to the chain, all of a transaction or none. The hot path: few statements, each written out once.

Python's driver gives way to other threads at every step of a statement, and may wait for its turn again each time:
so rows go many to a statement.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Table, exc

from credit_scoring.adapters.decision_log import chain, tables
from credit_scoring.adapters.decision_log.database import Database, reason
from credit_scoring.adapters.decision_log.draft import Draft
from credit_scoring.domain.errors import LogTamperedError, LogUnavailableError
from credit_scoring.domain.record import Recorded

T = TypeVar("T")

ROWS_AT_ONCE = 32


class Head(NamedTuple):
    """The newest entry: its sequence, 0 in an empty log, and its hash. Kept elsewhere, it vouches for the whole log."""

    sequence: int
    hash: bytes


class Transaction:
    """The log's one writer for as long as this lasts."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.head = read_head(connection, lock=True)

    def add(self, drafts: Iterable[Draft]) -> list[Recorded]:
        """Return the entries as recorded, in order, each sealed after the one before."""
        (sequence, previous), recorded = self.head, []
        entries: list[Any] = []
        payloads: list[Any] = []
        for entry, at, facts, copied, salt, digest, body in drafts:
            sequence += 1
            sealed = chain.link(previous, sequence, body)
            entries.append(
                (sequence, entry.id, entry.kind, entry.subject, at, facts, *copied, digest, previous, sealed)
            )
            if (payload := entry.payload) is not None:
                parts = payload.inputs, payload.values, payload.told
                payloads.append((sequence, at, salt, payload.applicant, *parts))
            recorded.append(Recorded(entry, sequence, previous, sealed))
            previous = sealed
        self._insert(tables.entries, entries)
        self._insert(tables.payloads, payloads)
        self.head = Head(sequence, previous)
        return recorded

    def _insert(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        mark = "?" if self.connection.dialect.name == "sqlite" else "%s"
        for first in range(0, len(rows), ROWS_AT_ONCE):
            some = rows[first : first + ROWS_AT_ONCE]
            values = tuple(itertools.chain.from_iterable(some))
            self.connection.exec_driver_sql(_insertion(table, len(some), mark), values)

    def write_head(self) -> None:
        """Move the head to the newest entry."""
        mark = "?" if self.connection.dialect.name == "sqlite" else "%s"
        statement = f"UPDATE log_head SET sequence = {mark}, hash = {mark}"  # noqa: S608 - a placeholder
        self.connection.exec_driver_sql(statement, tuple(self.head))


@lru_cache(maxsize=4 * ROWS_AT_ONCE)
def _insertion(table: Table, rows: int, mark: str) -> str:
    row = f"({', '.join([mark] * len(table.columns))})"
    return f"INSERT INTO {table.name} ({', '.join(table.columns.keys())}) VALUES {', '.join([row] * rows)}"  # noqa: S608


def transact(database: Database, work: Callable[[Transaction], T]) -> T:
    """Return what `work` makes of a transaction, once that is on disk.

    Raises
    ------
    LogUnavailableError
        If it cannot be brought there; nothing of it is then in the log.
    DataError
        If an entry is refused, such as one whose id is there already.
    """
    with database.told():
        try:
            return _attempt(database, work)
        except exc.DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return _attempt(database, work)  # the connection had died while nobody used it


def _attempt(database: Database, work: Callable[[Transaction], T]) -> T:
    with database.writing() as connection:
        transaction = Transaction(connection)
        began = transaction.head
        result = work(transaction)
        if transaction.head != began:
            transaction.write_head()
        try:
            connection.commit()
        except exc.DBAPIError as error:
            if not error.connection_invalidated:
                raise
            lost = error
        else:
            return result
    if transaction.head != began and _is_in(database, transaction.head, lost):
        return result
    raise lost


def _is_in(database: Database, head: Head, lost: exc.DBAPIError) -> bool:
    """Return whether a commit counts whose answer was lost with the connection."""
    try:
        with database.writing() as connection:
            read_head(connection, lock=True)  # waits for the server to be done with the lost connection
            found = connection.execute(
                tables.entries.select().where(tables.entries.c.sequence == head.sequence)
            ).one_or_none()
    except exc.SQLAlchemyError as error:
        raise LogUnavailableError(
            database.where,
            f"the connection was lost while the last entries were committed ({reason(lost)})",
            "whether they are in the log is not known until the database is back",
        ) from error
    return found is not None and found.hash == head.hash


def read_head(connection: Connection, *, lock: bool = False) -> Head:
    """Return the newest entry as the log's own note has it; `lock` keeps other writers away until the end."""
    locking = " FOR UPDATE" if lock and connection.dialect.name != "sqlite" else ""
    row = connection.exec_driver_sql(f"SELECT sequence, hash FROM log_head{locking}").one_or_none()  # noqa: S608
    if row is None or type(row[0]) is not int or type(row[1]) is not bytes:
        raise LogTamperedError(0, "the log's note of its newest entry is gone or damaged")
    return Head(*row)
