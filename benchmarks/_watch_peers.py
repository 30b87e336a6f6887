"""What other rules for drift say of the same windows: Evidently's own tests, feature by feature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from evidently.legacy.calculations import stattests
from evidently.legacy.calculations.stattests.registry import get_stattest
from numpy.typing import NDArray

from credit_scoring.monitoring.reference import Axis

Floats = NDArray[np.float64]
Test = Callable[[pd.Series, pd.Series, str], Any]


def _p_value(then: pd.Series, now: pd.Series, kind: str) -> Any:
    few = then.nunique() <= 2
    test = (stattests.z_stat_test if few else stattests.chi_stat_test) if kind == "cat" else stattests.ks_stat_test
    return test(then, now, kind, None)


def _default(then: pd.Series, now: pd.Series, kind: str) -> Any:
    return get_stattest(then, now, kind, None)(then, now, kind, None)


RULES: dict[str, Test] = {
    "Kolmogorov–Smirnov, chi-square or z, p < 0.05": _p_value,
    "Evidently's choice beyond 1,000 rows: Wasserstein or Jensen–Shannon, 0.1": _default,
}


def drifted(axes: list[Axis], then: Floats, now: Floats) -> dict[str, list[str]]:
    """Return the features that each rule calls drifted; `then` and `now` are encoded, missing left out as it does."""
    found: dict[str, list[str]] = {rule: [] for rule in RULES}
    for number, axis in enumerate(axes):
        one, other = (pd.Series(values[:, number]).dropna() for values in (then, now))
        if one.empty or other.empty:
            continue
        # As Evidently: numbers of few values are compared as categories.
        kind = "cat" if axis.levels is not None or one.nunique() <= 5 else "num"
        for rule, test in RULES.items():
            if test(one, other, kind).drifted:
                found[rule].append(axis.name)
    return found
