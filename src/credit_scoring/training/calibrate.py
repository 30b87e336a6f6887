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


def fit_line(margin: Floats, defaulted: Booleans, weights: Floats | None = None) -> tuple[float, float]:
    """Return slope and intercept of the logistic regression of the outcome on the margin, by Newton steps.

    For PDs that are calibrated they are 1 and 0.
    """
    weight = np.ones(margin.size) if weights is None else weights
    design = np.c_[margin, np.ones(margin.size)]
    line = np.array([1.0, 0.0])
    for _ in range(_STEPS):
        p = logistic(design @ line)
        gradient = design.T @ (weight * (defaulted - p))
        curvature = (design * (weight * p * (1 - p))[:, None]).T @ design
        step = np.linalg.lstsq(curvature, gradient, rcond=None)[0]
        line = line + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < _TOLERANCE:
            break
    return float(line[0]), float(line[1])


def fit_calibrator(kind: str, margin: Floats, defaulted: Booleans) -> Calibrator:
    """Return the calibrator of `kind` (``identity``, ``sigmoid``, ``isotonic``) fitted to out-of-fold margins."""
    if kind == "sigmoid":
        slope, intercept = fit_line(margin, defaulted)
        return Calibrator(kind="sigmoid", slope=slope, intercept=intercept)
    if kind == "isotonic":
        fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(margin, defaulted)
        points = zip(fitted.X_thresholds_.tolist(), fitted.y_thresholds_.tolist(), strict=True)
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
