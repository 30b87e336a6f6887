"""Typed and cleaned lazy tables, wherever they come from: what is there, what is absent, what is kept out."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import polars as pl

from credit_scoring.domain.errors import DataError, TableViolationsError, Violation
from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME, Column, Table, schema

HISTORIES = tuple(name for name in schema() if name != "application")


@dataclass(frozen=True)
class Source:
    """Where one table comes from, for messages and for reading it again as text."""

    table: Table
    stem: str
    path: Path

    def as_written(self) -> pl.LazyFrame:
        """Return the file before any cast: a CSV's columns as strings, Parquet's as they are stored."""
        if self.path.suffix == ".parquet":
            return pl.scan_parquet(self.path)
        return pl.scan_csv(self.path, infer_schema=False)

    def lines(self) -> pl.LazyFrame:
        """Return a CSV's lines as they are, header first: ``number`` (from 1) and ``line``; blank ones are missing."""
        whole = pl.scan_csv(self.path, has_header=False, separator="\x1f", quote_char=None, schema={"line": pl.String})
        return whole.with_row_index("number", offset=1)


@dataclass(frozen=True)
class Tables:
    """Typed, cleaned tables, each a lazy frame with exactly its schema's columns and flags.

    ``frames`` holds ``application_train`` and/or ``application_test`` and the history tables that exist.
    ``absent`` names the missing history tables; ``found`` has, by frame, the columns that were there;
    ``notices`` are sentences the user should read once.
    """

    frames: Mapping[str, pl.LazyFrame]
    sources: Mapping[str, Source] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    found: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, applications: str) -> dict[str, pl.LazyFrame]:
        """Return the histories and, as ``application``, the table named `applications`."""
        if applications not in self.frames:
            raise DataError(f"there is no {applications} among {sorted(self.frames)}")
        return {"application": self.frames[applications]} | {
            name: frame for name, frame in self.frames.items() if name in HISTORIES
        }

    def columns_of(self, applications: str) -> set[str]:
        """Return the columns (``table.COLUMN``) that were there in `applications` and the histories."""
        tables = {"application": applications} | {name: name for name in HISTORIES if name in self.frames}
        return {f"{table}.{column}" for table, stem in tables.items() for column in self.found.get(stem, ())}

    def scored(self) -> str:
        """Return the applications to score: ``application_test`` if there, else ``application_train``."""
        return "application_test" if "application_test" in self.frames else "application_train"


def typed(table: Table, frame: pl.LazyFrame, *, stem: str | None = None, finite: bool = False) -> pl.LazyFrame:
    """Return `frame` with the table's columns, types and flags, sentinels missing, extra columns dropped.

    Columns that are absent become missing; `TARGET` is left out where the frame has none. `finite` says that no number
    is NaN: for one application, to look for it would take as long as all else here.
    """
    found = frame.collect_schema()
    wanted = [c for c in table.columns.values() if c.name != OUTCOME or OUTCOME in found]
    if stem == "application_test":
        wanted = [c for c in wanted if c.name != OUTCOME]
    casts = [
        (pl.col(c.name).cast(c.dtype) if found[c.name] != c.dtype() else pl.col(c.name))
        if c.name in found
        else pl.lit(None, dtype=c.dtype).alias(c.name)
        for c in wanted
    ]
    return frame.select(casts).with_columns(_cleaned(tuple(wanted), finite))


@cache  # one application must be quick
def _cleaned(columns: tuple[Column, ...], finite: bool) -> list[pl.Expr]:
    return [e for column in columns if column.sentinels or not finite for e in column.cleaned()]


def tables_from_frames(frames: Mapping[str, pl.DataFrame | pl.LazyFrame]) -> Tables:
    """Return the tables held in memory, by table name; ``application`` may stand for ``application_test``.

    Raises
    ------
    DataError
        If a name is not one of the eight tables.
    """
    stems = {stem: table for table in schema().values() for stem in table.files}
    named = {("application_test" if name == "application" else name): f for name, f in frames.items()}
    if unknown := set(named) - set(stems):
        raise DataError(f"unknown tables {sorted(unknown)}; known are {sorted(stems)}")
    lazy = {name: typed(stems[name], frame.lazy(), stem=name) for name, frame in named.items()}
    found = {name: known_columns(stems[name], frame.lazy().collect_schema()) for name, frame in named.items()}
    return Tables(lazy, absent=tuple(name for name in HISTORIES if name not in lazy), found=found)


def known_columns(table: Table, names: Collection[str]) -> frozenset[str]:
    """Return the schema's columns among `names`, and the flags that follow from them."""
    columns = [column for column in table.columns.values() if column.name in names]
    return frozenset({c.name for c in columns} | {c.flag for c in columns if c.flag})


def gathered(
    frames: Mapping[str, pl.LazyFrame], sources: Mapping[str, Source] | None = None
) -> tuple[Tables, list[Violation]]:
    """Return the tables of the `frames` as they came, by file name, and a violation for each key column they lack."""
    stems = {stem: table for table in schema().values() for stem in table.files if stem in frames}
    absent = tuple(name for name in HISTORIES if name not in frames)
    notices = [notice for stem, table in stems.items() for notice in _column_notices(table, stem, frames[stem])]
    if absent:
        notices.append(f"no {', '.join(absent)}: the features built from them are missing")
    tables = Tables(
        {stem: typed(table, frames[stem], stem=stem) for stem, table in stems.items()},
        sources or {},
        absent,
        tuple(notices),
        {stem: known_columns(table, frames[stem].collect_schema()) for stem, table in stems.items()},
    )
    return tables, [v for stem, table in stems.items() for v in _missing_keys(table, stem, frames[stem])]


def outline(columns: Mapping[str, Iterable[str]]) -> Tables:
    """Return tables of these columns without rows, by file name: what can be told of tables before reading them.

    Raises
    ------
    TableViolationsError
        If a key column is missing.
    """
    empty = {stem: pl.LazyFrame(schema=dict.fromkeys(names, pl.String)) for stem, names in columns.items()}
    tables, violations = gathered(empty)
    if violations:
        raise TableViolationsError(violations)
    return tables


def application_ids(tables: Tables) -> pl.LazyFrame:
    """Return every known ``SK_ID_CURR``, of train and test, once."""
    parts = [tables.frames[s].select(APPLICATION_ID) for s in schema()["application"].files if s in tables.frames]
    return pl.concat(parts).unique()


def _missing_keys(table: Table, stem: str, frame: pl.LazyFrame) -> list[Violation]:
    found = frame.collect_schema().names()
    missing = [key for key in table.keys if key not in found]
    if stem == "application_train" and OUTCOME not in found:
        missing.append(OUTCOME)
    violations = []
    for key in missing:
        close = difflib.get_close_matches(key, found, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        violations.append(Violation(stem, key, f"the key column is missing{hint}", 0))
    return violations


def _column_notices(table: Table, stem: str, frame: pl.LazyFrame) -> list[str]:
    found = set(frame.collect_schema().names())
    known = set(table.columns) - ({OUTCOME} if stem == "application_test" else set())
    notices = []
    if extra := sorted(found - known):
        notices.append(f"{stem}: columns not in the schema are kept out: {_listed(extra)}")
    if missing := sorted(known - found):
        notices.append(f"{stem}: absent columns are taken as missing: {_listed(missing)}")
    return notices


def _listed(names: list[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
