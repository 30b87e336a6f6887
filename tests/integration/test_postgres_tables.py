from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from credit_scoring.domain.errors import TableViolationsError
from credit_scoring.tables.frames import Tables
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.validate import validate

URL = "CREDIT_SCORING_TEST_POSTGRES"
SQL_TYPES = {pl.Int64: "BIGINT", pl.Float64: "DOUBLE PRECISION", pl.String: "TEXT"}


@pytest.fixture
def postgres_url(synthetic_folder: Path) -> Iterator[str]:
    """A database whose search path is a schema of its own, filled with the synthetic tables, dropped at the end."""
    root = os.environ.get(URL)
    if not root:
        pytest.skip(f"needs a PostgreSQL database: set {URL} to its URL (postgresql+psycopg://…)")
    sqlalchemy = pytest.importorskip("sqlalchemy", reason="needs the database extra")
    name = f"credit_scoring_{uuid.uuid4().hex}"
    engine = sqlalchemy.create_engine(root)
    url = engine.url.update_query_dict({"options": f"-csearch_path={name}"})
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SET search_path TO {name}")
            for path in synthetic_folder.glob("*.csv"):
                frame = pl.read_csv(path, infer_schema_length=None)
                columns = ", ".join(f"{column} {SQL_TYPES[type(kind)]}" for column, kind in frame.schema.items())
                connection.exec_driver_sql(f"CREATE TABLE {path.stem} ({columns})")
                cursor = connection.connection.cursor()
                with cursor.copy(f"COPY {path.stem} FROM STDIN") as copy:
                    for row in frame.iter_rows():
                        copy.write_row(row)
        yield url.render_as_string(hide_password=False)
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {name} CASCADE")
        engine.dispose()


def test_a_postgres_database_gives_equal_cleaned_tables(postgres_url: str, synthetic_tables: Tables) -> None:
    # Unquoted names are lower case in PostgreSQL: sk_id_curr, pos_cash_balance.
    with read_tables(postgres_url) as tables:
        assert tables.absent == ()
        assert tables.notices == ()
        assert set(tables.frames) == set(synthetic_tables.frames)
        for name, frame in tables.frames.items():
            wanted = synthetic_tables.frames[name].collect()
            assert_frame_equal(frame.collect(), wanted, check_row_order=False, check_exact=True)
        validate(tables)


def test_a_postgres_database_tells_its_violations(postgres_url: str) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy", reason="needs the database extra")
    engine = sqlalchemy.create_engine(postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE bureau ALTER COLUMN days_credit TYPE TEXT")
        connection.exec_driver_sql("UPDATE bureau SET days_credit = 'soon'")
        connection.exec_driver_sql("UPDATE application_train SET target = 2")
        connection.exec_driver_sql("DELETE FROM credit_card_balance")
    engine.dispose()
    with pytest.raises(TableViolationsError) as error, read_tables(postgres_url):
        pass
    assert {(v.table, v.column) for v in error.value.violations} == {
        ("bureau", "DAYS_CREDIT"),
        ("application_train", "TARGET"),
        ("credit_card_balance", ""),
    }
