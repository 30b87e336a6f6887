"""A feature of all applicants cut into bins: round steps of a number, the categories of another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import count

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.domain.errors import DataError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.uint8]
Value = float | str | None
# The few values beyond these quantiles would leave all others in one bin.
_OUTLYING = (0.005, 0.995)
_ROUND = (1.0, 2.0, 2.5, 5.0)
# Beyond, there are no halves beside a whole number, and the difference of two is no number.
_LARGEST_WITH_HALVES, _LARGEST = 2.0**51, 1e300
_SMALLEST_SPAN, _SMALLEST = 1e-9, 1e-100


@dataclass(frozen=True, slots=True)
class Axis:
    """A feature cut into bins: a number between ``edges``, one more than bins; a category one of ``levels``.

    A bin holds ``lower < x <= upper``, those at the ends what lies beyond too. The levels come by frequency; the last
    is ``None`` where it holds the rest.
    """

    edges: tuple[float, ...] | None = None
    levels: tuple[str | None, ...] | None = None

    @property
    def bins(self) -> int:
        """Return how many bins there are."""
        return len(self.edges) - 1 if self.edges is not None else len(self.levels or ())


class Column:
    """One feature of all applicants, in their order.

    ``values`` has shape (n_applicants,): the number, or the rank of the category by frequency; NaN where it is missing.
    ``words`` are the categories by frequency, ``None`` of a number.
    """

    def __init__(self, values: pl.Series) -> None:
        self.name = values.name
        self.words: tuple[str, ...] | None = None
        self._binned: dict[int, tuple[Axis, Places]] = {}
        if values.dtype == pl.String:
            counted = values.drop_nulls().value_counts().sort("count", values.name, descending=[True, False])
            words = counted[values.name].to_list()
            self.words, values = tuple(words), values.cast(pl.Enum(words)).to_physical().cast(pl.Float64)
        self.values: Floats = values.to_numpy()

    @cached_property
    def known(self) -> Flags:
        """Return whose value is known."""
        return ~np.isnan(self.values)

    def number(self, value: Value) -> float | None:
        """Return `value` as ``values`` have it; -1 for a category that nobody has.

        Raises
        ------
        DataError
            If it is text and the feature a number, or the reverse.
        """
        if value is None:
            return None
        if isinstance(value, str) != (self.words is not None):
            kind = "a number" if self.words is None else "a category"
            raise DataError(f"{self.name} is {kind}; it cannot be {value!r}")
        if self.words is None:
            return float(value)
        return float(self.words.index(str(value))) if value in self.words else -1.0

    def binned(self, most: int) -> tuple[Axis, Places]:
        """Return at most `most` bins, and the number of each applicant's; that after the last is of missing values."""
        if most not in self._binned:
            known = self.values[self.known]
            if self.words is None:
                edges = edges_of(known, most)
                axis, found = Axis(edges=edges), np.searchsorted(np.array(edges[1:-1]), known)
            else:
                levels = self.words if len(self.words) <= most else (*self.words[: most - 1], None)
                axis, found = Axis(levels=levels), np.minimum(known, most - 1)
            places = np.full(self.values.size, axis.bins, dtype=np.uint8)
            places[self.known] = found
            self._binned[most] = axis, places
        return self._binned[most]


def edges_of(values: Floats, most: int) -> tuple[float, ...]:
    """Return the edges of at most `most` bins for `values`, ascending.

    Few whole numbers get a bin each, which ends a half above its number. Otherwise the bins are of one width, their
    edges are multiples of it, and they reach over all values but the outermost.

    Examples
    --------
    >>> edges_of(np.array([0.0, 1.0, 1.0, 3.0]), most=20)
    (-0.5, 0.5, 1.5, 3.5)
    >>> edges_of(np.array([1_300.0, 1_750.5, 2_900.0]), most=4)
    (1000.0, 1500.0, 2000.0, 2500.0, 3000.0)
    """
    values = values[np.abs(values) < _LARGEST]
    if not values.size:
        return (0.0, 1.0)
    lowest, highest = float(values.min()), float(values.max())
    whole = max(-lowest, highest) < _LARGEST_WITH_HALVES and bool((values == np.rint(values)).all())
    if whole and (distinct := np.unique(values)).size <= most:
        return (lowest - 0.5, *(distinct + 0.5).tolist())
    low, high = np.quantile(values, _OUTLYING).tolist()
    if _are_one(low, high):
        low, high = lowest, highest
    if _are_one(low, high):
        around = max(abs(low), 1.0) / 2
        return (low - around, high + around)
    return _evenly(low, high, most, whole=whole)


def _are_one(low: float, high: float) -> bool:
    """Return whether floating-point numbers have no room for steps between two."""
    return high - low <= _SMALLEST_SPAN * max(abs(low), abs(high), _SMALLEST)


def _evenly(low: float, high: float, most: int, *, whole: bool) -> tuple[float, ...]:
    for power in count(math.floor(math.log10((high - low) / most))):
        for factor in _ROUND:
            step = factor * 10.0**power
            if whole and not step.is_integer():
                continue
            first, last = math.floor(low / step), math.ceil(high / step)
            if whole and step == 1 and last - first < most:
                return tuple(number - 0.5 for number in range(first, last + 2))
            if last - first <= most:
                return tuple(round(number * step, 1 - power) for number in range(first, last + 1))
    raise AssertionError("some step is wide enough")
