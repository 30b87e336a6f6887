"""Calibration on out-of-fold margins, kept only where it improves the out-of-fold Brier score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from credit_scoring.bundle.model import Calibrator, logistic

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]
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


def fit_calibrator(kind: str, margin: Floats, defaulted: Booleans) -> Calibrator:
    """Return the calibrator of `kind` (``identity``, ``sigmoid``, ``isotonic``) fitted to out-of-fold margins.

    A calibrator never falls as the margin rises: a sigmoid that would is flat, at the default rate. An isotonic one
    stays half an application away from 0 and 1, which no sample can show.
    """
    if kind == "sigmoid":
        slope, intercept = fit_line(margin, defaulted)
        if slope <= 0:
            slope, intercept = 0.0, fit_line(np.zeros(margin.size), defaulted)[1]
        return Calibrator(kind="sigmoid", slope=slope, intercept=intercept)
    if kind == "isotonic":
        fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(margin, defaulted)
        least = 1 / (2 * margin.size)
        p_default = np.clip(fitted.y_thresholds_, least, 1 - least)
        points = zip(fitted.X_thresholds_.tolist(), p_default.tolist(), strict=True)
        return Calibrator(kind="isotonic", points=tuple(points))
    return Calibrator()


def choose_calibrator(margin: Floats, defaulted: Booleans, fold: Integers) -> tuple[Calibrator, Floats]:
    """Return the calibrator, and the out-of-fold PDs it gives.

    Each kind is judged by the Brier score of PDs calibrated on the other folds. Those cross-fitted PDs are what
    is returned, so that the figures made of them do not flatter; the calibrator itself is fitted to all rows.
    """
    best_kind, best_p, best_brier = "identity", logistic(margin), np.inf
    for kind in ("identity", "sigmoid", "isotonic"):
        p = np.empty(margin.size)
        for number in np.unique(fold):
            held = fold == number
            p[held] = fit_calibrator(kind, margin[~held], defaulted[~held]).p_default(margin[held])
        brier = float(np.mean((p - defaulted) ** 2))
        if brier < best_brier:
            best_kind, best_p, best_brier = kind, p, brier
    return fit_calibrator(best_kind, margin, defaulted), best_p
