"""The normal distribution, by table, so that the package needs no SciPy."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@cache
def _table() -> tuple[Floats, Floats]:
    grid = np.linspace(-6.0, 6.0, 12001)
    return grid, np.array([0.5 * math.erfc(-z / math.sqrt(2.0)) for z in grid])


def probability(z: Floats) -> Floats:
    """Return the share of a standard normal below each ``z`` (to 1e-7)."""
    grid, share = _table()
    return np.interp(z, grid, share)


def score(share: Floats) -> Floats:
    """Return the ``z`` below which each share of a standard normal lies, within ±6."""
    grid, table = _table()
    return np.interp(share, table, grid)


def density(z: Floats) -> Floats:
    """Return the standard normal density at each ``z``."""
    return np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


def mean_score(low: Floats, high: Floats) -> Floats:
    """Return the mean normal score of each interval of shares, the score itself where it is a point."""
    wide = high - low > 1e-9
    inside = np.where(wide, high - low, 1.0)
    spread = (density(score(low)) - density(score(high))) / inside
    return np.where(wide, spread, score(np.clip(0.5 * (low + high), 5e-6, 1.0 - 5e-6)))


def correlated(rows: int, root: Floats, rng: np.random.Generator) -> Floats:
    """Return rows of normals whose covariance is ``root @ root.T``.

    Not by BLAS: its last digit depends on the number of threads, and the same seed must give the same bytes.
    """
    out: Floats = np.einsum("ij,kj->ik", rng.standard_normal((rows, len(root))), root)
    return out
