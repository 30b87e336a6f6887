"""Any lender's single-table file: one row an application, columns as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from credit_scoring.domain.errors import DataError

EXACT = 2.0**53  # a whole number beyond is no longer exact as Float64: a key, not a quantity
MISSING_WORDS = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "<NA>")

_LEADING_ZERO = r"^[+-]?0\d"
_WHOLE = r"^[+-]?\d+$"
_DECIMAL_COMMA = r"^[+-]?\d+(,\d+)?$"


def read_matrix(path: Path) -> pl.DataFrame:
    """Return the file (CSV or Parquet): numbers and truth values as Float64, texts and dates as String.

    NaN and infinity are missing. Codes with a leading zero and whole numbers too long for Float64 stay texts, so
    that keys come out as they went in. A CSV may be separated by commas, semicolons (then with decimal commas
    too), tabs or bars. A Parquet column of another type (lists, bytes, durations) is left as it is.

    Raises
    ------
    DataError
        If the file is absent, empty, of another kind, or cannot be parsed.
    """
    if not path.is_file():
        raise DataError(f"{path} is not a file")
    try:
        if path.suffix.lower() == ".parquet":
            columns = {name: _from_parquet(column) for name, column in _named(pl.read_parquet(path))}
        elif path.suffix.lower() == ".csv":
            columns = _from_csv(path)
        else:
            raise DataError(f"{path} must end in .csv or .parquet")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{path} cannot be read: {_told(error)}") from error
    if twice := sorted(name for name in columns if f"{name}_duplicated_0" in columns):
        raise DataError(f"{path} has two columns named {twice[0]!r}")
    frame = pl.DataFrame(columns)
    if frame.is_empty():
        raise DataError(f"{path} has no rows")
    return frame


def _told(error: Exception) -> str:
    first = (str(error).splitlines() or [type(error).__name__])[0]
    if "invalid utf-8" in first:
        return "it is not UTF-8 text; save it as UTF-8"
    if "found more fields" in first:
        return "a row has more fields than the header; a text that holds the separator needs quotes"
    return first


def _named(frame: pl.DataFrame) -> Iterator[tuple[str, pl.Series]]:
    """Yield each column with its name.

    Raises
    ------
    DataError
        If Polars would take a name for a pattern of names.
    """
    for name, column in zip(frame.columns, frame.get_columns(), strict=True):
        if name == "*" or (name.startswith("^") and name.endswith("$")):
            raise DataError(f"rename the column {name!r}: such a name stands for a pattern of names")
        yield name, column


def _from_csv(path: Path) -> dict[str, pl.Series]:
    separator = _separator(path)
    frame = pl.read_csv(path, infer_schema=False, separator=separator, null_values=list(MISSING_WORDS))
    frame.columns = [name.replace('""', '"') for name in frame.columns]  # Polars leaves quotes in names doubled
    return {name: _parsed(column, decimal_comma=separator == ";") for name, column in _named(frame)}


def _separator(path: Path) -> str:
    """Return what separates the names in the header, a comma unless another sign occurs more often."""
    with path.open(encoding="utf-8", errors="replace") as file:
        header = re.sub(r'"[^"]*"', "", file.readline())
    return max(",;\t|", key=header.count)


def _parsed(texts: pl.Series, *, decimal_comma: bool) -> pl.Series:
    """Return a CSV column as numbers if every text is one, or all are truth values."""
    texts = texts.str.strip_chars()
    texts = texts.set(texts.is_in(list(MISSING_WORDS)), None)
    known = texts.drop_nulls()
    if _are_truth_values(known):
        return as_numbers(texts)
    if decimal_comma and known.str.contains(_DECIMAL_COMMA).all():
        known, texts = known.str.replace(",", "."), texts.str.replace(",", ".")
    numbers = known.cast(pl.Float64, strict=False)
    if known.is_empty() or numbers.null_count() or known.str.contains(_LEADING_ZERO).any():
        return texts
    if ((numbers.abs() > EXACT) & known.str.contains(_WHOLE)).any():
        return texts
    return _finite(texts.cast(pl.Float64))


def _from_parquet(column: pl.Series) -> pl.Series:
    kind = column.dtype
    if kind.is_integer() and column.len() != column.null_count():
        low, high = column.cast(pl.Int128).min(), column.cast(pl.Int128).max()
        if not all(isinstance(end, int) and abs(end) <= EXACT for end in (low, high)):
            return column.cast(pl.String)
    if kind.is_numeric():
        return _finite(column.cast(pl.Float64))
    if kind in (pl.Date, pl.Datetime, pl.Time, pl.Categorical, pl.Enum, pl.Null):
        return column.cast(pl.String)
    if kind == pl.Boolean or (kind == pl.String and _are_truth_values(column.drop_nulls())):
        return as_numbers(column)
    return column


def _are_truth_values(known: pl.Series) -> bool:
    return not known.is_empty() and known.str.to_lowercase().is_in(["true", "false"]).all()


def _finite(numbers: pl.Series) -> pl.Series:
    return numbers.set(~numbers.is_finite().fill_null(value=True), None)


def as_numbers(values: pl.Series) -> pl.Series:
    """Return numbers, truth values or texts as Float64; what is none is missing."""
    if values.dtype == pl.String:
        lower = values.str.strip_chars().str.to_lowercase()
        values = lower.replace(["true", "false"], ["1", "0"])
    return values.cast(pl.Float64, strict=False).fill_nan(None)
