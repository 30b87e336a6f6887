"""What chance alone does to a window of applications, and how many are needed to tell it from a shift."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

POWER = 0.8
_Z = NormalDist().inv_cdf(POWER)


def chi_square_tail(x: float, degrees: int) -> float:
    """Return the probability that a chi-square variable of so many whole `degrees` of freedom exceeds `x`.

    Exact: the finite sums for whole degrees (Abramowitz and Stegun 1964, 26.4.4 and 26.4.5).

    Examples
    --------
    >>> round(chi_square_tail(3.841459, 1), 6)
    0.05
    """
    half, odd = x / 2, degrees % 2
    if half <= 0:
        return 1.0
    terms = (step + odd / 2 for step in range(degrees // 2))
    total = math.fsum(math.exp(term * math.log(half) - half - math.lgamma(term + 1)) for term in terms)
    return min(total + (math.erfc(math.sqrt(half)) if odd else 0.0), 1.0)


@lru_cache(maxsize=4_096)
def chi_square_quantile(tail: float, degrees: int) -> float:
    """Return what a chi-square variable exceeds with probability `tail`, in (0, 1), by bisection of the exact tail."""
    low, high = 0.0, float(degrees)
    while chi_square_tail(high, degrees) > tail:
        low, high = high, 2 * high
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if chi_square_tail(middle, degrees) > tail:
            low = middle
        else:
            high = middle
    return high


def psi_power(rows: float, bins: int, shift: float, least: float, level: float) -> float:
    """Return how probably a true PSI of `shift` is found: above `least`, and where chance has less than `level`.

    Near no drift, PSI times `rows` is chi-square with ``bins - 1`` degrees of freedom (Yurdakul 2018, *Statistical
    properties of population stability index*), and under a shift non-central chi-square, taken as normal here.

    Parameters
    ----------
    rows
        `comparable_rows` of the samples.
    """
    degrees = bins - 1
    limit = max(chi_square_quantile(level, degrees), rows * least)
    mean, variance = degrees + rows * shift, 2 * degrees + 4 * rows * shift
    return NormalDist().cdf((mean - limit) / math.sqrt(variance))


def comparable_rows(rows: int, reference_rows: int) -> float:
    """Return the harmonic sum of two sample sizes: what is found between both varies as against a known population."""
    return rows * reference_rows / (rows + reference_rows) if rows and reference_rows else 0.0


def share_by_chance(now: float, then: float, rows: float) -> float:
    """Return an upper bound of the probability of a share as far from `then` as `now`, on its side, of so many `rows`.

    Chernoff's bound (Hoeffding 1963, theorem 1): it holds for any number of rows and any share, also where the normal
    approximation is wrong by orders of magnitude, as for what was hardly ever seen.
    """
    return math.exp(-rows * _divergence(now, then))


def share_power(then: float, shift: float, rows: float, level: float) -> bool:
    """Return whether a share that moved by `shift` would be found below `level` in four of five windows."""
    moved = then + shift if then + shift < 1 else then - shift
    spread = _Z * math.sqrt(max(moved * (1 - moved), 0.0) / rows) if rows else 1.0
    seen = moved - math.copysign(spread, moved - then)
    return (seen > then) == (moved > then) and share_by_chance(min(max(seen, 0.0), 1.0), then, rows) <= level


def _divergence(now: float, then: float) -> float:
    """Return Kullback and Leibler's divergence of two shares, infinite where `now` is impossible."""
    total = 0.0
    for one, other in ((now, then), (1 - now, 1 - then)):
        if one > 0:
            total += one * math.log(one / other) if other > 0 else math.inf
    return max(total, 0.0)
