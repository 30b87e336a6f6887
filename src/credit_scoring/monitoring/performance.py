"""What a model is worth on current applications: expected from its PDs before outcomes are known, realised after."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from credit_scoring.bundle.manifest import Metric
from credit_scoring.bundle.model import logistic
from credit_scoring.decision.cost import CostMatrix, check_predictions
from credit_scoring.domain.errors import DataError

Floats = NDArray[np.float64]

REPLICATES = 400
FIGURES = ("auc", "defaults_detected", "decline_rate", "bad_rate_approved", "cost")
OF_APPROVED = ("auc", "bad_rate_approved")
# Of more different PDs, neighbours are drawn together: an interval needs no finer ones.
_MOST_GROUPS = 250
_EDGE, _MOST_CONDITION = 1e-12, 1e10


class Realised(BaseModel):
    """Realised figures beside those that the PDs of the same applications promised.

    ``population`` is ``approved`` unless every application has an outcome: AUC is then within the approved, and what
    hangs on the declined is left out. ``beyond`` names the figures outside their interval.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    population: Literal["all", "approved"]
    applications: int
    defaults: int
    expected: dict[str, Metric]
    realised: dict[str, float]
    beyond: tuple[str, ...]


def calibration_spread(p_default: Floats) -> Floats:
    """Return the covariance, shape (2, 2), of intercept and slope of the log-odds that calibration leaves open.

    PDs calibrated on few defaults may be off by a line in log-odds (Cox 1958): its maximum-likelihood estimate from
    so many predictions spreads as the inverse of Fisher's information. Zero where the PDs inform about no line.

    Parameters
    ----------
    p_default : shape (n_predictions,), in [0, 1]
        PDs that the calibration was chosen on, out of fold.
    """
    weight = p_default * (1 - p_default)
    line = np.stack([np.ones(p_default.size), _log_odds(p_default)])
    information = (line * weight) @ line.T
    if np.linalg.cond(information) > _MOST_CONDITION:
        return np.zeros((2, 2))
    return np.asarray(np.linalg.inv(information), dtype=np.float64)


def expected_performance(
    p_default: Floats,
    cutoff: float,
    costs: CostMatrix,
    *,
    spread: Floats | None = None,
    seed: int = 0,
    replicates: int = REPLICATES,
) -> dict[str, Metric]:
    """Return the figures to expect if the PDs are calibrated, each with its 95 % interval; no outcome is needed.

    This is confidence-based performance estimation (NannyML's CBPE): an applicant of PD 0.1 is a tenth of a default.
    The interval is of the figure that these applicants, or others drawn like them, will realise; another window's own
    chance comes on top (its decline rate lies inside in 83 to 92 of 100, docs/benchmarks). Each replicate
    draws applicants with replacement (Poisson bootstrap: their number varies too) and the outcome of each by its PD, so
    that those of PD p stand for Poisson numbers of defaults, mean p, and of others, mean 1 - p.

    With `spread`, the PDs of each replicate are off by a line in log-odds too, as far as training left it open.

    It knows chance, not error: where the PDs are wrong because defaults have come to depend otherwise on the features
    (concept drift), nothing here can show it; compare `realised_performance` once there are outcomes.

    Figures are ``auc``, ``defaults_detected``, ``decline_rate``, ``bad_rate_approved`` and ``cost`` (per applicant), at
    `cutoff`, which alone decides; the order of applications does not matter. What nobody tells, such as the
    bad rate where all are declined, is left out.

    Parameters
    ----------
    p_default : shape (n_applications,), in [0, 1]
    spread : shape (2, 2), optional
        `calibration_spread` of the model's PDs; without it the PDs are taken as exact.

    Raises
    ------
    DataError
        If there is no PD, or one is missing or outside [0, 1].
    """
    check_predictions(p_default, np.zeros(p_default.shape, dtype=np.bool_))
    window = _Window(p_default, cutoff, costs)
    values = window.figures(*window.promised(), own_pairs=float(np.sum(p_default * (1 - p_default))))
    drawn = window.drawn(seed, replicates, np.zeros((2, 2)) if spread is None else spread)
    found = {name: drawn[name][np.isfinite(drawn[name])] for name in FIGURES}
    return {
        name: _metric(float(values[name][0]), found[name])
        for name in FIGURES
        if np.isfinite(values[name][0]) and found[name].size
    }


def realised_performance(
    p_default: Floats,
    defaulted: Floats,
    cutoff: float,
    costs: CostMatrix,
    *,
    spread: Floats | None = None,
    seed: int = 0,
) -> Realised:
    """Return what became of the applications whose outcome is known, beside what their PDs promised.

    Parameters
    ----------
    p_default : shape (n_applications,), in [0, 1]
    defaulted : shape (n_applications,)
        1 defaulted, 0 repaid, NaN not known. Unless all applications have one, only the approved are compared: the few
        declined with an outcome are not like the others.
    spread : shape (2, 2), optional
        As in `expected_performance`.

    Raises
    ------
    DataError
        If the shapes differ, or no outcome can be compared.
    """
    if p_default.shape != defaulted.shape:
        raise DataError(f"{p_default.shape} PDs do not match {defaulted.shape} outcomes")
    known = ~np.isnan(defaulted)
    whole = bool(known.all())
    chosen = known if whole else known & (p_default < cutoff)
    if not chosen.any():
        raise DataError("no outcome can be compared: none is known of an approved application")
    p, bad = p_default[chosen], defaulted[chosen]
    names = FIGURES if whole else OF_APPROVED
    window = _Window(p, cutoff, costs)
    values = window.figures(*window.observed(bad))
    expected = expected_performance(p, cutoff, costs, spread=spread, seed=seed)
    realised = {name: float(values[name][0]) for name in names if name in expected and np.isfinite(values[name][0])}
    return Realised(
        population="all" if whole else "approved",
        applications=int(chosen.sum()),
        defaults=int(bad.sum()),
        expected={name: expected[name] for name in names if name in expected},
        realised=realised,
        beyond=tuple(n for n, value in realised.items() if not expected[n].lower <= value <= expected[n].upper),
    )


class _Window:
    """Applications sorted and grouped by PD once; figures of many outcomes of them at a time."""

    def __init__(self, p_default: Floats, cutoff: float, costs: CostMatrix) -> None:
        self._order = np.argsort(p_default, kind="stable")
        self._p_default = p_default[self._order]
        self._starts = np.flatnonzero(np.r_[True, self._p_default[1:] != self._p_default[:-1]])
        self._approved = int(np.searchsorted(self._p_default[self._starts], cutoff, side="left"))
        self._costs = costs

    def promised(self) -> tuple[Floats, Floats]:
        """Return how many defaults and others the PDs promise, each of shape (1, n_distinct_pds), ascending."""
        return self._grouped(self._p_default)

    def observed(self, defaulted: Floats) -> tuple[Floats, Floats]:
        """Return how many defaults and others there were, as `promised` does; `defaulted` is in the order given."""
        return self._grouped(defaulted[self._order])

    def _grouped(self, bad: Floats) -> tuple[Floats, Floats]:
        return np.add.reduceat(bad, self._starts)[None, :], np.add.reduceat(1 - bad, self._starts)[None, :]

    def figures(
        self, bad: Floats, good: Floats, *, approved: int | None = None, own_pairs: float = 0.0
    ) -> dict[str, Floats]:
        """Return the figures, each of shape (n_draws,); NaN where nobody tells one.

        Parameters
        ----------
        bad, good : shape (n_draws, n_groups)
            Defaults and others of groups of one PD, ascending.
        approved
            How many of the groups are approved, where they are not one for each PD.
        own_pairs
            Pairs of an application with itself, which where outcomes are shares are no pairs.
        """
        first = self._approved if approved is None else approved
        defaults, others = bad.sum(axis=1), good.sum(axis=1)
        missed, refused = bad[:, :first].sum(axis=1), good[:, first:].sum(axis=1)
        accepted, total = missed + good[:, :first].sum(axis=1), defaults + others
        won = np.sum(bad * (np.cumsum(good, axis=1) - good / 2), axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return {
                "auc": (won - own_pairs / 2) / (defaults * others - own_pairs),
                "defaults_detected": (defaults - missed) / defaults,
                "decline_rate": (total - accepted) / total,
                "bad_rate_approved": missed / accepted,
                "cost": (self._costs.approve_bad * missed + self._costs.decline_good * refused) / total,
            }

    def drawn(self, seed: int, replicates: int, spread: Floats) -> dict[str, Floats]:
        """Return the figures of `replicates` draws of about as many applications, each with an outcome."""
        generator = np.random.default_rng([seed, 5])
        even = np.searchsorted(self._starts, np.linspace(0, self._p_default.size, _MOST_GROUPS, endpoint=False))
        kept = np.unique(np.r_[even, self._approved])
        kept = kept[kept < self._starts.size]
        promised, others = (np.add.reduceat(one[0], kept) for one in self.promised())
        size = promised + others
        off = generator.multivariate_normal(np.zeros(2), spread, replicates)
        odds = _log_odds(promised / size)
        moved = logistic(odds + off[:, :1] + off[:, 1:] * odds)
        p = np.where((promised > 0) & (others > 0), moved, promised / size)
        bad, good = generator.poisson(size * p), generator.poisson(size * (1 - p))
        approved = int(np.searchsorted(kept, self._approved))
        return self.figures(bad.astype(np.float64), good.astype(np.float64), approved=approved)


def _log_odds(p_default: Floats) -> Floats:
    clipped = np.clip(p_default, _EDGE, 1 - _EDGE)
    return np.log(clipped) - np.log1p(-clipped)


def _metric(value: float, drawn: Floats) -> Metric:
    lower, upper = np.quantile(drawn, [0.025, 0.975])
    return Metric(value=value, lower=float(lower), upper=float(upper))
