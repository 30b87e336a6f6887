"""Addresses, tables of other versions, and what cannot be opened at all."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData
from tests.unit.adapters.test_decision_log_builders import entry

from credit_scoring.adapters.decision_log import migrate, tables
from credit_scoring.adapters.decision_log.log import open_log
from credit_scoring.domain.errors import DataError, LogUnavailableError


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'decisions.db'}"


@pytest.mark.parametrize(
    "address",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://desk:secret@host/db",
        "postgresql://desk:secret@host/db",
        "decisions.db",
        "",
    ],
)
def test_an_address_of_nothing_that_serves_is_refused(address: str) -> None:
    with pytest.raises(DataError, match="sqlite:///FILE") as error:
        open_log(address)
    assert "secret" not in str(error.value)


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(LogUnavailableError, match="unable to open"):
        open_log(f"sqlite:///{tmp_path / 'missing' / 'decisions.db'}")


def test_a_file_of_something_else_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database " * 100)
    with pytest.raises(LogUnavailableError, match="not a database"):
        open_log(f"sqlite:///{tmp_path / 'notes.txt'}")


def test_an_unreachable_server_is_told() -> None:
    pytest.importorskip("psycopg", reason="needs the database extra")
    with pytest.raises(LogUnavailableError, match="refused") as error:
        open_log("postgresql+psycopg://desk:secret@127.0.0.1:1/db")
    assert "secret" not in str(error.value)


def test_tables_of_a_newer_version_are_left_alone(url: str, tmp_path: Path) -> None:
    open_log(url).close()
    with closing(sqlite3.connect(tmp_path / "decisions.db")) as connection, connection:
        connection.execute(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '9999'")  # noqa: S608
    with pytest.raises(LogUnavailableError, match="newer version"):
        open_log(url)


def test_the_steps_end_where_this_version_expects(url: str) -> None:
    assert ScriptDirectory(str(Path(migrate.__file__).parent / "migrations")).get_current_head() == migrate.NEWEST
    with open_log(url) as log:
        made = MetaData()
        made.reflect(log.database.engine, only=lambda name, _: name != migrate.VERSION_TABLE)

    def columns(metadata: MetaData) -> dict[str, list[tuple[str, bool | None]]]:
        return {table.name: [(one.name, one.nullable) for one in table.columns] for table in metadata.sorted_tables}

    assert columns(made) == columns(tables.metadata)


def test_steps_that_are_missing_are_made_up_for(url: str, tmp_path: Path) -> None:
    with open_log(url) as log:
        log.append([first := entry()])
    with closing(sqlite3.connect(tmp_path / "decisions.db")) as connection, connection:
        connection.execute(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '0001'")  # noqa: S608
        connection.execute("DROP TABLE api_keys")
        connection.execute("DROP INDEX entries_queue")
    with open_log(url) as log:
        assert log.get(first.id).entry == first
        assert log.verify().entries == 1


def test_a_log_is_opened_again_without_alembic(url: str) -> None:
    open_log(url).close()
    script = f"""
import sys
from credit_scoring.adapters.decision_log.log import open_log
open_log({url!r})
print("alembic" in sys.modules)
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
