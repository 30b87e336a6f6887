"""What the columns of a single table are for: the key, the outcome, features of a kind."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches

import polars as pl

from credit_scoring.domain.errors import DataError, TableViolationsError, Violation
from credit_scoring.tables.matrix import EXACT, as_numbers

ROW_NUMBER = "row"
MOST_LEVELS = 100

_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?")
_DATE = r"^(\d{4}-\d{2}-\d{2}|\d{2}[/.]\d{2}[/.]\d{4}|\d{4}/\d{2}/\d{2})([T ]\d{2}:\d{2}.*)?$"
_MOST_NAMED = 12


def absent(name: str, columns: Collection[str]) -> DataError:
    """Return the error that says that no column is called `name`, with the names that come nearest."""
    near = get_close_matches(name.lower(), {column.lower(): column for column in columns}, n=3, cutoff=0.7)
    shown = [column for column in columns if column.lower() in near] or list(columns)
    rest = f" and {len(shown) - _MOST_NAMED} more" if len(shown) > _MOST_NAMED else ""
    told = ", ".join(map(repr, shown[:_MOST_NAMED]))
    return DataError(f"there is no column {name!r}; {'did you mean' if near else 'the file has'} {told}{rest}")


def with_id(frame: pl.DataFrame, id_column: str | None) -> tuple[pl.DataFrame, str]:
    """Return the frame sorted by its id, and the id's name; without one, rows are numbered from 1.

    Raises
    ------
    DataError
        If the column is absent, or rows must be numbered and a column is called so already.
    TableViolationsError
        If an id is missing or occurs more than once.
    """
    if id_column is None and ROW_NUMBER in frame.columns:
        raise DataError(
            f"the file has a column {ROW_NUMBER!r}, as row numbers are called: name the key with --id, or rename it"
        )
    if id_column is None or (id_column == ROW_NUMBER and ROW_NUMBER not in frame.columns):
        return frame.with_row_index(ROW_NUMBER, offset=1).with_columns(pl.col(ROW_NUMBER).cast(pl.Int64)), ROW_NUMBER
    if id_column not in frame.columns:
        raise absent(id_column, frame.columns)
    ids = frame[id_column]
    if ids.dtype not in (pl.Float64, pl.String):
        raise DataError(f"the key {id_column!r} holds {ids.dtype}, not numbers or texts")
    if ids.dtype == pl.Float64 and bool((ids.drop_nulls() % 1 == 0).all()):
        frame = frame.with_columns(ids.cast(pl.Int64))
        ids = frame[id_column]
    violations = []
    if ids.null_count():
        violations.append(Violation("matrix", id_column, "the key is missing", ids.null_count()))
    repeated = ids.drop_nulls().filter(ids.drop_nulls().is_duplicated()).unique().sort()
    if repeated.len():
        examples = tuple(str(value) for value in repeated.head(3))
        violations.append(Violation("matrix", id_column, "the key occurs more than once", repeated.len(), examples))
    if violations:
        raise TableViolationsError(violations)
    return frame.sort(id_column), id_column


def outcome(values: pl.Series, bad: str | None) -> pl.Series:
    """Return 1.0 where the loan defaulted, 0.0 where not.

    `bad` is the value that means default; without it the values must be the numbers 0 and 1, or truth values.

    Raises
    ------
    TableViolationsError
        If an outcome is missing, or is not one of two values.
    """
    if not _usable(values):
        raise DataError(f"the target {values.name!r} holds {values.dtype}, not numbers or texts")
    texts, rows = _levels(values), values.len()
    levels = texts.drop_nulls().unique().sort().to_list()
    problem = ""
    if len(levels) != 2:
        problem = f"the outcome must take two values, it takes {len(levels)}"
    elif bad is None and (levels != ["0", "1"] or values.dtype == pl.String):
        what = "not the numbers 0 and 1" if values.dtype != pl.String else "text, not the numbers 0 and 1"
        problem = f"the outcome is {what}; name the value that means default with --bad"
    elif bad is not None and canonical(bad) not in levels:
        problem = f"no row has the value {bad!r} given as --bad"
    problems = []
    if missing := texts.null_count():
        problems.append(Violation("matrix", values.name, "the outcome is missing", missing))
    if problem:
        problems.append(Violation("matrix", values.name, problem, rows, tuple(levels[:3])))
    if problems:
        raise TableViolationsError(problems)
    return (texts == ("1" if bad is None else canonical(bad))).cast(pl.Float64).alias(values.name)


def canonical(text: str) -> str:
    """Return a level as it is compared: ``1.50`` as ``1.5``, ``2.0`` as ``2``, ``True`` as ``1``.

    So a level is the same whether its column was read as numbers, as truth values or as texts.

    Examples
    --------
    >>> [canonical(text) for text in ("2.0", "True", "007", " A")]
    ['2', '1', '007', 'A']
    """
    text = text.strip()
    if text.lower() in {"true", "false"}:
        return "1" if text.lower() == "true" else "0"
    if _NUMBER.fullmatch(text) and abs(float(text)) <= EXACT:
        return _shown(float(text))
    return text


def _shown(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _levels(values: pl.Series) -> pl.Series:
    """Return numbers, truth values or texts as `canonical` texts."""
    distinct = values.unique().drop_nulls()
    if values.dtype == pl.String:
        told = {text: canonical(text) for text in distinct}
    else:
        told = {number: _shown(float(number)) for number in distinct}
    return values.replace_strict(list(told), list(told.values()), default=None, return_dtype=pl.String)


def _usable(values: pl.Series) -> bool:
    return values.dtype.is_numeric() or values.dtype in (pl.Boolean, pl.String, pl.Null)


def kind_of(values: pl.Series) -> str:
    """Return ``number``, ``category``, ``date``, or the type's name if a model can learn nothing from it."""
    if values.dtype.is_numeric() or values.dtype in (pl.Boolean, pl.Null):
        return "number"
    if values.dtype != pl.String:
        return str(values.dtype)
    known = values.drop_nulls()
    return "date" if known.len() and known.str.contains(_DATE).all() else "category"


def conformed(frame: pl.DataFrame, kinds: Mapping[str, str]) -> pl.DataFrame:
    """Return `frame` with the columns of `kinds`, each number as Float64 and each category as String, as in training.

    Truth values are 1 and 0 in a number column. Columns that `kinds` does not name stay as they are.

    Raises
    ------
    TableViolationsError
        If a column is absent, or a value of a number column is not one.
    """
    violations, made = [], []
    for name, kind in kinds.items():
        if name not in frame.columns:
            violations.append(Violation("matrix", name, "the column is missing", 0))
        elif not _usable(frame[name]):
            violations.append(Violation("matrix", name, f"neither numbers nor texts but {frame[name].dtype}", 0))
        elif kind == "category":
            made.append(_levels(frame[name]))
        else:
            numbers = as_numbers(frame[name])
            wrong = frame[name].filter(numbers.is_null() & frame[name].is_not_null())
            if frame[name].dtype == pl.String and wrong.len():
                examples = tuple(repr(value) for value in wrong.head(3))
                violations.append(Violation("matrix", name, "not a number", wrong.len(), examples))
            made.append(numbers)
    if violations:
        raise TableViolationsError(violations)
    return frame.with_columns(made)
