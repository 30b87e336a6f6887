"""Tables of a database, copied in bounded memory into Parquet files."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from credit_scoring.domain.errors import DataError, MissingExtraError, TableViolationsError, Violation
from credit_scoring.tables.schema import Table, schema

ROWS_AT_A_TIME = 100_000


def unload(url: str, folder: Path) -> None:
    """Write each table that the database at `url` holds to ``folder/<name>.parquet``.

    `url` is SQLAlchemy's (``sqlite:///file.db``, ``postgresql+psycopg://…``); table and column names are
    compared without regard to case.

    Raises
    ------
    MissingExtraError
        If the ``database`` extra is not installed.
    DataError
        If the database cannot be reached.
    TableViolationsError
        If a value does not fit its column's type.
    """
    try:
        import sqlalchemy  # noqa: PLC0415 - optional
    except ImportError as error:
        raise MissingExtraError("database", "reading tables from a database") from error
    try:
        engine = sqlalchemy.create_engine(url)
        with engine.connect() as connection:
            found = {name.lower(): name for name in sqlalchemy.inspect(engine).get_table_names()}
            preparer = engine.dialect.identifier_preparer
            for table in schema().values():
                for stem in table.files:
                    if (name := found.get(stem.lower())) is not None:
                        query = f"SELECT * FROM {preparer.quote(name)}"  # noqa: S608 - the name is the database's own
                        _copy(connection, query, table, stem, folder)
    except sqlalchemy.exc.SQLAlchemyError as error:
        shown = sqlalchemy.engine.make_url(url).render_as_string(hide_password=True)
        raise DataError(f"cannot read {shown}: {str(error).splitlines()[0]}") from error
    finally:
        if "engine" in locals():
            engine.dispose()


def _copy(connection: object, query: str, table: Table, stem: str, folder: Path) -> None:
    """Write the rows of `query`, batch by batch, as one Parquet file."""
    names = {name.lower(): name for name in table.columns}
    parts = folder / stem
    parts.mkdir()
    batches = pl.read_database(  # type: ignore[call-overload]
        query, connection, iter_batches=True, batch_size=ROWS_AT_A_TIME, infer_schema_length=None
    )
    for number, batch in enumerate(batches):
        known = batch.rename({c: names.get(c.lower(), c) for c in batch.columns})
        part = parts / f"{number:06d}.parquet"
        try:
            known.cast({c: table.columns[c].dtype for c in known.columns if c in table.columns}).write_parquet(part)
        except pl.exceptions.PolarsError as error:
            raise TableViolationsError([Violation(stem, "", str(error).splitlines()[0], 0)]) from error
    if not any(parts.iterdir()):
        raise TableViolationsError([Violation(stem, "", "the table is empty", 0)])
    pl.scan_parquet(parts / "*.parquet").sink_parquet(folder / f"{stem}.parquet")
