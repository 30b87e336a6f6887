"""Calibration on out-of-fold margins, kept only where it improves the out-of-fold Brier score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from credit_scoring.bundle.evaluate import fit_line
from credit_scoring.bundle.model import Calibrator, logistic

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]


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
