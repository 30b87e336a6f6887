"""What drifts, and from which month: a tiny grammar."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import polars as pl

from credit_scoring.domain.errors import DataError
from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME, Column, schema

GRAMMAR = """\
MONTH:COLUMN*0.7, MONTH:COLUMN+0.1 or MONTH:COLUMN-0.1 (a number arrives changed; the outcomes stay), \
MONTH:missing COLUMN 0.5 (that share of its values does not arrive), \
MONTH:mix 0.5 (that share of the applicants comes from the population of application_test), \
MONTH:relation COLUMN 0.5 (outcomes come to depend on the column: its high values default more, with - less)\
"""
Kind = Literal["*", "+", "-", "missing", "mix", "relation"]
_KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
_NUMBER = r"-?\d+(?:\.\d+)?"
_FORMS = (
    re.compile(rf"(?P<month>\d+):(?P<column>\w+)(?P<kind>[*+-])(?P<amount>{_NUMBER})"),
    re.compile(rf"(?P<month>\d+):(?P<kind>missing|relation) (?P<column>\w+) (?P<amount>{_NUMBER})"),
    re.compile(rf"(?P<month>\d+):(?P<kind>mix)(?P<column>) (?P<amount>{_NUMBER})"),
)


@dataclass(frozen=True)
class Change:
    """One thing that is otherwise from ``month`` on; months count from 1. ``column`` is empty for a mix."""

    month: int
    kind: Kind
    column: str
    amount: float


def parsed(spec: str) -> Change:
    """Return the change that a specification such as ``7:AMT_INCOME_TOTAL*0.7`` asks for.

    Raises
    ------
    DataError
        If it is none, or names a column that the application has not, or that cannot change so.

    Examples
    --------
    >>> parsed("7:AMT_INCOME_TOTAL*0.7")
    Change(month=7, kind='*', column='AMT_INCOME_TOTAL', amount=0.7)
    """
    found = next((match for form in _FORMS if (match := form.fullmatch(" ".join(spec.split())))), None)
    if found is None:
        raise DataError(f"--drift {spec!r} is no change; there are: {GRAMMAR}")
    change = Change(int(found["month"]), _KINDS[found["kind"]], found["column"], float(found["amount"]))
    if problem := _problem(change):
        raise DataError(f"--drift {spec!r}: {problem}; there are: {GRAMMAR}")
    return change


def _problem(change: Change) -> str:
    if change.month < 1:
        return "months count from 1"
    if change.kind in {"missing", "mix"} and not 0 <= change.amount <= 1:
        return f"{change.amount:g} is no share, which lies from 0 to 1"
    if change.kind == "mix":
        return ""
    columns = {n: one for n, one in schema()["application"].columns.items() if n not in {APPLICATION_ID, OUTCOME}}
    numbers = [name for name, column in columns.items() if column.kind == "number"]
    if change.column in numbers or (change.kind == "missing" and change.column in columns):
        return ""
    if change.column in columns:
        return f"{change.column} holds words, not numbers"
    name = change.column.upper()
    close = [one for one in numbers if name in one] or difflib.get_close_matches(name, numbers, n=1)
    return f"an application has no column {change.column}" + (f" (did you mean {close[0]}?)" if close else "")


def mix(changes: Iterable[Change]) -> float:
    """Return the share of applicants from the other population; the last change of it counts."""
    return [0.0, *(one.amount for one in changes if one.kind == "mix")][-1]


def lean(changes: Iterable[Change]) -> dict[str, float]:
    """Return how strongly outcomes come to depend on columns."""
    return {one.column: one.amount for one in changes if one.kind == "relation"}


def arriving(application: pl.DataFrame, changes: Iterable[Change], rng: np.random.Generator) -> pl.DataFrame:
    """Return applications as they reach the lender: numbers changed within their bounds, values gone missing."""
    for change in changes:
        column = schema()["application"].columns.get(change.column)
        if column is None or change.kind == "relation":
            continue
        if change.kind == "missing":
            gone = pl.Series(rng.random(application.height) < change.amount)
            application = application.with_columns(pl.when(~gone).then(pl.col(column.name)).alias(column.name))
        else:
            application = application.with_columns(_changed(application[column.name], column, change))
    return application


def _changed(values: pl.Series, column: Column, change: Change) -> pl.Series:
    number = pl.col(column.name)
    moved = number * change.amount if change.kind == "*" else number + float(f"{change.kind}1") * change.amount
    moved = moved.clip(column.lower, column.upper)
    whole = values.dtype.is_integer()
    kept = pl.when(column.is_sentinel()).then(number).otherwise(moved.round() if whole else moved)
    return (
        values.to_frame().select(number.cast(pl.Float64)).select(kept.alias(column.name)).to_series().cast(values.dtype)
    )
