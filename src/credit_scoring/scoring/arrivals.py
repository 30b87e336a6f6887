"""New applications with their history rows, as they arrive, made into rows of the feature matrix, several together."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import polars as pl

from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.errors import Fault, FaultyInputError
from credit_scoring.domain.faults import A_NUMBER, A_TEXT, NOT_FINITE, beyond, must_be, quoted, unknown
from credit_scoring.domain.text import Text
from credit_scoring.features.assemble import assemble
from credit_scoring.scoring.inputs import MOST_FAULTS, Value, is_sentinel
from credit_scoring.scoring.score import coverage_without, uncomputed_features, untold_features
from credit_scoring.tables.frames import HISTORIES, known_columns, typed
from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME, Column, Table, schema

Row = Mapping[str, Value]
_NUMBERS = (int, float)
# Numbers are told apart below it. Ids are below it, so that an application's number fits above them.
_IDS_END = 2**53
_NOWHERE = (math.inf, -math.inf)
_NO_COLUMN = Text("the table has no such column", "la table n'a pas de colonne de ce nom")
_NO_KEY = Text("the key is missing", "la clé manque")
_REPEATED_KEY = Text("the key occurs more than once", "la clé figure plusieurs fois")
_AN_ID = Text("a whole number from 0 on", "un nombre entier positif ou nul")


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """One checked application: its rows by table, ``application`` among them.

    ``untold`` are the model's features that none of its columns tells of, ``coverage`` is the share of the model that
    its columns carry; ``absent`` are the history tables that were not sent.
    """

    rows: Mapping[str, Sequence[Row]] = field(repr=False)
    untold: tuple[str, ...]
    coverage: float
    absent: tuple[str, ...]
    applicant: int | None


def accepted(bundle: Bundle, rows: Mapping[str, Sequence[Row]]) -> Arrival:
    """Return an application, checked.

    Parameters
    ----------
    rows
        By table; one row of ``application``. A history table that is absent is unknown, one without rows says that
        there is no history. A column that no row has is unknown too.

    Raises
    ------
    FaultyInputError
        Naming each unknown column, value of a wrong type or outside its bounds, missing or repeated key, and each
        history row of another application.
    """
    key = rows["application"][0].get(APPLICATION_ID)
    faults = [fault for name, given in rows.items() for fault in _faults(schema()[name], given, key)]
    if faults:
        raise FaultyInputError(faults[:MOST_FAULTS])
    told = {f"{name}.{column}" for name, given in rows.items() for column in _told(schema()[name], given)}
    return Arrival(
        rows,
        tuple(untold_features(bundle, told)),
        coverage_without(bundle, uncomputed_features(bundle, told)),
        tuple(name for name in HISTORIES if name not in rows),
        int(key) if isinstance(key, _NUMBERS) else None,
    )


def matrices(arrivals: Sequence[Arrival]) -> list[pl.DataFrame]:
    """Return the row of the feature matrix of each application, by the expressions of training.

    Those that tell of the same tables are computed together, which takes hardly longer than one alone. Each gets the
    same bits alone as among any others, whatever ids they share. There may be up to 1,000.
    """
    found: dict[int, pl.DataFrame] = {}
    alike: dict[frozenset[str], list[int]] = {}
    for number, one in enumerate(arrivals):
        alike.setdefault(frozenset(one.rows), []).append(number)
    for tables, numbers in alike.items():
        together = [arrivals[number] for number in numbers]
        frames = {name: _frame(schema()[name], [one.rows[name] for one in together]) for name in tables}
        matrix = assemble(frames, engine="in-memory")
        for number, one, row in zip(numbers, together, matrix.iter_slices(1), strict=True):
            found[number] = row.with_columns(pl.lit(None, row.schema[name]).alias(name) for name in one.untold)
    return [found[number] for number in range(len(arrivals))]


def _told(table: Table, rows: Sequence[Row]) -> frozenset[str]:
    """Return the columns that some row has, and the flags that follow from them; all where there are no rows."""
    return known_columns(table, {APPLICATION_ID}.union(*rows) if rows else table.columns)


def _frame(table: Table, rows: Sequence[Sequence[Row]]) -> pl.LazyFrame:
    """Return the rows of all applications with the schema's types, their ids told apart by the application's number."""
    every = [row for own in rows for row in own]
    numbers = pl.Series([number for number, own in enumerate(rows) for _ in own], dtype=pl.Int64)
    names = set(table.keys).union(*every)
    columns = {
        name: pl.Series(name, [row.get(name) for row in every], dtype=column.dtype, strict=False)
        for name, column in table.columns.items()
        if name in names
    }
    columns |= {name: columns[name] + numbers * _IDS_END for name in columns if table.columns[name].kind == "id"}
    if APPLICATION_ID in columns:
        columns[APPLICATION_ID] = numbers
    return typed(table, pl.LazyFrame(columns), finite=True)


def _faults(table: Table, rows: Sequence[Row], owner: object) -> list[Fault]:
    faults: list[Fault] = []
    for number, row in enumerate(rows):
        place = table.name if table.name == "application" else f"{table.name}.{number}"
        faults += _row_faults(table, row, place, owner)
        if len(faults) >= MOST_FAULTS:
            return faults
    for key in table.unique if table.name != "application" else ():
        seen = [row.get(key) for row in rows]
        if len(set(seen)) < len(seen):
            faults.append(Fault(f"{table.name}.{key}", _REPEATED_KEY))
    return faults


def _row_faults(table: Table, row: Row, place: str, owner: object) -> list[Fault]:
    faults = [Fault(f"{place}.{key}", _NO_KEY) for key in table.keys if key != APPLICATION_ID and row.get(key) is None]
    usual = _usual(table.name)
    for name, value in row.items():
        lowest, highest = usual.get(name, _NOWHERE)
        if type(value) is float and lowest <= value <= highest:
            continue
        column = table.columns.get(name)
        if column is None or name == OUTCOME:
            close = [] if faults else difflib.get_close_matches(name[:100], table.columns, n=1)
            faults.append(Fault(f"{place}.{name[:100]}", unknown(_NO_COLUMN, close)))
        elif value is not None and (problem := _problem(table, column, value)):
            faults.append(Fault(f"{place}.{name}", problem))
        elif name == APPLICATION_ID and table.name != "application" and value is not None and value != owner:
            told = Text(f"is {value}, but the application is {owner}", f"{value:.0f} n'est pas le numéro de la demande")
            faults.append(Fault(f"{place}.{name}", told))
    return faults


@cache
def _usual(table: str) -> Mapping[str, tuple[float, float]]:
    """Return the bounds of each number; what lies between them needs no closer look."""
    columns = schema()[table].columns.values()
    return {one.name: one.bounds() for one in columns if one.kind == "number" and one.name != OUTCOME}


def _problem(table: Table, column: Column, value: float | str) -> Text | None:
    """Return what is wrong with a value, or nothing."""
    if column.kind == "category":
        return None if isinstance(value, str) else must_be(A_TEXT, quoted(value))
    if not isinstance(value, _NUMBERS):
        return must_be(A_NUMBER, quoted(value))
    if column.kind == "id":
        whole = float(value).is_integer() and 0 <= value < _IDS_END
        return None if whole else must_be(_AN_ID, quoted(value))
    below = column.lower is not None and value < column.lower
    above = column.upper is not None and value > column.upper
    if (below or above) and not is_sentinel(column.name, value, table=table.name):
        lowest, highest = column.bounds()
        return beyond(value, lowest if below else highest, column.meaning)
    return None if math.isfinite(value) else NOT_FINITE
