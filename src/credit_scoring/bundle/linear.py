"""The linear part of a margin: terms of single features, and their quick evaluation over many rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

Floats = NDArray[np.float64]
# So many rows of some hundred terms stay in a core's cache.
_ROWS_AT_A_TIME = 128


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
    """The terms of a linear part, evaluated together: a row of parts for each term, a column for each application.

    Terms are added one after the other, so that one application alone gives the same bits as in any batch. The parts
    are those of `Term.of` but for rounding: bounds and weight are brought to the feature's own scale beforehand.
    """

    def __init__(self, terms: tuple[Term, ...], features: tuple[str, ...]) -> None:
        position = {name: i for i, name in enumerate(features)}
        heard = [term for term in terms if not _is_silent(term)]
        numbers = [term for term in heard if term.level_weights is None]
        levels = [term for term in heard if term.level_weights is not None]
        self._columns = np.array([position[term.feature] for term in numbers + levels], dtype=np.int64)
        self._numbers = len(numbers)
        center, scale, limit, weight, self._missing = np.array(
            [(t.center, t.scale, t.limit, t.weight, t.missing_weight) for t in numbers]
        ).T.reshape(5, -1, 1)
        self._center, self._low, self._high, self._slope = center, -limit * scale, limit * scale, weight / scale
        self._offsets = np.array([[term.offset] for term in numbers + levels]).reshape(-1, 1)
        # A row of weights for each term; the last one, which -1 finds, is that of a missing value.
        self._weights = np.zeros((len(levels), 1 + max((len(t.level_weights or ()) for t in levels), default=0)))
        for weights, term in zip(self._weights, levels, strict=True):
            weights[: len(term.level_weights or ())] = term.level_weights
            weights[-1] = term.missing_weight
        self._rounds = _rounds(self._columns)

    def total(self, values: Floats) -> Floats:
        """Return the sum of all terms, shape (n_applications,)."""
        total = np.zeros(values.shape[0])
        if not self._columns.size:
            return total
        for start in range(0, values.shape[0], _ROWS_AT_A_TIME):
            parts = self._parts(values[start : start + _ROWS_AT_A_TIME])
            # A lone column would be added pairwise.
            alone = parts.shape[1] == 1
            total[start : start + _ROWS_AT_A_TIME] = (
                np.add.accumulate(parts[:, 0])[-1:] if alone else np.add.reduce(parts, axis=0)
            )
        return total

    def add_to(self, shares: Floats, values: Floats) -> None:
        """Add each term to its feature's column of `shares`; a feature may have several terms."""
        parts = self._parts(values)
        for terms in self._rounds:
            shares[:, self._columns[terms]] += parts[terms].T

    def _parts(self, values: Floats) -> Floats:
        """Return each term of each application, shape (n_terms, n_applications)."""
        # In C order, for what is added along its rows is added pairwise.
        parts = np.ascontiguousarray(values.T[self._columns])
        unknown = np.isnan(parts)
        numbers, levels = parts[: self._numbers], parts[self._numbers :]
        numbers -= self._center
        # Together two thirds of what `np.clip` takes.
        np.maximum(numbers, self._low, out=numbers)
        np.minimum(numbers, self._high, out=numbers)
        numbers *= self._slope
        np.copyto(numbers, self._missing, where=unknown[: self._numbers])
        if levels.size:
            np.copyto(levels, -1.0, where=unknown[self._numbers :])
            levels[:] = np.take_along_axis(self._weights, levels.astype(np.int64), axis=1)
        parts -= self._offsets
        return parts


def _is_silent(term: Term) -> bool:
    """Return whether the term is 0 whatever the value."""
    weights = term.level_weights or (term.weight,)
    return not any(weights) and term.missing_weight == term.offset == 0.0


def _rounds(columns: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the terms in rounds: the first of each column, then the second, and so on."""
    seen: dict[int, int] = {}
    turn = []
    for column in columns.tolist():
        turn.append(seen.setdefault(column, 0))
        seen[column] += 1
    return [np.flatnonzero(np.array(turn) == number) for number in range(max(turn, default=-1) + 1)]
