"""The laws of the log in a SQLite file, and what only such a file can get wrong."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.adapters.test_decision_log_builders import LONG_AGO, NOON, entry, refused
from tests.unit.adapters.test_decision_log_change_laws import ChangeLaws
from tests.unit.adapters.test_decision_log_laws import RecordLaws
from tests.unit.adapters.test_decision_log_queue_laws import QueueLaws

from credit_scoring.adapters.decision_log.log import DecisionLog, open_log
from credit_scoring.adapters.decision_log.writer import GroupCommit
from credit_scoring.domain.errors import LogUnavailableError
from credit_scoring.domain.record import Entry, Payload


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'decisions.db'}"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("credit_scoring.adapters.decision_log.engines.BUSY_SECONDS", 0.1)


class TestSqlite(RecordLaws):
    pass


class TestChangesInSqlite(ChangeLaws):
    pass


class TestQueueInSqlite(QueueLaws):
    pass


def files_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


@pytest.mark.parametrize("size", [40, 400, 9_000])
def test_nothing_of_a_purged_payload_is_left_in_the_files(url: str, tmp_path: Path, size: int) -> None:
    def payload(number: int) -> Payload:
        private = (b"private%06d" % number) * (size // 12)
        return Payload(private, b"", private, number)

    with open_log(url) as log:
        for number in range(0, 600, 20):
            days = range(number, number + 20)
            new = [entry(at=LONG_AGO + timedelta(days=day), payload=payload(day)) for day in days]
            log.append(new)
        assert files_of(tmp_path).count(b"private") >= 2 * 600
        assert log.purge(LONG_AGO + timedelta(days=300), "nightly") == 300
        assert log.purge_applicant(450, "data protection") == 1
        left = files_of(tmp_path)
    assert [number for number in range(300) if b"private%06d" % number in left] == []
    assert b"private000450" not in left
    assert all(b"private%06d" % number in left for number in range(300, 600) if number != 450)


def test_a_purge_that_a_reader_holds_up_says_so_and_can_be_finished(url: str, tmp_path: Path, impatient: None) -> None:
    with open_log(url) as log:
        log.append([entry(at=LONG_AGO, payload=Payload(b"private" * 10))])
        with closing(sqlite3.connect(tmp_path / "decisions.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM entries").fetchone()
            with pytest.raises(LogUnavailableError, match="purge again"):
                log.purge(NOON, "nightly")
            reader.execute("COMMIT")
        assert log.purge(NOON, "nightly") == 0
        assert b"private" not in files_of(tmp_path)
        assert log.verify().purged == 1


@pytest.mark.parametrize("table", ["entries", "payloads"])
def test_rows_are_not_replaced_either(url: str, table: str) -> None:
    with open_log(url) as log:
        log.append([entry(), entry()])
        refused(url, f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")  # noqa: S608
        assert log.verify().entries == 2


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount two megabytes of memory as a disk: root may write where others may not, but not beyond the end."""
    made = os.name == "posix" and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if not made or made.returncode:
        pytest.skip(f"needs root to mount a small disk: {made.stderr.strip() if made else os.name}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(file: Path) -> None:
    with suppress(OSError), file.open("wb", buffering=0) as filling:
        while True:
            filling.write(bytes(4096))


def appended_until_full(log: DecisionLog) -> list[Entry]:
    """Return what still went into room that the files had already."""
    appended: list[Entry] = []
    try:
        while len(appended) < 10_000:
            log.append([new := entry()])
            appended.append(new)
    except LogUnavailableError:
        return appended
    pytest.fail("the disk never gets full")


def test_a_full_disk_is_told_and_room_on_it_is_enough(tmp_path: Path) -> None:
    with small_disk(tmp_path), open_log(f"sqlite:///{tmp_path / 'decisions.db'}") as log, GroupCommit(log) as writer:
        acknowledged = [entry() for _ in range(50)]
        log.append(acknowledged)
        for _ in range(3):
            fill(tmp_path / "filling")
            acknowledged += appended_until_full(log)
            with pytest.raises(LogUnavailableError, match="full"):
                log.writable()
            futures = [writer.submit([entry(), entry()]) for _ in range(20)]
            assert all(isinstance(future.exception(10), LogUnavailableError) for future in futures)
            assert [one.entry for one in log.scan(kinds=["decision"])] == acknowledged
            (tmp_path / "filling").unlink()
            log.writable()
            acknowledged.append(last := entry())
            writer.submit([last]).result(10)
            assert [one.entry for one in log.scan(kinds=["decision"])] == acknowledged
            assert log.verify().entries == len(acknowledged)


def test_a_database_that_stays_locked_is_told(url: str, tmp_path: Path, impatient: None) -> None:
    with open_log(url) as log, closing(sqlite3.connect(tmp_path / "decisions.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for use in (log.writable, lambda: log.append([entry()])):
            with pytest.raises(LogUnavailableError, match="locked"):
                use()
        other.execute("ROLLBACK")
        log.append([entry()])
        assert log.verify().entries == 1


def test_a_file_that_was_removed_is_not_written_to(url: str, tmp_path: Path) -> None:
    with open_log(url) as log:
        log.append([entry()])
        for file in tmp_path.iterdir():
            file.unlink()
        for use in (log.writable, lambda: log.append([entry()])):
            with pytest.raises(LogUnavailableError, match="removed or replaced"):
                use()


def test_what_is_appended_is_synchronised_and_deleted_securely(url: str) -> None:
    with open_log(url) as log, log.database.engine.connect() as connection:
        said = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete")
        ]
    assert said == ["wal", 2, 1]


def test_the_file_is_for_its_owner_only(url: str, tmp_path: Path) -> None:
    with open_log(url) as log:
        log.append([entry()])
        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
