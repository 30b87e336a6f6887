"""Any lender's single-table file: one row an application, columns as they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from credit_scoring.domain.errors import DataError, TableViolationsError, Violation

ROW_NUMBER = "row"
MOST_LEVELS = 100


def read_matrix(path: Path) -> pl.DataFrame:
    """Return the file (CSV or Parquet) with every number as Float64 and everything else as String, NaN missing.

    Raises
    ------
    DataError
        If the file is absent, empty, of another kind, or cannot be parsed.
    """
    if not path.is_file():
        raise DataError(f"{path} is not a file")
    try:
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path)
        elif path.suffix == ".csv":
            frame = pl.read_csv(path, infer_schema_length=None, null_values=["", "NA", "NaN", "nan"])
        else:
            raise DataError(f"{path} must end in .csv or .parquet")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    if frame.is_empty():
        raise DataError(f"{path} has no rows")
    numbers = [
        pl.col(n).cast(pl.Float64).fill_nan(None) for n, t in frame.schema.items() if t.is_numeric() or t == pl.Boolean
    ]
    others = [pl.col(n).cast(pl.String) for n, t in frame.schema.items() if not (t.is_numeric() or t == pl.Boolean)]
    return frame.with_columns(numbers + others)


def with_id(frame: pl.DataFrame, id_column: str | None) -> tuple[pl.DataFrame, str]:
    """Return the frame sorted by its id, and the id's name; without one, rows are numbered from 1.

    Raises
    ------
    DataError
        If the column is absent.
    TableViolationsError
        If an id is missing or occurs more than once.
    """
    if id_column is None or (id_column == ROW_NUMBER and ROW_NUMBER not in frame.columns):
        return frame.with_row_index(ROW_NUMBER, offset=1).with_columns(pl.col(ROW_NUMBER).cast(pl.Int64)), ROW_NUMBER
    if id_column not in frame.columns:
        raise DataError(f"there is no column {id_column!r}; the file has {frame.columns}")
    ids = frame[id_column]
    if ids.dtype == pl.Float64 and bool((ids.drop_nulls() % 1 == 0).all()):
        frame = frame.with_columns(pl.col(id_column).cast(pl.Int64))
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

    `bad` is the value that means default; without it the values must be 0 and 1.

    Raises
    ------
    TableViolationsError
        If an outcome is missing, or is not one of two values.
    """
    column = values.name
    problems = []
    if values.null_count():
        problems.append(Violation("matrix", column, "the outcome is missing", values.null_count()))
    levels = values.drop_nulls().unique().sort().to_list()
    shown = tuple(_shown(level) for level in levels[:5])
    if len(levels) != 2:
        problems.append(
            Violation(
                "matrix",
                column,
                f"the outcome must take two values, it takes {len(levels)}",
                values.len(),
                shown[:3],
            )
        )
    elif bad is None and levels != [0.0, 1.0]:
        problems.append(
            Violation(
                "matrix",
                column,
                "the outcome is not 0 or 1; name the value that means default with --bad",
                values.len(),
                shown,
            )
        )
    elif bad is not None and bad not in shown:
        problems.append(
            Violation("matrix", column, f"no row has the value {bad!r} given as --bad", values.len(), shown)
        )
    if problems:
        raise TableViolationsError(problems)
    wanted = "1" if bad is None else bad
    return pl.Series(column, [_shown(value) == wanted for value in values], dtype=pl.Float64)


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def conformed(frame: pl.DataFrame, kinds: Mapping[str, str]) -> pl.DataFrame:
    """Return the columns of `kinds`, each number as Float64 and each category as String, as in training.

    Raises
    ------
    TableViolationsError
        If a column is absent, or a value of a number column is not one.
    """
    violations = [Violation("matrix", name, "the column is missing", 0) for name in kinds if name not in frame.columns]
    for name, kind in kinds.items():
        if kind == "number" and name in frame.columns and frame[name].dtype == pl.String:
            wrong = frame.filter(pl.col(name).is_not_null() & pl.col(name).cast(pl.Float64, strict=False).is_null())
            if wrong.height:
                examples = tuple(repr(value) for value in wrong[name].head(3))
                violations.append(Violation("matrix", name, "not a number", wrong.height, examples))
    if violations:
        raise TableViolationsError(violations)
    return frame.with_columns(
        pl.col(name).cast(pl.Float64)
        if kind == "number"
        else (
            pl.col(name).map_elements(_shown, return_dtype=pl.String)
            if frame[name].dtype == pl.Float64
            else pl.col(name)
        )
        for name, kind in kinds.items()
    )
