"""Engines as the log needs them: what a commit returns from is on disk, and nobody waits for ever."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, exc, make_url

from credit_scoring.domain.errors import DataError, MissingExtraError

BUSY_SECONDS = 10  # how long one writer waits for another
RETRY_SECONDS = 0.0005
CONNECT_SECONDS = 5
BEGIN_WRITING = "BEGIN IMMEDIATE"
POSTGRES = "postgresql+psycopg"
# A server may have been told to answer before the disk has it.
_DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"


def made_engine(url: str, what: str = "decision log", *, kept: bool = True) -> tuple[Engine, Path | None]:
    """Return the engine of an address, and the file if it is SQLite's; nothing is connected yet.

    `what` lies there, as errors name it. Connections are kept, and SQLite's file is made for nobody else's eyes; unless
    `kept`, each is opened anew, so that whatever file is there then is used.

    Raises
    ------
    DataError
        If the address is not understood, or is of another database.
    MissingExtraError
        If PostgreSQL's driver is not installed.
    """
    address = _address(url, what)
    return _postgres(address, what) if address.drivername == POSTGRES else _sqlite(address, kept=kept)


def _address(url: str, what: str) -> URL:
    advice = "give sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE"
    try:
        address = make_url(url)
    except exc.ArgumentError as error:
        raise DataError(f"the address of the {what} is not understood; {advice}") from error
    is_file = address.drivername in {"sqlite", "sqlite+pysqlite"} and address.database not in {None, "", ":memory:"}
    if not is_file and address.drivername != POSTGRES:
        shown = address.render_as_string(hide_password=True)
        raise DataError(f"the {what} cannot be kept at {shown}; {advice}")
    return address


def _sqlite(address: URL, *, kept: bool) -> tuple[Engine, Path | None]:
    arguments = {"timeout": BUSY_SECONDS, "cached_statements": 256}
    pool = {"pool_size": 5, "max_overflow": 20, "pool_timeout": CONNECT_SECONDS} if kept else {"poolclass": NullPool}
    engine = create_engine(address, connect_args=arguments, **pool)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    file = Path(str(address.database)).absolute()
    if kept:
        with suppress(OSError):  # where this fails, SQLite tells why
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))  # its companions follow suit
    return engine, file


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin as `_begin_sqlite` says
    connection.text_factory = _text
    try:
        _use_write_ahead_log(connection)
        for pragma in ("synchronous = FULL", "secure_delete = ON", "foreign_keys = ON", "cache_size = -16000"):
            connection.execute(f"PRAGMA {pragma}")
    except connection.Error:
        connection.close()  # nobody else would: SQLAlchemy does not know it yet
        raise


def _text(stored: bytes) -> str:
    """Return text, damaged or not: a byte that is no text is for `verify` to find, not for the driver to refuse."""
    return stored.decode("utf-8", "surrogateescape")


def _use_write_ahead_log(connection: Any) -> None:
    """Switch the file to its write-ahead log, which SQLite does not wait for if another process does so now."""
    patience = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except connection.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > patience:
                raise
            time.sleep(0.01)
        else:
            if mode != "wal":
                raise connection.OperationalError("the file's disk does not allow a write-ahead log; use a local disk")
            return


def _begin_sqlite(connection: Connection) -> None:
    begin = connection.get_execution_options().get("begin", "BEGIN")
    if begin == BEGIN_WRITING:
        begin = "" if _begin_promptly(connection.connection.driver_connection) else begin
    if begin:
        connection.exec_driver_sql(begin)


def _begin_promptly(connection: Any) -> bool:
    """Begin as soon as another process is done; ``False`` if it is not for a long time, or something else is wrong.

    SQLite itself looks again after up to a tenth of a second: a busy process then never lets another one in.
    """
    patience = time.monotonic() + BUSY_SECONDS
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute(BEGIN_WRITING)
            except connection.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > patience:
                    return False
                time.sleep(RETRY_SECONDS)
            else:
                return True
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(1000 * BUSY_SECONDS)}")


def _postgres(address: URL, what: str) -> tuple[Engine, Path | None]:
    arguments: dict[str, object] = {"connect_timeout": CONNECT_SECONDS, "tcp_user_timeout": BUSY_SECONDS * 1000}
    given = {name: value for name, value in arguments.items() if name not in address.query}
    try:
        engine = create_engine(
            address, connect_args=given, isolation_level="READ COMMITTED", max_overflow=20, pool_timeout=CONNECT_SECONDS
        )
    except ImportError as error:
        raise MissingExtraError("database", f"a {what} in PostgreSQL") from error
    event.listen(engine, "connect", _prepare_postgres)
    return engine, None


def _prepare_postgres(connection: Any, _: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
        cursor.execute(_DURABLE)
    connection.commit()
