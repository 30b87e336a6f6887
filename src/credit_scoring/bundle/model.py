"""The margin (log-odds) of default as a linear part plus trees, and the PD that calibration makes of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from credit_scoring.bundle.linear import CompiledTerms, LinearPart
from credit_scoring.domain.errors import DataError

if TYPE_CHECKING:
    import lightgbm as lgb

Floats = NDArray[np.float64]
# Below, one thread is quickest: waking others costs more than they save.
_FEW_ROWS = 256
_ROWS_AT_A_TIME = 2_000
# Polars plans some hundred columns as long as Python takes for so many rows.
_ROWS_IN_PYTHON = 64


class Encoder(BaseModel):
    """Turns a feature matrix into numbers: columns in order, each category as its rank, unknown as missing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    features: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]

    def encode(self, matrix: pl.DataFrame) -> Floats:
        """Return the values, shape (n_applications, n_features), missing as NaN; many rows are in Fortran order.

        A category that training never saw is missing too.

        Raises
        ------
        DataError
            If a feature's column is absent.
        """
        try:
            return self._encode_few(matrix) if matrix.height <= _ROWS_IN_PYTHON else self._encode_many(matrix)
        except (KeyError, pl.exceptions.ColumnNotFoundError):
            absent = set(self.features) - set(matrix.columns)
            if not absent:
                raise
            raise DataError(f"the feature matrix lacks {[n for n in self.features if n in absent][:10]}") from None

    def _encode_few(self, matrix: pl.DataFrame) -> Floats:
        chosen = _chooser(tuple(matrix.columns), self.features)
        rows = [list(chosen(row)) for row in matrix.rows()]
        for row in rows:
            for place, ranks in self._ranks:
                row[place] = ranks.get(row[place])
        return np.array(rows, dtype=np.float64).reshape(-1, len(self.features))

    def _encode_many(self, matrix: pl.DataFrame) -> Floats:
        ranks = [
            pl.col(name).cast(pl.String).cast(pl.Enum(levels), strict=False).to_physical().alias(name)
            for name, levels in self.categories.items()
        ]
        # Missing becomes NaN here, five times as fast as in `to_numpy`.
        numbers = (
            matrix[list(self.features)]
            .with_columns(ranks)
            .with_columns(pl.all().cast(pl.Float64).fill_null(float("nan")))
        )
        return numbers.to_numpy()

    @cached_property
    def _ranks(self) -> list[tuple[int, dict[Any, float]]]:
        """Return the place of each category feature, and the ranks of its levels."""
        return [
            (place, {level: float(rank) for rank, level in enumerate(self.categories[name])})
            for place, name in enumerate(self.features)
            if name in self.categories
        ]

    def decode(self, name: str, value: float) -> float | str | None:
        """Return what an encoded value of the feature `name` stands for; missing is ``None``."""
        if np.isnan(value):
            return None
        return self.categories[name][int(value)] if name in self.categories else value

    def unseen(self, matrix: pl.DataFrame) -> dict[str, int]:
        """Return how many values of each category feature training never saw; features without any are left out."""
        counts = matrix.select(
            (pl.col(name).is_not_null() & ~pl.col(name).is_in(list(levels))).sum().alias(name)
            for name, levels in self.categories.items()
        )
        return {name: int(counts[name][0]) for name in counts.columns if counts[name][0]}


class Calibrator(BaseModel):
    """A monotone map from margin to PD.

    ``identity`` is the logistic function of the margin; ``sigmoid`` of ``slope * margin + intercept``;
    ``isotonic`` interpolates between ``points`` (margin, PD), flat outside.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["identity", "sigmoid", "isotonic"] = "identity"
    slope: float = Field(1.0, ge=0)
    intercept: float = 0.0
    points: tuple[tuple[float, float], ...] = ()

    def p_default(self, margin: Floats) -> Floats:
        """Return PDs in [0, 1], of the margin's shape."""
        if self.kind == "isotonic":
            x, y = np.asarray(self.points).T
            return np.asarray(np.interp(margin, x, y))
        return logistic(self.slope * margin + self.intercept)


def logistic(margin: Floats) -> Floats:
    """Return 1 / (1 + exp(-margin)), without overflow."""
    small = np.exp(-np.abs(margin))
    return np.where(margin >= 0, 1.0, small) / (1.0 + small)


@dataclass(frozen=True)
class CreditModel:
    """Encoder, linear part, trees and calibrator: all that turns a feature matrix into PDs.

    The linear part may have no term and the booster may be ``None``: a logistic regression, a booster, and a
    booster that starts from a logistic regression are one thing.
    """

    encoder: Encoder
    linear: LinearPart
    booster: lgb.Booster | None
    calibrator: Calibrator
    _terms: CompiledTerms = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_terms", CompiledTerms(self.linear.terms, self.encoder.features))

    def margin(self, values: Floats) -> Floats:
        """Return the log-odds before calibration, shape (n_applications,), from encoded `values`."""
        rows = values.shape[0]
        if rows < _FEW_ROWS:
            return self._margin(values)
        parts = [values[start : start + _ROWS_AT_A_TIME] for start in range(0, rows, _ROWS_AT_A_TIME)]
        with ThreadPoolExecutor(usable_cores()) as threads:
            return np.concatenate(list(threads.map(self._margin, parts)))

    def _margin(self, values: Floats) -> Floats:
        """Return the margin of few rows, by this thread alone."""
        total = self.linear.intercept + self._terms.total(values)
        if self.booster is not None and values.size:
            rows = np.ascontiguousarray(values)  # LightGBM takes them one by one, the terms column by column
            total += self.booster.predict(rows, raw_score=True, num_threads=1)
        return total

    def p_default(self, values: Floats) -> Floats:
        """Return the PDs of encoded `values`, shape (n_applications,)."""
        return self.calibrator.p_default(self.margin(values))

    def contributions(self, values: Floats) -> Floats:
        """Return each feature's contribution in log-odds, shape (n_applications, n_features + 1).

        The last column is the baseline; rows add up to `margin`. Trees give SHAP values
        (``pred_contrib``); a linear term gives itself, its average over training being in the baseline already.
        """
        shares = np.zeros((values.shape[0], len(self.encoder.features) + 1))
        shares[:, -1] = self.linear.intercept
        self._terms.add_to(shares, values)
        if self.booster is not None and values.shape[0]:
            shares += np.asarray(self.booster.predict(values, pred_contrib=True, num_threads=_threads(values)))
        return shares

    def importances(self, values: Floats) -> dict[str, float]:
        """Return each feature's share of the mean absolute contribution over `values`, adding up to 1.

        Features that never contribute are left out; the linear part and the trees count alike.
        """
        weights = np.abs(self.contributions(values)[:, :-1]).mean(axis=0)
        total = weights.sum() or 1.0
        return {name: float(w / total) for name, w in zip(self.encoder.features, weights, strict=True) if w > 0}


@lru_cache(maxsize=16)
def _chooser(columns: tuple[str, ...], wanted: tuple[str, ...]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Return what takes the cells of the columns `wanted` from a row; raise `KeyError` if one is absent."""
    place = {name: number for number, name in enumerate(columns)}
    places = [place[name] for name in wanted]
    return itemgetter(*places) if len(places) > 1 else lambda row: tuple(row[number] for number in places)


def _threads(values: Floats) -> int:
    """Return 1 for few rows, where starting threads costs more than it saves; the result does not depend on it."""
    return 1 if values.shape[0] < _FEW_ROWS else usable_cores()


def usable_cores() -> int:
    """Return how many cores this process may use, which in a container is fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
