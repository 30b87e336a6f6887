"""Whatever is changed in a stored log, by a byte of a field or in the file itself, is found."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from tests.unit.adapters.test_decision_log_builders import LONG_AGO, NOON, entry

from credit_scoring.adapters.decision_log.log import open_log
from credit_scoring.domain.errors import LogTamperedError
from credit_scoring.domain.record import Payload

COLUMNS = {
    "entries": "sequence id kind subject at facts p_default decision bundle caller payload_digest previous hash",
    "payloads": "sequence at salt applicant inputs feature_values told",
    "log_head": "sequence hash",
}
FIELDS = [(table, column) for table, columns in COLUMNS.items() for column in columns.split()]
Value: TypeAlias = bytes | str | float | None
ANYTHING: list[Value] = ["", "x", 0, b"\0"]


class Stored(NamedTuple):
    """A log that was closed, and how many entries it has."""

    file: Path
    entries: int


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    """Decisions with and without payloads, a review, a purge, an erasure; without triggers."""
    file = tmp_path_factory.mktemp("log") / "decisions.db"
    with open_log(f"sqlite:///{file}") as log:
        old = [entry(at=LONG_AGO, applicant=7), entry("shadow", at=LONG_AGO + timedelta(days=1))]
        kept = [
            entry("simulation", facts={"p_default": 1}, applicant=8),
            entry(payload=False),
            entry(payload=Payload()),
        ]
        log.append([*old, *kept, entry("review", subject=kept[0].id)])
        log.purge(LONG_AGO + timedelta(days=1), "nightly")
        log.append([one := entry(applicant=9), entry(applicant=10)])
        log.append([entry("review", subject=one.id)])
        log.purge_applicant(9, "data protection")
        log.append([entry(at=NOON + timedelta(seconds=1), applicant=10)])
        assert log.verify().purged == 3
        number = log.head().sequence
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("PRAGMA journal_mode = DELETE")
    return Stored(file, number)


@pytest.fixture(scope="module")
def copy(stored: Stored) -> Path:
    return stored.file.with_name("copy.db")


def found_in(copy: Path) -> LogTamperedError:
    with open_log(f"sqlite:///{copy}") as log, pytest.raises(LogTamperedError) as error:
        log.verify()
    return error.value


@given(st.data())
@settings(max_examples=120)
def test_a_field_of_which_one_byte_differs_is_found(stored: Stored, copy: Path, data: st.DataObject) -> None:
    shutil.copy(stored.file, copy)
    table, column = data.draw(st.sampled_from(FIELDS))
    query = f"SELECT rowid, {column}, typeof({column}) FROM {table} ORDER BY rowid"  # noqa: S608
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        rows = connection.execute(query).fetchall()
        row, value, _ = data.draw(st.sampled_from(rows))
        new = altered(value, data)
        try:
            connection.execute(f"UPDATE OR REPLACE {table} SET {column} = ? WHERE rowid = ?", (new, row))  # noqa: S608
        except sqlite3.IntegrityError:
            reject()  # not even the database takes it
        now = connection.execute(query).fetchall()
    assert now != rows
    sequence = found_in(copy).sequence
    if (table, column) == ("entries", "kind"):
        assert sequence in {row, 1, 8}, "what a purge took is missed before the purge itself, which is none any more"
    elif column != "sequence":
        assert sequence == row or table == "log_head"


def altered(value: Value, data: st.DataObject) -> Value:
    """Return another value of the same type, or of another one."""
    if value is None:
        return data.draw(st.sampled_from(ANYTHING))
    if isinstance(value, int | float):
        return data.draw(st.sampled_from([value + 1, value - 1, -value - 2, value + 2**20, "x", None]))
    if not value:
        return data.draw(st.sampled_from(ANYTHING[1:]))
    raw = value if isinstance(value, bytes) else value.encode()
    place, bit = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(0, 7))
    changed = raw[:place] + bytes([raw[place] ^ (1 << bit)]) + raw[place + 1 :]
    as_text = changed.decode("utf-8", "replace")
    return data.draw(st.sampled_from([as_text, changed, raw[:-1], raw + b"\0", None]))


@given(st.data())
@settings(max_examples=60)
def test_a_row_that_is_gone_is_found(stored: Stored, copy: Path, data: st.DataObject) -> None:
    shutil.copy(stored.file, copy)
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        table = data.draw(st.sampled_from(["entries", "payloads"]))
        gone = data.draw(st.sampled_from(connection.execute(f"SELECT sequence FROM {table}").fetchall()))  # noqa: S608
        connection.execute(f"DELETE FROM {table} WHERE sequence = ?", gone)  # noqa: S608
    assert found_in(copy).sequence == gone[0] or table == "entries"


@given(st.data())
@settings(max_examples=40)
def test_rows_that_changed_places_are_found(stored: Stored, copy: Path, data: st.DataObject) -> None:
    shutil.copy(stored.file, copy)
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        table = data.draw(st.sampled_from(["entries", "payloads"]))
        known = [row[0] for row in connection.execute(f"SELECT sequence FROM {table}")]  # noqa: S608
        one, other = sorted(data.draw(st.lists(st.sampled_from(known), min_size=2, max_size=2, unique=True)))
        for new, old in ((-1, one), (one, other), (other, -1)):
            connection.execute(f"UPDATE {table} SET sequence = ? WHERE sequence = ?", (new, old))  # noqa: S608
    assert found_in(copy).sequence <= one or table == "entries"


def test_a_log_without_changes_is_whole(stored: Stored, copy: Path) -> None:
    shutil.copy(stored.file, copy)
    with open_log(f"sqlite:///{copy}") as log:
        assert log.verify().entries == stored.entries
