"""What a caller may supply: raw application columns and built features, by name, and what is wrong with a value."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.bundle.manifest import Manifest
from credit_scoring.domain.errors import Fault
from credit_scoring.domain.faults import A_NUMBER, A_TEXT, NOT_FINITE, beyond, must_be, quoted, unknown
from credit_scoring.domain.text import Text
from credit_scoring.features.assemble import catalogue
from credit_scoring.tables.schema import ANY_NUMBER, Column, schema

Floats = NDArray[np.float64]
Value = float | str | None
NUMERIC = frozenset({float, int, type(None)})
MOST_FAULTS, MOST_HINTS = 20, 5
_NO_FEATURE = Text("no feature has this name", "aucune variable ne porte ce nom")


class Inputs:
    """The names that may be supplied to a model, with their kinds and bounds.

    ``kinds`` has ``number`` or ``category`` by name; ``number`` gives each number its place among them. ``raw`` are
    the columns of the application, which another lender's portfolio has none of.
    """

    def __init__(self, manifest: Manifest) -> None:
        home_credit = manifest.portfolio == "home_credit"
        self.kinds: Mapping[str, str] = (
            {name: feature.kind for name, feature in catalogue().items()}
            if home_credit
            else {card.name: card.kind for card in manifest.features}
        )
        self.number = {name: i for i, name in enumerate(n for n, kind in self.kinds.items() if kind == "number")}
        self.raw: Mapping[str, Column] = schema()["application"].columns if home_credit else {}

    def bounds(self, names: Sequence[str]) -> tuple[Floats, Floats]:
        """Return the lowest and highest value that the schema allows each of the numbers `names`; all are finite."""
        found = [self.raw[name].bounds() if name in self.raw else ANY_NUMBER for name in names]
        lower, upper = np.array(found, dtype=np.float64).reshape(-1, 2).T
        return lower, upper

    def unknown(self, names: Sequence[str], field: str) -> list[Fault]:
        """Return a fault for each of the `names`, none of which may be supplied."""
        faults = []
        for number, name in enumerate(names[:MOST_FAULTS]):
            close = difflib.get_close_matches(name[:100], self.kinds, n=1, cutoff=0.5) if number < MOST_HINTS else []
            faults.append(Fault(f"{field}.{name[:100]}", unknown(_NO_FEATURE, close)))
        return faults

    def mistyped(self, features: Mapping[str, Value], field: str) -> list[Fault]:
        """Return a fault for each value that is not of its feature's kind."""
        faults = []
        for name, value in features.items():
            if self.kinds[name] == "number":
                if type(value) not in NUMERIC:
                    faults.append(Fault(f"{field}.{name}", must_be(A_NUMBER, quoted(value))))
            elif not isinstance(value, str | None):
                faults.append(Fault(f"{field}.{name}", must_be(A_TEXT, quoted(value))))
        return faults[:MOST_FAULTS]

    def outside(self, names: Sequence[str], values: Floats, lower: Floats, upper: Floats, field: str) -> list[Fault]:
        """Return a fault for each of the `values` that is infinite, or outside its bounds and no sentinel."""
        faults = []
        for i in np.flatnonzero((values < lower) | (values > upper)).tolist():
            name, value = names[i], float(values[i])
            if np.isinf(value):
                faults.append(Fault(f"{field}.{name}", NOT_FINITE))
            elif not is_sentinel(name, value):
                limit = float(lower[i] if value < lower[i] else upper[i])
                faults.append(Fault(f"{field}.{name}", beyond(value, limit, self.raw[name].meaning)))
        return faults[:MOST_FAULTS]


@cache
def _sentinel_test(table: str, name: str) -> tuple[pl.DataType, pl.Expr]:
    column = schema()[table].columns[name]
    return column.dtype(), column.is_sentinel()


@lru_cache(maxsize=1_024)
def is_sentinel(name: str, value: float | str, *, table: str = "application") -> bool:
    """Return whether a value of the raw column `name` means "missing"."""
    dtype, expression = _sentinel_test(table, name)
    return bool(pl.DataFrame({name: [value]}, schema={name: dtype}).select(expression).item())
