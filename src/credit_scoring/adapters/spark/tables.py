"""The tables as Spark sees them, and their cells as they go to the workers: by client, as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name that every page on Spark uses

from credit_scoring.adapters.spark.session import file_system
from credit_scoring.adapters.spark.worker import CELLS, CLIENT, STEM
from credit_scoring.domain.errors import DataError, Violation
from credit_scoring.tables.frames import Tables, outline
from credit_scoring.tables.read import ENDINGS, require_applications
from credit_scoring.tables.schema import APPLICATION_ID, Table, schema
from credit_scoring.tables.validate import EXAMPLES

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
# A line that has not as many fields as the header is an error; the columns that are not used must count for that.
_CSV = {"header": "true", "quote": '"', "escape": '"', "mode": "FAILFAST", "columnPruning": "false"}


def is_address(place: str) -> bool:
    """Tell whether `place` is an address that only Spark can reach, not a path.

    Examples
    --------
    >>> is_address("s3a://bank/tables"), is_address("data/tables")
    (True, False)
    """
    return _ADDRESS.match(place) is not None


@dataclass(frozen=True)
class SparkTables:
    """Tables as Spark sees them, by file name: ``frames`` with the schema's columns only, and their ``outline``."""

    frames: Mapping[str, DataFrame]
    outline: Tables

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """Return the columns of each table."""
        return {stem: tuple(frame.columns) for stem, frame in self.frames.items()}


def open_tables(spark: SparkSession, source: str) -> SparkTables:
    """Return the tables in the folder or at the address `source`.

    A table is a Parquet file or folder, or a CSV, plain or ``.gz``, whose cells stay text.

    Raises
    ------
    TableViolationsError
        If a key column is missing.
    DataError
        If there are no applications, or two files of one table.
    """
    place = (source if is_address(source) else Path(source).absolute().as_uri()).rstrip("/")
    stems = {stem: table for table in schema().values() for stem in table.files}
    names = _names(spark, place)
    found = {stem: frame for stem in stems if (frame := _table(spark, place, stem, names)) is not None}
    require_applications(found, source)
    told = outline({stem: frame.columns for stem, frame in found.items()})
    known = {stem: [c for c in frame.columns if c in stems[stem].columns] for stem, frame in found.items()}
    return SparkTables({stem: frame.select(known[stem]) for stem, frame in found.items()}, told)


def _names(spark: SparkSession, place: str) -> set[str]:
    files, path = file_system(spark, place)
    return {status.getPath().getName() for status in files.listStatus(path)} if files.exists(path) else set()


def _table(spark: SparkSession, place: str, stem: str, names: set[str]) -> DataFrame | None:
    found = [f"{stem}{ending}" for ending in ENDINGS if f"{stem}{ending}" in names]
    if not found:
        return None
    if len(found) > 1:
        raise DataError(f"{place} holds {' and '.join(found)}: keep one of them")
    if found[0].endswith(".zip"):
        raise DataError(f"Spark cannot read {found[0]}: unpack it, best to Parquet")
    path = f"{place}/{found[0]}"
    return spark.read.parquet(path) if path.endswith(".parquet") else spark.read.options(**_CSV).csv(path)


def _key(frame: DataFrame, name: str) -> Column:
    """Return a key as a number; what is none becomes null, and the worker that gets these rows complains."""
    return frame[name].try_cast("bigint")


def cells_of(tables: SparkTables) -> Iterator[DataFrame]:
    """Yield the rows of each table as client, file name and cells."""
    for stem, frame in tables.frames.items():
        client = CLIENT if stem == "bureau_balance" else APPLICATION_ID
        owned = _owned(frame, tables.frames.get("bureau")) if stem == "bureau_balance" else frame
        if owned is not None:
            table = schema()["application" if stem.startswith("application") else stem]
            cells = F.array(*[_text(table, owned, name) for name in frame.columns])
            yield owned.select(_key(owned, client).alias(CLIENT), F.lit(stem).alias(STEM), cells.alias(CELLS))


def _owned(months: DataFrame, credits_: DataFrame | None) -> DataFrame | None:
    """Return the rows of ``bureau_balance`` with their client; an unknown credit's are left out, as they are anywhere.

    Rows without a key stay, to be complained of.
    """
    if credits_ is None:
        return None
    owners = credits_.select(_key(credits_, "SK_ID_BUREAU").alias("credit"), credits_[APPLICATION_ID].alias(CLIENT))
    key = _key(months, "SK_ID_BUREAU")
    return months.join(owners, key == owners["credit"], "left").filter(key.isNull() | owners["credit"].isNotNull())


def _text(table: Table, frame: DataFrame, name: str) -> Column:
    """Return a column as the text that gives the same value again: Java's, of a number, always does."""
    kind, wanted = dict(frame.dtypes)[name], table.columns[name].kind
    if kind == "string":
        # Blanks before a number do not count in a CSV.
        return F.ltrim(frame[name]) if wanted == "number" else frame[name]
    if wanted == "id":
        return _key(frame, name).cast("string")
    return (frame[name].cast("double") if kind == "float" else frame[name]).cast("string")


def empty_tables(tables: SparkTables) -> Iterator[Violation]:
    """Find tables without rows, which a shard may well have."""
    for stem, frame in tables.frames.items():
        if frame.isEmpty():
            yield Violation(stem, "", "the table has no rows; leave its file out if there are none", 0)


def keys_of_several_clients(tables: SparkTables) -> Iterator[Violation]:
    """Find what no shard can: a credit of two clients. A key that one client has twice is found in the shard."""
    for table in schema().values():
        if table.owner and table.unique and (frame := tables.frames.get(table.name)) is not None:
            (name,) = table.unique
            rows = frame.select(_key(frame, name).alias(name), _key(frame, table.owner).alias(CLIENT))
            shared = rows.dropna().groupBy(name).agg(F.count_distinct(CLIENT).alias("clients")).filter("clients > 1")
            if number := shared.count():
                keys = tuple(f"{name}={row[0]}" for row in shared.orderBy(name).limit(EXAMPLES).collect())
                yield Violation(table.name, name, "the key belongs to several clients", number, keys)
