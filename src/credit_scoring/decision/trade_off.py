"""What other cut-offs would cost and whom they would approve, with bootstrap intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit_scoring.decision.cost import APPROVE_ALL, CostMatrix, choose_cutoff
from credit_scoring.decision.ranked import Ranked

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]
REPLICATES = 200
MOST_CUTOFFS = 117
_ENDS = (0.025, 0.975)


class Estimate(NamedTuple):
    """A figure with its 95 % interval."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Point:
    """Declining from ``cutoff`` on: the cost per applicant, and rates of which ``None`` is that of nobody."""

    cutoff: float
    cost: Estimate
    approval_rate: float
    bad_rate_approved: float | None
    defaults_detected: float


class Swap(NamedTuple):
    """How many change sides, and how many of them default: observed, or expected from their PDs."""

    newly_approved: int
    newly_approved_bad: float
    newly_declined: int
    newly_declined_bad: float


def cheapest_cutoff(ranked: Ranked, costs: CostMatrix) -> float:
    """Return the cheapest of all cut-offs, or `APPROVE_ALL`; among ties, the one that approves most."""
    return min(choose_cutoff(ranked.p_default, ranked.defaulted, costs), APPROVE_ALL)


def drawn_cutoffs(ranked: Ranked, most: int = MOST_CUTOFFS) -> Floats:
    """Return the cut-offs worth drawing, ascending: the first declines all, the last approves all.

    Of few distinct PDs, all that make a difference. Of more, half are quantiles, so that they lie where applications
    are, and half are evenly spaced, so that the curve goes on where there are few.
    """
    if ranked.distinct.size < most:
        return np.append(ranked.distinct, APPROVE_ALL)
    half = (most - 1) // 2
    quantiles = ranked.p_default[np.linspace(0, ranked.applications - 1, half).astype(np.int64)]
    even = np.linspace(ranked.distinct[0], ranked.distinct[-1], most - 1 - half)
    return np.unique(np.r_[quantiles, even, APPROVE_ALL])


class TradeOff:
    """Some cut-offs on the same applications, and on the same bootstrap replicates of them.

    Between two neighbouring cut-offs, applications of the same outcome are alike to all of these. So a replicate is
    drawn as the size of each such cell, and costs the same whether there are thousands of applications or millions.

    ``cutoffs`` are ascending, shape (n_cutoffs,); ``costs`` per applicant has the same shape, ``drawn``, the costs in
    each replicate, (n_replicates, n_cutoffs).
    """

    def __init__(self, ranked: Ranked, cutoffs: Floats, costs: CostMatrix, *, seed: int = 0) -> None:
        self.cutoffs = np.unique(cutoffs)
        self._ranked, self._approved, self._bad = ranked, *ranked.approved(self.cutoffs)
        number, good = ranked.applications, ranked.applications - ranked.defaults

        def per_applicant(bad_approved: Integers, good_declined: Integers) -> Floats:
            return (costs.approve_bad * bad_approved + costs.decline_good * good_declined) / number

        self.costs = per_applicant(self._bad, good - (self._approved - self._bad))
        cells = np.diff([[*self._bad, ranked.defaults], [*(self._approved - self._bad), good]], prepend=0)
        sizes = np.random.default_rng(seed).multinomial(number, cells.ravel() / number, REPLICATES)
        bad, fine = np.cumsum(sizes.reshape(REPLICATES, 2, -1), axis=2).swapaxes(0, 1)
        self.drawn = per_applicant(bad[:, :-1], fine[:, -1:] - fine[:, :-1])

    def points(self) -> list[Point]:
        """Return all cut-offs, ascending."""
        lower, upper = _interval(self.costs, self.drawn)
        return [
            Point(
                cutoff=cutoff,
                cost=Estimate(*cost),
                approval_rate=approved / self._ranked.applications,
                bad_rate_approved=bad / approved if approved else None,
                defaults_detected=(self._ranked.defaults - bad) / self._ranked.defaults,
            )
            for cutoff, approved, bad, *cost in zip(
                self.cutoffs.tolist(),
                self._approved.tolist(),
                self._bad.tolist(),
                self.costs.tolist(),
                lower.tolist(),
                upper.tolist(),
                strict=True,
            )
        ]

    def cost_difference(self, proposed: float, present: float) -> Estimate:
        """Return the cost per applicant of one of the cut-offs less that of another, paired in each replicate."""
        one, other = np.searchsorted(self.cutoffs, [proposed, present])
        value = self.costs[one] - self.costs[other]
        lower, upper = _interval(value, self.drawn[:, one] - self.drawn[:, other])
        return Estimate(float(value), float(lower), float(upper))


def _interval(value: Floats, drawn: Floats) -> tuple[Floats, Floats]:
    """Return the percentile interval over the first axis; never so that rounding leaves the value out."""
    lower, upper = np.quantile(drawn, _ENDS, axis=0)
    return np.minimum(lower, value), np.maximum(upper, value)


def swapped(p_default: Floats, bad: Floats | Booleans, *, present: float, proposed: float) -> Swap:
    """Return who changes sides when the cut-off `present` gives way to `proposed`.

    Parameters
    ----------
    p_default : shape (n_applications,)
    bad : shape (n_applications,)
        Who defaulted, or with what probability everyone does.

    Examples
    --------
    >>> p_default = np.array([0.1, 0.2, 0.4])
    >>> swapped(p_default, p_default, present=0.3, proposed=0.2)
    Swap(newly_approved=0, newly_approved_bad=0.0, newly_declined=1, newly_declined_bad=0.2)
    """
    approved = (p_default >= present) & (p_default < proposed)
    declined = (p_default >= proposed) & (p_default < present)
    return Swap(int(approved.sum()), float(bad[approved].sum()), int(declined.sum()), float(bad[declined].sum()))
