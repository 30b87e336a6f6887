"""Figures of a set of predictions, each with a bootstrap interval, and paired differences of two sets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_scoring.bundle.manifest import Evaluation, Metric
from credit_scoring.bundle.model import logistic
from credit_scoring.decision.cost import CostMatrix, check_predictions

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

REPLICATES = 200
COMPARED = ("auc", "brier", "cost")
_EDGE = 1e-12
_STEPS = 50
_TOLERANCE = 1e-10
_LEAST = 1e-9


def fit_line(margin: Floats, defaulted: Booleans, weights: Floats | None = None) -> tuple[float, float]:
    """Return slope and intercept of the logistic regression of the outcome on the margin.

    For PDs that are calibrated they are 1 and 0. Newton steps on the standardised margin, halved until the loss
    falls; where the outcomes are separated the slope is what 50 steps reach.
    """
    weight = np.ones(margin.size) if weights is None else weights
    total = weight.sum()
    center = float((weight * margin).sum() / total)
    scale = float(np.sqrt((weight * (margin - center) ** 2).sum() / total)) or 1.0
    design = np.c_[(margin - center) / scale, np.ones(margin.size)]
    base = float(np.clip((weight * defaulted).sum() / total, _LEAST, 1 - _LEAST))
    sign = np.where(defaulted, -1.0, 1.0)

    def loss(at: Floats) -> float:
        return float(np.sum(weight * np.logaddexp(0.0, sign * (design @ at))))

    line = np.array([0.0, np.log(base / (1 - base))])
    now = loss(line)
    for _ in range(_STEPS):
        p = logistic(design @ line)
        gradient = design.T @ (weight * (defaulted - p))
        curvature = (design * (weight * p * (1 - p))[:, None]).T @ design
        step = np.linalg.lstsq(curvature, gradient, rcond=None)[0]
        while (then := loss(line + step)) > now * (1 + _TOLERANCE) and np.abs(step).max() > _TOLERANCE:
            step = step / 2
        line, now = line + step, then
        if np.abs(step).max() < _TOLERANCE:
            break
    return float(line[0] / scale), float(line[1] - line[0] * center / scale)


class RankedPredictions:
    """Predictions sorted once by PD, so that each bootstrap replicate costs one pass over its weights."""

    def __init__(self, p_default: Floats, defaulted: Booleans) -> None:
        check_predictions(p_default, defaulted)
        self._order = np.argsort(p_default, kind="stable")
        self._p = p_default[self._order]
        self._bad = defaulted[self._order]
        starts = np.flatnonzero(np.r_[True, self._p[1:] != self._p[:-1]])
        self._ends = np.r_[starts[1:], self._p.size] - 1
        clipped = np.clip(self._p, _EDGE, 1 - _EDGE)
        self._log_loss = -np.where(self._bad, np.log(clipped), np.log1p(-clipped))
        self._brier = (self._p - self._bad) ** 2
        self._margin = np.log(clipped) - np.log1p(-clipped)

    def overall(self, weights: Floats) -> dict[str, float]:
        """Return AUC, Gini, KS, Brier, log loss, calibration slope and intercept, with rows counted `weights` times.

        ``weights`` has shape (n_applications,), in the order the predictions were given in.
        """
        weight = weights[self._order]
        bad = np.cumsum(weight * self._bad)[self._ends]
        good = np.cumsum(weight * ~self._bad)[self._ends]
        bad_share, good_share = bad / bad[-1], good / good[-1]
        bad_steps, before = np.diff(bad_share, prepend=0.0), np.r_[0.0, good_share[:-1]]
        auc = float(np.sum(bad_steps * (before + good_share) / 2))
        slope, intercept = fit_line(self._margin, self._bad, weight)
        total = weight.sum()
        return {
            "auc": auc,
            "gini": 2 * auc - 1,
            "ks": float(np.max(np.abs(good_share - bad_share))),
            "brier": float(np.sum(weight * self._brier) / total),
            "log_loss": float(np.sum(weight * self._log_loss) / total),
            "calibration_slope": slope,
            "calibration_intercept": intercept,
        }

    def at(self, declined: Booleans, costs: CostMatrix, weights: Floats) -> dict[str, float]:
        """Return what these decisions cost, detect and decline; `declined` is in the order of the predictions."""
        weight, declined = weights[self._order], declined[self._order]
        total, bad = weight.sum(), np.sum(weight * self._bad)
        detected = float(np.sum(weight[declined] * self._bad[declined]) / bad)
        false_alarms = float(np.sum(weight[declined] * ~self._bad[declined]) / (total - bad))
        base = float(bad / total)
        missed = float(np.sum(weight * (self._bad & ~declined)))
        refused_good = float(np.sum(weight * (~self._bad & declined)))
        cost = (costs.approve_bad * missed + costs.decline_good * refused_good) / float(total)
        from_rates = base * (1 - detected) * costs.approve_bad + (1 - base) * false_alarms * costs.decline_good
        if not math.isclose(cost, from_rates, rel_tol=1e-9, abs_tol=1e-12):
            raise AssertionError(f"cost {cost} is not base·(1−TPR)·FN + (1−base)·FPR·FP = {from_rates}")
        return {
            "cost": cost,
            "defaults_detected": detected,
            "decline_rate": float(np.sum(weight[declined]) / total),
            "bad_rate_approved": missed / max(float(np.sum(weight[~declined])), 1.0),
        }


def _resamples(number: int, defaulted: Booleans, seed: int) -> Iterator[Floats]:
    """Yield bootstrap weights; the same `seed` gives the same ones, which is what pairs two models."""
    generator = np.random.default_rng([seed, 3])
    bad, good = np.flatnonzero(defaulted), np.flatnonzero(~defaulted)
    for _ in range(REPLICATES):
        while True:
            weights = np.bincount(generator.integers(0, number, number), minlength=number).astype(np.float64)
            if weights[bad].any() and weights[good].any():
                break
        yield weights


@dataclass(frozen=True)
class Figures:
    """The figures of a set of predictions, and of each bootstrap replicate: what intervals and pairs are made of."""

    values: dict[str, dict[str, float]]
    drawn: tuple[dict[str, dict[str, float]], ...]

    def metrics(self, part: str) -> dict[str, Metric]:
        """Return the figures of a part with their 95 % percentile intervals."""
        return {
            name: _metric(value, [draw[part][name] for draw in self.drawn]) for name, value in self.values[part].items()
        }


def _metric(value: float, replicates: list[float]) -> Metric:
    lower, upper = np.quantile(replicates, [0.025, 0.975])
    return Metric(value=value, lower=float(lower), upper=float(upper))


def figures(p_default: Floats, defaulted: Booleans, *, declined: Booleans, costs: CostMatrix, seed: int) -> Figures:
    """Return the figures of `p_default`, of the decisions `declined`, and of declining from the theoretical cut-off.

    Raises
    ------
    DataError
        If shapes differ or a PD is missing or outside [0, 1].
    """
    ranked = RankedPredictions(p_default, defaulted)
    theoretical = p_default >= costs.theoretical_cutoff

    def weighted(weights: Floats) -> dict[str, dict[str, float]]:
        return {
            "metrics": ranked.overall(weights),
            "at_cutoff": ranked.at(declined, costs, weights),
            "at_theoretical_cutoff": ranked.at(theoretical, costs, weights),
        }

    drawn = tuple(weighted(weights) for weights in _resamples(p_default.size, defaulted, seed))
    return Figures(weighted(np.ones(p_default.size)), drawn)


def evaluation(found: Figures, defaulted: Booleans, *, cutoff: float, costs: CostMatrix, population: str) -> Evaluation:
    """Return the figures with their intervals, as the bundle keeps them; `population` says of whom they are."""
    return Evaluation(
        population=population,
        applications=int(defaulted.size),
        defaults=int(defaulted.sum()),
        cutoff=cutoff,
        theoretical_cutoff=costs.theoretical_cutoff,
        metrics=found.metrics("metrics"),
        at_cutoff=found.metrics("at_cutoff"),
        at_theoretical_cutoff=found.metrics("at_theoretical_cutoff"),
    )


def paired_difference(first: Figures, second: Figures, compared: tuple[str, ...] = COMPARED) -> dict[str, Metric]:
    """Return first minus second in AUC, Brier and cost, or what else is `compared`.

    Both must be of the same applications and seed.
    """

    def differences(one: dict[str, dict[str, float]], other: dict[str, dict[str, float]]) -> dict[str, float]:
        return {
            name: one[part][name] - other[part][name]
            for part in ("metrics", "at_cutoff")
            for name in compared
            if name in one[part]
        }

    values = differences(first.values, second.values)
    drawn = [differences(one, other) for one, other in zip(first.drawn, second.drawn, strict=True)]
    return {name: _metric(value, [draw[name] for draw in drawn]) for name, value in values.items()}
