"""Entries to record, and ways to change a log behind its back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import create_engine

from credit_scoring.domain.record import Entry, EntryKind, Json, Payload, Recorded

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
TODAY = date(2026, 11, 25)

# Appends until it is killed, and says what is on disk: the first argument is the address, the second how many.
APPEND = """
import sys, uuid
from datetime import UTC, datetime
from credit_scoring.adapters.decision_log.log import open_log
from credit_scoring.domain.record import Entry, Payload
with open_log(sys.argv[1]) as log:
    for _ in range(int(sys.argv[2])):
        new = [Entry("decision", uuid.uuid4().hex, datetime.now(UTC), {}, Payload(b"x" * 300)) for _ in range(3)]
        log.append(new)
        print(*(entry.id for entry in new), flush=True)
"""


def entry(
    kind: EntryKind = "decision",
    *,
    subject: str | None = None,
    applicant: int | None = None,
    at: datetime = NOON,
    payload: Payload | bool = True,
    facts: Mapping[str, Json] | None = None,
) -> Entry:
    """Return an entry like those of the service, with an id of its own."""
    decided: dict[str, Json] = {"p_default": 0.07, "decision": "approve", "bundle": "b1", "caller": "desk"}
    if payload is True:
        payload = Payload(b'{"EXT_SOURCE_1": 0.5}', b"\x01" + bytes(8), b"[]", applicant)
    return Entry(kind, uuid.uuid4().hex, at, {**decided, **(facts or {})}, payload or None, subject)


def ids(found: list[Recorded]) -> list[str]:
    return [one.entry.id for one in found]


def alter(url: str, *statements: str) -> None:
    """Change tables as their owner can, past the triggers."""
    engine = create_engine(url)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            triggers = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars()
            statements = (*(f"DROP TRIGGER {name}" for name in triggers.all()), *statements)
        else:
            disabled = [f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in ("entries", "payloads")]
            statements = (*disabled, *statements)
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def refused(url: str, statement: str) -> str:
    """Return what the database says to a statement that it refuses."""
    engine = create_engine(url)
    try:
        with pytest.raises(Exception, match="decision log") as error, engine.begin() as connection:
            connection.exec_driver_sql(statement)
        return str(error.value)
    finally:
        engine.dispose()
