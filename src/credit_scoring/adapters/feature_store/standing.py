"""How features are distributed among all applicants of a version, and among those who are like one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from credit_scoring.adapters.feature_store.bins import Axis, Column, Flags, Floats, Value
from credit_scoring.adapters.feature_store.search import Index
from credit_scoring.adapters.feature_store.values import Values

MOST_BINS: Final = 20
MOST_BINS_OF_TWO: Final = 12
# A question is often asked again with another value, or other applicants: its columns stay in memory, 8 bytes a value.
RECENT_COLUMNS: Final = 32

Means = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """How a feature is distributed among some applicants.

    ``counts`` and ``mean_p_default`` are by bin; a mean of nobody is ``None``. ``below`` is the share of known values
    below the value asked about, those equal to it counted half; of a category, the share that has it.
    """

    applicants: int
    missing: int
    counts: tuple[int, ...]
    mean_p_default: Means
    median: float | None
    below: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A feature among everyone, and among those who are like the one asked about, if likeness was asked for."""

    axis: Axis
    everyone: Group
    similar: Group | None


@dataclass(frozen=True, slots=True)
class Relation:
    """Two features together: a row a bin of ``y``, a column a bin of ``x``; of the ``missing``, one is not known."""

    x: Axis
    y: Axis
    applicants: int
    missing: int
    counts: tuple[tuple[int, ...], ...]
    mean_p_default: tuple[Means, ...]


class Comparison:
    """Compares the applicants of one version by their features. Safe to share by threads."""

    def __init__(self, index: Index, values: Values) -> None:
        self._index = index
        self._p_default = index.scores().p_default
        self._column = lru_cache(RECENT_COLUMNS)(lambda name: Column(index.by_id(values.column(name))))

    def standing(self, feature: str, value: Value, like: Mapping[str, Value]) -> Standing:
        """Return how `feature` is distributed, and where `value` stands, among everyone and those `like` one.

        Raises
        ------
        DataError
            If there is no such feature, the value is of another kind, or likeness cannot be told by a column.
        """
        column = self._column(feature)
        asked = column.number(value)
        axis, _ = column.binned(MOST_BINS)
        similar = self._group(column, asked, self._index.alike(like)) if like else None
        return Standing(axis, self._group(column, asked, slice(None)), similar)

    def _group(self, column: Column, asked: float | None, who: Flags | slice) -> Group:
        axis, places = column.binned(MOST_BINS)
        counts, means = _counted(places[who], self._p_default[who], axis.bins + 1)
        known = column.values[who][column.known[who]]
        return Group(
            applicants=sum(counts),
            missing=counts[-1],
            counts=counts[:-1],
            mean_p_default=means[:-1],
            median=float(np.median(known)) if known.size and column.words is None else None,
            below=_below(known, asked, column) if known.size and asked is not None else None,
        )

    def relation(self, x: str, y: str, like: Mapping[str, Value]) -> Relation:
        """Return how the features `x` and `y` go together, among those `like` one, or everyone.

        Raises
        ------
        DataError
            If there is no such feature, or likeness cannot be told by a column.
        """
        (across, columns), (down, rows) = (self._column(name).binned(MOST_BINS_OF_TWO) for name in (x, y))
        who = self._index.alike(like) if like else slice(None)
        width, height = across.bins + 1, down.bins + 1
        cells = rows[who].astype(np.intp) * width + columns[who]
        counts, means = _counted(cells, self._p_default[who], width * height)
        inner = [slice(row * width, row * width + across.bins) for row in range(down.bins)]
        known = tuple(counts[row] for row in inner)
        return Relation(
            x=across,
            y=down,
            applicants=cells.size,
            missing=cells.size - sum(map(sum, known)),
            counts=known,
            mean_p_default=tuple(means[row] for row in inner),
        )


def _counted(places: NDArray[np.integer], p_default: Floats, bins: int) -> tuple[tuple[int, ...], Means]:
    """Return how many there are in each bin, and the mean of their PDs."""
    counts = np.bincount(places, minlength=bins).tolist()
    sums = np.bincount(places, weights=p_default, minlength=bins).tolist()
    return tuple(counts), tuple(total / number if number else None for total, number in zip(sums, counts, strict=True))


def _below(known: Floats, asked: float, column: Column) -> float:
    equal = int(np.count_nonzero(known == asked))
    if column.words is not None:
        return equal / known.size
    return (int(np.count_nonzero(known < asked)) + equal / 2) / known.size
