"""A new application with its history rows, as it arrives, made into a row of the feature matrix."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.errors import Fault, FaultyInputError
from credit_scoring.features.assemble import assemble
from credit_scoring.scoring.inputs import MOST_FAULTS, is_sentinel
from credit_scoring.scoring.score import coverage_without, uncomputed_features, without_untold
from credit_scoring.service.deciding import Remark
from credit_scoring.tables.frames import HISTORIES, tables_from_frames
from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME, Column, Table, schema
from credit_scoring.wire.scoring import ApplicationRequest, TableRow

_NUMBERS = (int, float)


@dataclass(frozen=True)
class Arrived:
    """One application's features, and what share of the model they carry."""

    matrix: pl.DataFrame
    coverage: float
    remarks: tuple[Remark, ...]
    applicant: int | None


def arrived(bundle: Bundle, asked: ApplicationRequest) -> Arrived:
    """Return the features of an application, by the expressions of training.

    Raises
    ------
    FaultyInputError
        Naming each unknown column, value of a wrong type or outside its bounds, missing or repeated key, and each
        history row of another application.
    """
    rows = {"application": [asked.application]} | {
        name: given for name in HISTORIES if (given := getattr(asked, name)) is not None
    }
    key = asked.application.get(APPLICATION_ID)
    faults = [fault for name, given in rows.items() for fault in _faults(schema()[name], given, key)]
    if faults:
        raise FaultyInputError(faults[:MOST_FAULTS])
    owner = int(key) if isinstance(key, _NUMBERS) else 0
    tables = tables_from_frames({name: _frame(schema()[name], given, owner) for name, given in rows.items()})
    found = tables.columns_of("application_test")
    matrix = without_untold(bundle, assemble(tables.of("application_test")), found)
    uncomputed = uncomputed_features(bundle, found)
    remarks = tuple(
        Remark("absent_table", name, "the table was not sent: the features built from it are missing")
        for name in tables.absent
    )
    return Arrived(matrix, coverage_without(bundle, uncomputed), remarks, None if key is None else owner)


def _frame(table: Table, rows: Sequence[TableRow], owner: int) -> pl.DataFrame:
    """Return the rows with the schema's types; all columns where there are no rows: then all of them are known."""
    names = {name for row in rows for name in row} if rows else set(table.columns) - {OUTCOME}
    if APPLICATION_ID in table.columns:
        names.add(APPLICATION_ID)
    columns = {
        name: pl.Series(name, [row.get(name) for row in rows], dtype=column.dtype, strict=False)
        for name, column in table.columns.items()
        if name in names
    }
    frame = pl.DataFrame(list(columns.values()))
    if APPLICATION_ID in table.columns:
        frame = frame.with_columns(pl.lit(owner, pl.Int64).alias(APPLICATION_ID))
    return frame


def _faults(table: Table, rows: Sequence[TableRow], owner: object) -> list[Fault]:
    faults: list[Fault] = []
    for number, row in enumerate(rows):
        place = table.name if table.name == "application" else f"{table.name}.{number}"
        faults += _row_faults(table, row, place, owner)
        if len(faults) >= MOST_FAULTS:
            return faults
    for key in table.unique if table.name != "application" else ():
        seen = [row.get(key) for row in rows]
        if len(set(seen)) < len(seen):
            faults.append(Fault(f"{table.name}.{key}", "the key occurs more than once"))
    return faults


def _row_faults(table: Table, row: TableRow, place: str, owner: object) -> list[Fault]:
    faults = [
        Fault(f"{place}.{key}", "the key is missing")
        for key in table.keys
        if key != APPLICATION_ID and row.get(key) is None
    ]
    for name, value in row.items():
        column = table.columns.get(name)
        if column is None or name == OUTCOME:
            close = difflib.get_close_matches(name[:100], table.columns, n=1)
            hint = f"; did you mean {close[0]}?" if close and not faults else ""
            faults.append(Fault(f"{place}.{name[:100]}", f"the table has no such column{hint}"))
        elif value is not None and (problem := _problem(table, column, value)):
            faults.append(Fault(f"{place}.{name}", problem))
        elif name == APPLICATION_ID and table.name != "application" and value is not None and value != owner:
            faults.append(Fault(f"{place}.{name}", f"is {value}, but the application is {owner}"))
    return faults


def _problem(table: Table, column: Column, value: float | str) -> str:
    if column.kind == "category":
        return "" if isinstance(value, str) else f"must be text, not {value!r}"
    if not isinstance(value, _NUMBERS):
        return f"must be a number, not {value!r:.60}"
    if column.kind == "id":
        whole = float(value).is_integer() and 0 <= value < 2**53  # from there on, numbers are not told apart
        return "" if whole else f"must be a whole number from 0 on, not {value!r}"
    below = column.lower is not None and value < column.lower
    above = column.upper is not None and value > column.upper
    if (below or above) and not is_sentinel(column.name, value, table=table.name):
        limit = column.lower if below else column.upper
        return f"{value:g} is {'below' if below else 'above'} {limit:g} ({column.meaning.en})"
    return "" if math.isfinite(value) else "must be finite"
