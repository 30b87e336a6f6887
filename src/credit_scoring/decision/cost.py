"""What wrong decisions cost, and the cut-off that makes them cheapest."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_scoring.domain.errors import DataError

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
# A cut-off that no PD reaches, where one must be written as a number.
APPROVE_ALL = 1.01


@dataclass(frozen=True, slots=True)
class CostMatrix:
    """The cost of approving an application that defaults, and of declining one that would have repaid.

    Right decisions cost nothing. Only the ratio matters for decisions.

    Examples
    --------
    >>> round(CostMatrix(10, 1).theoretical_cutoff, 4)
    0.0909
    """

    approve_bad: float = 10.0
    decline_good: float = 1.0

    def __post_init__(self) -> None:
        if not all(math.isfinite(cost) and cost > 0 for cost in (self.approve_bad, self.decline_good)):
            raise DataError(f"costs must be positive and finite, not {self.approve_bad:g} and {self.decline_good:g}")

    @property
    def theoretical_cutoff(self) -> float:
        """Return the PD at which approving and declining cost the same, if PDs are calibrated."""
        return self.decline_good / (self.approve_bad + self.decline_good)


def check_predictions(p_default: Floats, defaulted: Booleans) -> None:
    """Raise `DataError` unless the arrays agree, are not empty, and every PD lies in [0, 1]."""
    if p_default.shape != defaulted.shape or p_default.ndim != 1:
        raise DataError(f"{p_default.shape} PDs do not match {defaulted.shape} outcomes")
    if p_default.size == 0:
        raise DataError("there are no predictions")
    if not np.all((p_default >= 0) & (p_default <= 1)):
        raise DataError("a PD is missing or outside [0, 1]")


@dataclass(frozen=True, slots=True)
class CostCurve:
    """The cost per applicant of every cut-off worth trying, ascending; the last one approves all.

    ``cutoffs`` and ``costs`` have shape (n_distinct_pds + 1,); ``cutoffs[-1]`` is ``inf``.
    """

    cutoffs: Floats
    costs: Floats

    def cheapest(self) -> float:
        """Return the cheapest cut-off; among ties, the one that approves most."""
        return float(self.cutoffs[self.costs.size - 1 - int(np.argmin(self.costs[::-1]))])


def cost_curve(
    p_default: Floats, defaulted: Booleans, costs: CostMatrix, *, weights: Floats | None = None
) -> CostCurve:
    """Return the cost per applicant at every distinct PD taken as cut-off, and of approving all.

    Parameters
    ----------
    p_default : shape (n_applications,), in [0, 1]
    defaulted : shape (n_applications,)
    weights : shape (n_applications,), optional
        How often each application counts.

    Raises
    ------
    DataError
        If the shapes differ, or a PD is missing or outside [0, 1].
    """
    check_predictions(p_default, defaulted)
    counted = np.ones(p_default.size) if weights is None else weights
    order = np.argsort(p_default, kind="stable")
    ascending, bad, weight = p_default[order], defaulted[order], counted[order]
    first = np.flatnonzero(np.r_[True, ascending[1:] != ascending[:-1]])
    bad_below = np.r_[0.0, np.cumsum(weight * bad)]
    good_below = np.r_[0.0, np.cumsum(weight * ~bad)]
    starts = np.r_[first, ascending.size]
    total = costs.approve_bad * bad_below[starts] + costs.decline_good * (good_below[-1] - good_below[starts])
    return CostCurve(np.r_[ascending[first], np.inf], total / weight.sum())


def choose_cutoff(p_default: Floats, defaulted: Booleans, costs: CostMatrix) -> float:
    """Return the cheapest cut-off; among ties, the one that approves most.

    Applications with ``p_default >= cutoff`` are declined; ``inf`` approves all.

    Parameters
    ----------
    p_default : shape (n_applications,), in [0, 1]
        PDs of applications that the model was not fitted on.
    defaulted : shape (n_applications,)

    Raises
    ------
    DataError
        If the shapes differ, or a PD is missing or outside [0, 1].

    Examples
    --------
    >>> choose_cutoff(np.array([0.1, 0.4, 0.8]), np.array([False, True, True]), CostMatrix(10, 1))
    0.4
    """
    return cost_curve(p_default, defaulted, costs).cheapest()


def cost_per_applicant(p_default: Floats, defaulted: Booleans, cutoff: float, costs: CostMatrix) -> float:
    """Return the mean cost of declining from `cutoff` on and approving below.

    Examples
    --------
    >>> cost_per_applicant(np.array([0.1, 0.4]), np.array([True, False]), 0.3, CostMatrix(10, 1))
    5.5
    """
    check_predictions(p_default, defaulted)
    declined = p_default >= cutoff
    wrong = costs.approve_bad * np.sum(defaulted & ~declined) + costs.decline_good * np.sum(~defaulted & declined)
    return float(wrong / p_default.size)


def cutoff_interval(
    p_default: Floats,
    defaulted: Booleans,
    costs: CostMatrix,
    *,
    seed: int,
    replicates: int = 200,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return the bootstrap percentile interval of the cheapest cut-off.

    Applications are drawn with replacement `replicates` times. A replicate that would approve everybody
    counts as `APPROVE_ALL`.
    """
    check_predictions(p_default, defaulted)
    generator = np.random.default_rng(seed)
    number = p_default.size
    chosen = np.empty(replicates)
    for replicate in range(replicates):
        weights = np.bincount(generator.integers(0, number, number), minlength=number).astype(np.float64)
        chosen[replicate] = min(cost_curve(p_default, defaulted, costs, weights=weights).cheapest(), APPROVE_ALL)
    lower, upper = np.quantile(chosen, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)
