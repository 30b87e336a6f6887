"""The reference profile: how each feature and the PD were distributed in training, as shares of bins."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

BINS = 10
P_DEFAULT = "p_default"
_SCHEMA = {
    "feature": pl.String,
    "bin": pl.Int64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "level": pl.String,
    "share": pl.Float64,
}


def reference_profile(matrix: pl.DataFrame, p_default: NDArray[np.float64]) -> pl.DataFrame:
    """Return one row a bin of each column of `matrix` and of the PD, shares of a column adding up to 1.

    A number has up to ten bins of about equal share, ``lower < x <= upper``; the first ``lower`` and the last
    ``upper`` are the smallest and largest value seen, and what lies beyond belongs to the bins at the ends. A category
    has a row for each ``level``. Bin -1 is missing.
    """
    parts = [_profile(matrix[name]) for name in matrix.columns]
    parts.append(_profile(pl.Series(P_DEFAULT, p_default)))
    return pl.concat(parts)


def seen_ranges(profile: pl.DataFrame) -> dict[str, tuple[float, float]]:
    """Return the smallest and largest value of each number in training; a column that was never known has none."""
    bins = profile.filter(pl.col("lower").is_not_null())
    ends = bins.group_by("feature", maintain_order=True).agg(pl.col("lower").min(), pl.col("upper").max())
    return {name: (low, high) for name, low, high in ends.iter_rows()}


def _profile(column: pl.Series) -> pl.DataFrame:
    rows: list[tuple[object, ...]] = [(column.name, -1, None, None, None, column.null_count() / column.len())]
    known = column.drop_nulls()
    if column.dtype == pl.String:
        levels = known.value_counts(sort=True).sort(["count", column.name], descending=[True, False])
        rows += [
            (column.name, number, None, None, level, count / column.len())
            for number, (level, count) in enumerate(levels.iter_rows())
        ]
    elif known.len():
        values = known.to_numpy()
        edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1], method="inverted_cdf"))
        counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=edges.size + 1)
        bounds = np.r_[values.min(), edges, values.max()]
        rows += [
            (
                column.name,
                number,
                float(bounds[number]),
                float(bounds[number + 1]),
                None,
                float(count) / column.len(),
            )
            for number, count in enumerate(counts)
        ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")
