"""The linear part of a margin: terms of single features, and their quick evaluation over many rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

Floats = NDArray[np.float64]
# So many rows of some hundred terms stay in a core's cache.
_ROWS_AT_A_TIME = 256


class Term(BaseModel):
    """One feature's part of the linear margin.

    A number gives ``weight * clip((x - center) / scale, -limit, limit)``; a category gives
    ``level_weights[rank]``; a missing value gives ``missing_weight``. All less ``offset``, the average over
    training, so that the part is 0 for the average applicant.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    feature: str
    missing_weight: float = 0.0
    weight: float = 0.0
    center: float = 0.0
    scale: float = 1.0
    limit: float = 4.0
    level_weights: tuple[float, ...] | None = None
    offset: float = 0.0

    def of(self, values: Floats) -> Floats:
        """Return the part of each value, shape (n_applications,)."""
        known = ~np.isnan(values)
        if self.level_weights is not None:
            ranks = np.where(known, values, 0).astype(np.int64)
            part = np.asarray(self.level_weights)[ranks]
        else:
            part = self.weight * np.clip((values - self.center) / self.scale, -self.limit, self.limit)
        return np.where(known, part, self.missing_weight) - self.offset


class LinearPart(BaseModel):
    """An intercept and a term for each feature that has one, in log-odds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intercept: float = 0.0
    terms: tuple[Term, ...] = ()


class CompiledTerms:
    """The terms of a linear part, evaluated together.

    Each row is added up on its own and in the order of the terms, so that one application alone gives the same bits
    as in any batch.
    """

    def __init__(self, terms: tuple[Term, ...], features: tuple[str, ...]) -> None:
        position = {name: i for i, name in enumerate(features)}
        numbers = [term for term in terms if term.level_weights is None]
        self._columns = np.array([position[term.feature] for term in numbers], dtype=np.int64)
        self._center, self._scale, self._limit, self._weight, self._missing, self._offset = np.array(
            [(t.center, t.scale, t.limit, t.weight, t.missing_weight, t.offset) for t in numbers]
        ).T.reshape(6, -1)
        self._levels = [(position[term.feature], term) for term in terms if term.level_weights is not None]

    def total(self, values: Floats) -> Floats:
        """Return the sum of all terms, shape (n_applications,)."""
        total = np.empty(values.shape[0])
        for start in range(0, values.shape[0], _ROWS_AT_A_TIME):
            rows = slice(start, start + _ROWS_AT_A_TIME)
            total[rows] = self._numbers(values[rows]).sum(axis=1)
        for column, term in self._levels:
            total += term.of(values[:, column])
        return total

    def add_to(self, shares: Floats, values: Floats) -> None:
        """Add each term to its feature's column of `shares`; a feature may have several terms."""
        for column, part in zip(self._columns.tolist(), self._numbers(values).T, strict=True):
            shares[:, column] += part
        for column, term in self._levels:
            shares[:, column] += term.of(values[:, column])

    def _numbers(self, values: Floats) -> Floats:
        """Return the terms of numbers, shape (n_applications, n_terms), as `Term.of` gives them."""
        parts = np.take(values, self._columns, axis=1)
        unknown = np.isnan(parts)
        parts -= self._center
        parts /= self._scale
        np.clip(parts, -self._limit, self._limit, out=parts)
        parts *= self._weight
        np.copyto(parts, self._missing, where=unknown)
        parts -= self._offset
        return parts
