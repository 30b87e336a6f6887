"""Distributions within cells: how they are kept, drawn from and inverted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_scoring.tables.synthetic.normal import Floats
from credit_scoring.tables.synthetic.spec import BINS, Variable

Codes = NDArray[np.int64]
Frame = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Table:
    """One variable's distribution in each cell of its parents.

    ``values`` are the categories, in the order in which the score ranks them; empty for a number. A cell
    is a pair of arrays: cumulative shares and category codes, or shares and the quantiles there (an atom
    is two knots of one value). ``missing`` holds the share of missing values by cell.
    """

    variable: Variable
    values: tuple[Any, ...]
    cells: Mapping[str, tuple[Floats, Floats]]
    missing: Mapping[str, float]

    def find(self, key: str) -> str:
        """Return the key of the finest cell that was measured: the last parents are dropped first."""
        while key not in self.cells:
            key = key.rpartition("|")[0]
        return key

    def draw(self, share: Floats, frame: Frame, sizes: Mapping[str, int]) -> NDArray[Any]:
        """Return the value at each ``share`` of the distribution in the row's cell."""
        out = np.empty(len(share), np.int64 if self.values else np.float64)
        for key, rows in groups(self.variable, frame, sizes, len(share)):
            out[rows] = self._draw(self.find(key), share[rows])
        return out

    def _draw(self, key: str, share: Floats) -> NDArray[Any]:
        at, value = self.cells[key]
        if self.values:
            codes: NDArray[np.int64] = value[np.searchsorted(at, share, side="right").clip(max=len(at) - 1)].astype(
                np.int64
            )
            return codes
        absent = self.missing.get(key, 0.0)
        inside = (share - absent) / (1.0 - absent) if absent < 1.0 else np.full(len(share), -1.0)
        drawn = np.interp(inside, at, value)
        if self.variable.grid:
            drawn = np.round(drawn / self.variable.grid) * self.variable.grid
        if self.variable.grid and self.variable.grid < 1.0:
            drawn = np.round(drawn, 4)
        return np.where(inside < 0.0, np.nan, drawn) if absent else drawn

    def interval(self, values: NDArray[Any], frame: Frame, sizes: Mapping[str, int]) -> tuple[Floats, Floats]:
        """Return the shares between which each value is drawn; NaN where the value is absent."""
        low, high = np.full(len(values), np.nan), np.full(len(values), np.nan)
        for key, rows in groups(self.variable, frame, sizes, len(values)):
            low[rows], high[rows] = self._interval(self.find(key), values[rows])
        return low, high

    def _interval(self, key: str, values: NDArray[Any]) -> tuple[Floats, Floats]:
        at, value = self.cells[key]
        if self.values:
            ends = dict(zip(value.astype(int).tolist(), zip([0.0, *at[:-1]], at, strict=True), strict=True))
            pairs = np.array([ends.get(code, (np.nan, np.nan)) for code in range(len(self.values))])
            known = values >= 0
            return np.where(known, pairs[values, 0], np.nan), np.where(known, pairs[values, 1], np.nan)
        absent = self.missing.get(key, 0.0)
        first = np.searchsorted(value, values, side="left").clip(max=len(value) - 1)
        last = (np.searchsorted(value, values, side="right") - 1).clip(min=0)
        atom = value[first] == values
        between = np.interp(values, value, at)
        low = absent + (1.0 - absent) * np.where(atom, at[first], between)
        high = absent + (1.0 - absent) * np.where(atom, at[last], between)
        known = ~np.isnan(values)
        nothing = np.nan if not absent else 0.0
        return np.where(known, low, nothing), np.where(known, high, nothing + absent)


def groups(
    variable: Variable, frame: Frame, sizes: Mapping[str, int], rows: int
) -> list[tuple[str, NDArray[np.int64]]]:
    """Return each cell of the variable's parents that occurs, with its rows."""
    if not variable.parents:
        return [("", np.arange(rows))]
    code = np.zeros(rows, np.int64)
    for parent in variable.parents:
        code = code * sizes[parent] + codes(parent, frame)
    order = np.argsort(code, kind="stable")
    cuts = np.flatnonzero(np.diff(code[order])) + 1
    return [(_key(int(code[part[0]]), variable.parents, sizes), part) for part in np.split(order, cuts) if len(part)]


def codes(parent: str, frame: Frame) -> Codes:
    """Return a parent's category codes: as drawn, or the bin that its number falls in (missing is the last)."""
    if parent not in BINS:
        return frame[parent].astype(np.int64)
    name, edges = BINS[parent]
    return np.searchsorted(np.asarray(edges), frame[name], side="right")


def _key(code: int, parents: Sequence[str], sizes: Mapping[str, int]) -> str:
    parts: list[str] = []
    for parent in reversed(parents):
        code, part = divmod(code, sizes[parent])
        parts.append(str(part))
    return "|".join(reversed(parts))
