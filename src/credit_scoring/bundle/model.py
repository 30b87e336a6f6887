"""The margin (log-odds) of default as a linear part plus trees, and the PD that calibration makes of it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Literal

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from credit_scoring.bundle.linear import CompiledTerms, LinearPart
from credit_scoring.domain.errors import DataError

Floats = NDArray[np.float64]
_FEW_ROWS = 256


class Encoder(BaseModel):
    """Turns a feature matrix into numbers: columns in order, each category as its rank, unknown as missing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    features: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]

    def encode(self, matrix: pl.DataFrame) -> Floats:
        """Return the values, shape (n_applications, n_features), C order, missing as NaN.

        A category that training never saw is missing too.

        Raises
        ------
        DataError
            If a feature's column is absent.
        """
        if absent := [name for name in self.features if name not in matrix.columns]:
            raise DataError(f"the feature matrix lacks {absent[:10]}")
        columns = [
            pl.col(name).replace_strict(
                list(self.categories[name]),
                list(range(len(self.categories[name]))),
                default=None,
                return_dtype=pl.Float64,
            )
            if name in self.categories
            else pl.col(name).cast(pl.Float64)
            for name in self.features
        ]
        return np.ascontiguousarray(matrix.select(columns).to_numpy(), dtype=np.float64)

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
        total = self.linear.intercept + self._terms.total(values)
        if self.booster is not None and values.shape[0]:
            total += self.booster.predict(values, raw_score=True, num_threads=_threads(values))
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


def _threads(values: Floats) -> int:
    """Return 1 for few rows, where starting threads costs more than it saves; the result does not depend on it."""
    return 1 if values.shape[0] < _FEW_ROWS else usable_cores()


def usable_cores() -> int:
    """Return how many cores this process may use, which in a container is fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
