"""The schema of the eight Home Credit tables: names, types, keys, sentinels, units, meanings.

The columns themselves are data, in ``columns.csv`` beside this module, one line a column.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import polars as pl

from credit_scoring.domain.text import Text

APPLICATION_ID = "SK_ID_CURR"
OUTCOME = "TARGET"
ANY_NUMBER = (-sys.float_info.max, sys.float_info.max)

_DTYPES: Mapping[str, type[pl.DataType]] = MappingProxyType(
    {"id": pl.Int64, "number": pl.Float64, "category": pl.String}
)


@dataclass(frozen=True, slots=True)
class Column:
    """One raw column: what it holds, and which of its values mean "missing".

    ``sentinels`` are literals (``"365243"``) or comparisons (``"<0"``); ``flag`` names the 0/1 column that
    keeps what a sentinel meant, or is empty. ``lower`` and ``upper`` are inclusive and hold after the
    sentinels became missing; ``None`` means unbounded.
    """

    name: str
    kind: str
    unit: str
    sentinels: tuple[str, ...]
    flag: str
    lower: float | None
    upper: float | None
    concept: str
    meaning: Text

    @property
    def dtype(self) -> type[pl.DataType]:
        """Return the Polars type: Int64 for keys, Float64 for numbers, String for categories."""
        return _DTYPES[self.kind]

    def bounds(self) -> tuple[float, float]:
        """Return the lowest and highest value allowed, both finite: no infinity lies between them."""
        least, most = ANY_NUMBER
        return (least if self.lower is None else self.lower, most if self.upper is None else self.upper)

    def is_sentinel(self) -> pl.Expr:
        """Return the expression that is true where the value is one of the sentinels; infinity never is."""
        value = pl.col(self.name)
        if self.kind == "number":
            value = value.fill_nan(None)
        hit = pl.lit(value=False)
        for sentinel in self.sentinels:
            if sentinel.startswith(">="):
                hit = hit | ((value >= float(sentinel[2:])) & value.is_finite())
            elif sentinel.startswith("<"):
                hit = hit | ((value < float(sentinel[1:])) & value.is_finite())
            else:
                hit = hit | (value == (sentinel if self.kind == "category" else float(sentinel)))
        return hit

    def cleaned(self) -> list[pl.Expr]:
        """Return the column with its sentinels and NaN missing, and its flag where it has one."""
        value = pl.col(self.name)
        if self.kind == "number":
            value = value.fill_nan(None)
        if not self.sentinels:
            return [value] if self.kind == "number" else []
        hit = self.is_sentinel()
        cleaned = [pl.when(~hit.fill_null(value=False)).then(value).alias(self.name)]
        return [*cleaned, hit.cast(pl.Float64).alias(self.flag)] if self.flag else cleaned


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns in file order and its keys.

    ``files`` are the file names without ending. ``keys`` must be there and filled; the table has one row for
    each ``unique`` combination (empty: no such key). ``owner`` is the key that must be known in ``application``.
    """

    name: str
    files: tuple[str, ...]
    keys: tuple[str, ...]
    unique: tuple[str, ...]
    owner: str
    columns: Mapping[str, Column]

    def flags(self) -> tuple[str, ...]:
        """Return the names of the flag columns that cleaning adds."""
        return tuple(column.flag for column in self.columns.values() if column.flag)


# name -> (files, keys that must be filled, unique key, key that must be known in application)
_SHAPES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], str]] = MappingProxyType(
    {
        "application": (("application_train", "application_test"), ("SK_ID_CURR",), ("SK_ID_CURR",), ""),
        "bureau": (("bureau",), ("SK_ID_CURR", "SK_ID_BUREAU"), ("SK_ID_BUREAU",), "SK_ID_CURR"),
        "bureau_balance": (("bureau_balance",), ("SK_ID_BUREAU", "MONTHS_BALANCE"), (), ""),
        "previous_application": (
            ("previous_application",),
            ("SK_ID_CURR", "SK_ID_PREV"),
            ("SK_ID_PREV",),
            "SK_ID_CURR",
        ),
        "POS_CASH_balance": (
            ("POS_CASH_balance",),
            ("SK_ID_CURR", "SK_ID_PREV", "MONTHS_BALANCE"),
            (),
            "SK_ID_CURR",
        ),
        "installments_payments": (
            ("installments_payments",),
            ("SK_ID_CURR", "SK_ID_PREV"),
            (),
            "SK_ID_CURR",
        ),
        "credit_card_balance": (
            ("credit_card_balance",),
            ("SK_ID_CURR", "SK_ID_PREV", "MONTHS_BALANCE"),
            (),
            "SK_ID_CURR",
        ),
    }
)


def _column(row: Mapping[str, str]) -> Column:
    return Column(
        name=row["column"],
        kind=row["type"],
        unit=row["unit"],
        sentinels=tuple(row["sentinels"].split(";")) if row["sentinels"] else (),
        flag=row["flag"],
        lower=float(row["lower"]) if row["lower"] else None,
        upper=float(row["upper"]) if row["upper"] else None,
        concept=row["concept"],
        meaning=Text(row["en"], row["fr"]),
    )


@cache
def schema() -> Mapping[str, Table]:
    """Return the tables by name, ``application`` first.

    Examples
    --------
    >>> schema()["application"].columns["DAYS_EMPLOYED"].sentinels
    ('365243',)
    >>> list(schema())[1]
    'bureau'
    """
    text = files(__package__).joinpath("columns.csv").read_text(encoding="utf-8")
    columns: dict[str, dict[str, Column]] = {name: {} for name in _SHAPES}
    for row in csv.DictReader(text.splitlines()):
        columns[row["table"]][row["column"]] = _column(row)
    return MappingProxyType(
        {name: Table(name, *shape, MappingProxyType(columns[name])) for name, shape in _SHAPES.items()}
    )
