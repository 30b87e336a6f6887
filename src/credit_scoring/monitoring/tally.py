"""Counts of current applications by the bins of training: added up part by part, as large as the bins, not the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.domain.errors import DataError
from credit_scoring.monitoring.reference import Axis, Reference

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tally:
    """How many applications lie in each bin of a reference; tallies of parts add up, in any order.

    ``bins`` holds the bins of all axes one after the other. ``unseen`` (categories) and ``outside`` (numbers out of the
    range of training), shape (n_axes,), are counted in ``bins`` too: as missing, and at the ends.
    """

    rows: int
    bins: Integers
    unseen: Integers
    outside: Integers

    @classmethod
    def empty(cls, reference: Reference) -> Tally:
        """Return the tally of no application."""
        nothing = np.zeros(len(reference.axes), dtype=np.int64)
        return cls(0, np.zeros(reference.starts[-1], dtype=np.int64), nothing, nothing)

    def __add__(self, other: Tally) -> Tally:
        """Return the tally of both parts."""
        return Tally(
            self.rows + other.rows,
            self.bins + other.bins,
            self.unseen + other.unseen,
            self.outside + other.outside,
        )


def tally(reference: Reference, matrix: pl.DataFrame, p_default: Floats, decisions: pl.Series) -> Tally:
    """Return the counts of the rows of `matrix`.

    Parameters
    ----------
    matrix
        Every feature of the model, missing as null or NaN. A category is its text, or its rank as the encoder numbers
        it; of ranks, unseen categories cannot be told from missing.
    p_default : shape (n_applications,), in [0, 1]
    decisions : shape (n_applications,)
        ``approve``, ``refer`` or ``decline``.

    Raises
    ------
    DataError
        If a feature is absent, or the rows differ in number.
    """
    if not matrix.height == p_default.size == decisions.len():
        raise DataError(f"{matrix.height} rows, {p_default.size} PDs and {decisions.len()} decisions do not match")
    if absent := [a.name for a in reference.axes if a.kind == "feature" and a.name not in matrix.columns]:
        raise DataError(f"the feature matrix lacks {absent[:10]}")
    columns = {"p_default": pl.Series("p_default", p_default), "decision": decisions}
    counted = [
        _counted(axis, matrix[axis.name] if axis.kind == "feature" else columns[axis.kind]) for axis in reference.axes
    ]
    return Tally(
        matrix.height,
        np.concatenate([bins for bins, _, _ in counted]),
        np.array([unseen for _, unseen, _ in counted], dtype=np.int64),
        np.array([outside for _, _, outside in counted], dtype=np.int64),
    )


def _counted(axis: Axis, column: pl.Series) -> tuple[Integers, int, int]:
    """Return the counts of the bins, of unseen categories and of numbers out of range."""
    if axis.levels is not None:
        return (*_levels(axis, axis.levels, column), 0)
    ready = column.dtype == pl.Float64 and not column.null_count()  # as the decision log gives them
    values = (column if ready else column.cast(pl.Float64).fill_null(float("nan"))).to_numpy()
    known = values[~np.isnan(values)]
    places = np.searchsorted(axis.edges, known, side="left") + 1
    bins = np.bincount(places, minlength=axis.shares.size)
    bins[0] = values.size - known.size
    low, high = axis.range or (-np.inf, np.inf)
    return bins, 0, int(np.count_nonzero((known < low) | (known > high)))


def _levels(axis: Axis, levels: tuple[str, ...], column: pl.Series) -> tuple[Integers, int]:
    if column.dtype.is_numeric():
        told: dict[object, str] = {float(rank): level for rank, level in enumerate(axis.ranks)}
        found = _values(column.cast(pl.Float64).fill_nan(None))
        found = {told.get(value): count for value, count in found.items()}
    else:
        found = _values(column.cast(pl.String))
    known, missing = [found.get(level, 0) for level in levels], found.get(None, 0)
    return np.array([column.len() - sum(known), *known], dtype=np.int64), column.len() - sum(known) - missing


def _values(column: pl.Series) -> dict[object, int]:
    return dict(column.value_counts().iter_rows())
