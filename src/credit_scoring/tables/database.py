"""Tables of a database, copied in bounded memory into Parquet files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from credit_scoring.domain.errors import DataError, MissingExtraError, Violation
from credit_scoring.tables.schema import Table, schema
from credit_scoring.tables.validate import EXAMPLES, fitting, misfits, wrong_type

ROWS_AT_A_TIME = 100_000


def unload(url: str, folder: Path) -> list[Violation]:
    """Write each table that the database at `url` holds to ``folder/<name>.parquet``; return the violations met.

    These are empty tables and values that do not fit their column's type; what is written goes without them.
    `url` is SQLAlchemy's (``sqlite:///file.db``, ``postgresql+psycopg://…``); table and column names are
    compared without regard to case.

    Raises
    ------
    MissingExtraError
        If the ``database`` extra is not installed.
    DataError
        If the database cannot be reached.
    """
    try:
        import sqlalchemy  # noqa: PLC0415 - optional
    except ImportError as error:
        raise MissingExtraError("database", "reading tables from a database") from error
    violations: list[Violation] = []
    try:
        engine = sqlalchemy.create_engine(url)
        with engine.connect() as connection:
            found = {name.lower(): name for name in sqlalchemy.inspect(engine).get_table_names()}
            preparer = engine.dialect.identifier_preparer
            for table in schema().values():
                for stem in table.files:
                    if (name := found.get(stem.lower())) is not None:
                        query = f"SELECT * FROM {preparer.quote(name)}"  # noqa: S608 - the name is the database's own
                        violations += _copy(connection, query, table, stem, folder)
    except sqlalchemy.exc.SQLAlchemyError as error:
        shown = sqlalchemy.engine.make_url(url).render_as_string(hide_password=True)
        raise DataError(f"cannot read {shown}: {str(error).splitlines()[0]}") from error
    finally:
        if "engine" in locals():
            engine.dispose()
    return violations


def _copy(connection: object, query: str, table: Table, stem: str, folder: Path) -> list[Violation]:
    """Write the rows of `query`, batch by batch, as one Parquet file; return what does not fit."""
    names = {name.lower(): name for name in table.columns}
    parts = folder / stem
    parts.mkdir()
    batches = pl.read_database(  # type: ignore[call-overload]
        query, connection, iter_batches=True, batch_size=ROWS_AT_A_TIME, infer_schema_length=None
    )
    wrong: dict[str, Violation] = {}
    for number, batch in enumerate(batches):
        written = batch.rename({c: names.get(c.lower(), c) for c in batch.columns})
        for violation in _misfits(table, stem, written):
            wrong[violation.column] = _added(wrong.get(violation.column), violation)
        fitting(table, written.lazy()).sink_parquet(parts / f"{number:06d}.parquet")
    if not any(parts.iterdir()):
        return [Violation(stem, "", "the table is empty", 0)]
    pl.scan_parquet(parts / "*.parquet").sink_parquet(folder / f"{stem}.parquet")
    return list(wrong.values())


def _misfits(table: Table, stem: str, batch: pl.DataFrame) -> list[Violation]:
    wrong = misfits(table, batch.columns)
    counts = batch.select(misfit.sum().alias(name) for name, misfit in wrong.items())
    return [
        wrong_type(stem, table, name, batch.lazy().filter(misfit), number)
        for name, misfit in wrong.items()
        if (number := int(counts[name][0] or 0))
    ]


def _added(first: Violation | None, more: Violation) -> Violation:
    """Return the violation of the batches before and of this one."""
    if first is None:
        return more
    examples = (first.examples + more.examples)[:EXAMPLES]
    return replace(first, count=first.count + more.count, examples=examples)
