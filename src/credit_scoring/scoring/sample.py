"""Rows kept to be shown: a seeded sample of applications that go by in parts."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.bundle.store import Bundle

SAMPLE_ROWS = 2_000
_DRAW = "__draw__"


class RowSample:
    """A sample without replacement in which every row that was added is as probable as any other.

    Equal seeds and rows give equal samples, however the rows are divided into parts.
    """

    def __init__(self, rows: int = SAMPLE_ROWS, *, seed: int = 0) -> None:
        self._most, self._draws = rows, np.random.default_rng(seed)
        self._kept: pl.DataFrame | None = None

    def add(self, rows: pl.DataFrame) -> None:
        """Let each row draw a number, and keep those with the smallest."""
        drawn = rows.with_columns(pl.Series(_DRAW, self._draws.random(rows.height))).bottom_k(self._most, by=_DRAW)
        both = drawn if self._kept is None else pl.concat([self._kept, drawn], how="vertical_relaxed")
        self._kept = both.bottom_k(self._most, by=_DRAW)

    @property
    def rows(self) -> pl.DataFrame:
        """Return what is kept, in the order of the draws; empty if nothing was added."""
        return pl.DataFrame() if self._kept is None else self._kept.sort(_DRAW).drop(_DRAW)


def shown_columns(
    bundle: Bundle, matrix: pl.DataFrame, p_default: NDArray[np.float64], decisions: pl.Series
) -> pl.DataFrame:
    """Return ``p_default``, ``decision`` and the features that the model uses; no id and no outcome.

    Parameters
    ----------
    matrix
        Every feature of the model; a category is its text, or its rank as the encoder numbers it.
    p_default : shape (n_applications,), in [0, 1]
    decisions : shape (n_applications,)
    """
    importances, encoder = bundle.manifest.importances, bundle.model.encoder
    scored = {"p_default": pl.Series(p_default), "decision": pl.Series(decisions)}
    used = [name for name in encoder.features if importances.get(name, 0.0) > 0 and name not in scored]
    ranked = [
        pl.col(name).replace_strict(
            {float(rank): level for rank, level in enumerate(encoder.categories[name])},
            default=None,
            return_dtype=pl.String,
        )
        for name in used
        if name in encoder.categories and matrix.schema[name].is_numeric()
    ]
    return matrix.select(used).with_columns(*ranked, **scored).select(*scored, *used)
