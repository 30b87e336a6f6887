"""How well PDs rank applications and agree with what became of them, and how they are spread."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit_scoring.decision.ranked import Ranked

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
ROC_POINTS, GAINS_POINTS, CALIBRATION_BINS, SPREAD_BINS = 201, 101, 10, 40
# Tenths that the axis of a spread has at least, and the share of PDs that it must hold.
_LEAST_TENTHS, _HELD = 2, 0.995
_Z = NormalDist().inv_cdf(0.975)


class RocPoint(NamedTuple):
    """The shares of the good and of the defaults that are declined from ``cutoff`` on; ``None`` declines nobody."""

    cutoff: float | None
    false_positive_rate: float
    true_positive_rate: float


class GainsPoint(NamedTuple):
    """The share of all defaults that is among the riskiest ``share_of_applications``."""

    share_of_applications: float
    share_of_defaults: float


class CalibrationBin(NamedTuple):
    """Applications of neighbouring PDs; the default rate has a 95 % Wilson interval."""

    applications: int
    mean_p_default: float
    default_rate: float
    lower: float
    upper: float


def roc(ranked: Ranked, most: int = ROC_POINTS) -> list[RocPoint]:
    """Return the ROC curve from nobody declined to all; a point lies between two PDs, never among equal ones.

    Of more than `most` points, those are kept that are about evenly spaced along the curve, with both ends.
    """
    declined, bad = _riskiest(ranked)
    true, false = bad / ranked.defaults, (declined - bad) / (ranked.applications - ranked.defaults)
    kept = _thinned(true + false, most)
    cutoffs: list[float | None] = [None, *ranked.distinct[-kept[1:]].tolist()]
    return [RocPoint(*point) for point in zip(cutoffs, false[kept].tolist(), true[kept].tolist(), strict=True)]


def gains(ranked: Ranked, most: int = GAINS_POINTS) -> list[GainsPoint]:
    """Return the cumulative gains from no application to all, riskiest first; equal PDs come together.

    Of more than `most` points, those are kept that are about evenly spaced by applications, with both ends.
    """
    declined, bad = _riskiest(ranked)
    share = declined / ranked.applications
    kept = _thinned(share, most)
    return [
        GainsPoint(*point) for point in zip(share[kept].tolist(), (bad[kept] / ranked.defaults).tolist(), strict=True)
    ]


def _riskiest(ranked: Ranked) -> tuple[Integers, Integers]:
    """Return how many are declined from each distinct PD on, highest first, after nobody, and how many defaulted."""
    below = ranked.starts[::-1]
    return ranked.applications - below, ranked.defaults - ranked.defaults_among(below)


def _thinned(position: Floats, most: int) -> Integers:
    """Return where to find at most `most` points, about evenly spaced by their ascending `position`, with both ends."""
    if position.size <= most:
        return np.arange(position.size)
    return np.unique(np.searchsorted(position, np.linspace(position[0], position[-1], most)))


def calibration(ranked: Ranked, most: int = CALIBRATION_BINS) -> list[CalibrationBin]:
    """Return at most `most` bins by ascending PD, of about equal size; equal PDs share a bin."""
    ends = np.linspace(0, ranked.applications, most + 1)
    after = np.searchsorted(ranked.starts, ends)
    before = np.maximum(after - 1, 0)
    nearer = ends - ranked.starts[before] < ranked.starts[after] - ends
    cuts = np.unique(ranked.starts[np.where(nearer, before, after)])
    sizes, bad = np.diff(cuts), np.diff(ranked.defaults_among(cuts))
    means = np.add.reduceat(ranked.p_default, cuts[:-1]) / sizes
    return [
        CalibrationBin(size, mean, defaults / size, *wilson_interval(defaults, size))
        for size, mean, defaults in zip(sizes.tolist(), means.tolist(), bad.tolist(), strict=True)
    ]


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % score interval of a proportion (Wilson 1927); it is never empty, not even of 0 in 10.

    Examples
    --------
    >>> [round(end, 3) for end in wilson_interval(0, 10)]
    [0.0, 0.278]
    """
    rate, squared = successes / trials, _Z**2
    centre = rate + squared / (2 * trials)
    half = _Z * math.sqrt(rate * (1 - rate) / trials + squared / (4 * trials**2))
    scale = 1 + squared / trials
    return max(min((centre - half) / scale, rate), 0.0), min(max((centre + half) / scale, rate), 1.0)


def spread(p_default: Floats) -> tuple[Floats, Integers]:
    """Return the edges of 40 bins of equal width from 0 on, and how many PDs lie in each, ``lower <= p < upper``.

    The last edge is the smallest multiple of 0.1, at least 0.2, that holds 99.5 % of the PDs; the last bin holds what
    lies beyond too.
    """
    held = float(np.quantile(p_default, _HELD))
    tenths = next(tenths for tenths in range(_LEAST_TENTHS, 11) if held <= tenths / 10)
    edges = np.linspace(0, tenths / 10, SPREAD_BINS + 1)
    places = np.minimum(np.searchsorted(edges, p_default, side="right") - 1, SPREAD_BINS - 1)
    return edges, np.bincount(places, minlength=SPREAD_BINS)
