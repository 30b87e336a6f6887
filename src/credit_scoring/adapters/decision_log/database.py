"""A database opened for the log: durable, one writer at a time, its errors told as one sentence."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, exc

from credit_scoring.adapters.decision_log import migrate
from credit_scoring.adapters.decision_log.engines import BEGIN_WRITING, made_engine
from credit_scoring.domain.errors import DataError, LogUnavailableError

T = TypeVar("T")

# Any number, the same in every process: who opens the log on PostgreSQL at the same moment waits for the other.
OPENING = 0x637265646974


class Database:
    """Connections to one database. `file` is SQLite's, `where` the address without its password."""

    def __init__(self, engine: Engine, file: Path | None) -> None:
        self.engine, self.file = engine, file
        self.where = str(file) if file else engine.url.render_as_string(hide_password=True)
        self._writer = engine.execution_options(begin=BEGIN_WRITING)
        self._one_at_a_time = threading.Lock()  # threads wait for each other here, where they are woken at once
        self._identity: tuple[int, int] | None = None

    @property
    def is_sqlite(self) -> bool:
        """Return whether this is a SQLite file."""
        return self.file is not None

    def read(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` finds; once more if the connection turns out to be dead.

        Raises
        ------
        LogUnavailableError
            If the database cannot be read now.
        """
        with self.told():
            try:
                return self._read(work)
            except exc.DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                return self._read(work)

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self.engine.connect() as connection:
            return work(connection)

    def view(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` finds in one unchanging view of the database, however long it takes.

        Raises
        ------
        LogUnavailableError
            If the database cannot be read now.
        """
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}  # SQLite has no other way
        with self.told(), self.engine.connect().execution_options(**options) as connection:
            return work(connection)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection inside a transaction that may write; whoever commits it ends it, else it is undone."""
        with self._one_at_a_time, self._writer.connect() as connection:
            try:
                connection.begin()
                self._require_same_file()
                yield connection
            except exc.OperationalError:
                connection.invalidate()  # what a full disk leaves of a connection is not worth trusting
                raise

    def _require_same_file(self) -> None:
        """Refuse to write into a file that nobody will find again."""
        if self.file is None:
            return
        found = _identity(self.file)
        if self._identity is None:
            self._identity = found
        if found is None or found != self._identity:
            raise LogUnavailableError(
                self.where, "the file was removed or replaced while in use", "put it back, then start again"
            )

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what SQLAlchemy raises into an error of the project."""
        try:
            yield
        except (exc.IntegrityError, exc.DataError) as error:
            raise DataError(f"the decision log {self.where} refuses an entry: {reason(error)}") from error
        except exc.SQLAlchemyError as error:
            raise LogUnavailableError(self.where, reason(error)) from error

    def scrub(self) -> None:
        """Leave nothing of what was deleted in SQLite's files; PostgreSQL's own vacuum does so in its time.

        Raises
        ------
        LogUnavailableError
            If a reader kept the old state in use for too long.
        """
        if not self.is_sqlite:
            return
        with self.told(), closing(self.engine.raw_connection()) as connection:  # not inside a transaction
            cursor = connection.cursor()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (busy, *_) = cursor.fetchone() or (1,)
        if busy:
            raise LogUnavailableError(
                self.where,
                "what was purged is deleted, but its bytes are still in the file: somebody reads the log",
                "purge again once they are done",
            )

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Return the database at `url`, its tables made or brought up to date.

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
    database = Database(*made_engine(url))
    try:
        with database.told():
            _bring_up_to_date(database)
    except migrate.NewerTablesError as error:
        database.close()
        raise LogUnavailableError(
            database.where, "a newer version of credit-scoring made its tables", "install that version or a later one"
        ) from error
    except BaseException:
        database.close()
        raise
    return database


def _bring_up_to_date(database: Database) -> None:
    with database.engine.connect() as connection:
        if migrate.is_current(connection):
            return
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({OPENING})")
        if not migrate.is_current(connection):  # another process may have done it meanwhile
            migrate.upgrade(connection)
        connection.commit()


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(file)  # noqa: PTH116 - a third of Path.stat's time, at every commit
    except OSError:
        return None
    return found.st_dev, found.st_ino


def reason(error: exc.SQLAlchemyError) -> str:
    """Return what the database said, on one line."""
    said = error.orig if isinstance(error, exc.DBAPIError) and error.orig is not None else error
    return (str(said).strip().splitlines() or [type(said).__name__])[0]
