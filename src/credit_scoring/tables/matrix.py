"""Any lender's single-table file: one row an application, columns as they are."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from credit_scoring.domain.errors import DataError, TableViolationsError, Violation

ROW_NUMBER = "row"
MOST_LEVELS = 100
MISSING_WORDS = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "<NA>")

_EXACT = 2.0**53  # a whole number beyond is no longer exact as Float64: a key, not a quantity
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?")
_LEADING_ZERO = r"^[+-]?0\d"
_WHOLE = r"^[+-]?\d+$"
_DECIMAL_COMMA = r"^[+-]?\d+(,\d+)?$"
_DATE = r"^(\d{4}-\d{2}-\d{2}|\d{2}[/.]\d{2}[/.]\d{4}|\d{4}/\d{2}/\d{2})([T ]\d{2}:\d{2}.*)?$"
_MOST_NAMED = 12


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
        return _numbers(texts)
    if decimal_comma and known.str.contains(_DECIMAL_COMMA).all():
        known, texts = known.str.replace(",", "."), texts.str.replace(",", ".")
    numbers = known.cast(pl.Float64, strict=False)
    if known.is_empty() or numbers.null_count() or known.str.contains(_LEADING_ZERO).any():
        return texts
    if ((numbers.abs() > _EXACT) & known.str.contains(_WHOLE)).any():
        return texts
    return _finite(texts.cast(pl.Float64))


def _from_parquet(column: pl.Series) -> pl.Series:
    kind = column.dtype
    if kind.is_integer() and column.len() != column.null_count():
        low, high = column.cast(pl.Int128).min(), column.cast(pl.Int128).max()
        if not all(isinstance(end, int) and abs(end) <= _EXACT for end in (low, high)):
            return column.cast(pl.String)
    if kind.is_numeric():
        return _finite(column.cast(pl.Float64))
    if kind in (pl.Date, pl.Datetime, pl.Time, pl.Categorical, pl.Enum, pl.Null):
        return column.cast(pl.String)
    if kind == pl.Boolean or (kind == pl.String and _are_truth_values(column.drop_nulls())):
        return _numbers(column)
    return column


def _are_truth_values(known: pl.Series) -> bool:
    return not known.is_empty() and known.str.to_lowercase().is_in(["true", "false"]).all()


def _finite(numbers: pl.Series) -> pl.Series:
    return numbers.set(~numbers.is_finite().fill_null(value=True), None)


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
    if _NUMBER.fullmatch(text) and abs(float(text)) <= _EXACT:
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
            numbers = _numbers(frame[name])
            wrong = frame[name].filter(numbers.is_null() & frame[name].is_not_null())
            if frame[name].dtype == pl.String and wrong.len():
                examples = tuple(repr(value) for value in wrong.head(3))
                violations.append(Violation("matrix", name, "not a number", wrong.len(), examples))
            made.append(numbers)
    if violations:
        raise TableViolationsError(violations)
    return frame.with_columns(made)


def _numbers(values: pl.Series) -> pl.Series:
    if values.dtype == pl.String:
        lower = values.str.strip_chars().str.to_lowercase()
        values = lower.replace(["true", "false"], ["1", "0"])
    return values.cast(pl.Float64, strict=False).fill_nan(None)
