"""Predictions in the order of their PDs, sorted once: whom a cut-off approves is then looked up, not counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from credit_scoring.decision.cost import check_predictions
from credit_scoring.domain.errors import DataError

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]


class Ranked:
    """Predictions by ascending PD, with what became of the applications. Safe to share by threads.

    ``p_default`` and ``defaulted`` have shape (n_applications,). ``distinct`` are the different PDs, and ``starts``,
    shape (n_distinct + 1,), says where each begins; its last is the number of applications.

    Raises
    ------
    DataError
        If the shapes differ, a PD is missing or outside [0, 1], or all applications ended alike.
    """

    def __init__(self, p_default: Floats, defaulted: Booleans) -> None:
        check_predictions(p_default, defaulted)
        if defaulted.all() or not defaulted.any():
            raise DataError("all applications ended alike; some must have defaulted, and some not")
        order = np.argsort(p_default, kind="stable")
        self.p_default, self.defaulted = p_default[order], defaulted[order]
        self.starts: Integers = np.flatnonzero(np.r_[True, self.p_default[1:] != self.p_default[:-1], True])
        self.distinct = self.p_default[self.starts[:-1]]
        self.applications, self.defaults = int(defaulted.size), int(defaulted.sum())
        self._bad_before: Integers = np.r_[0, np.cumsum(self.defaulted)]

    def defaults_among(self, first: Integers) -> Integers:
        """Return how many defaults there are among the `first` so many applications, of `first`'s shape."""
        return self._bad_before[first]

    def approved(self, cutoffs: Floats) -> tuple[Integers, Integers]:
        """Return how many applications each of `cutoffs` approves, ``p_default < cutoff``, and how many defaulted."""
        below = np.searchsorted(self.p_default, cutoffs)
        return below, self.defaults_among(below)
