from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_scoring.bundle.manifest import Metric
from credit_scoring.bundle.store import Bundle
from credit_scoring.decision.cost import CostMatrix
from credit_scoring.monitoring.drift import FALSE_ALARMS
from credit_scoring.monitoring.performance import Realised, realised_performance
from credit_scoring.monitoring.worth import judged

COSTS = CostMatrix(10, 1)
CUTOFF = 1 / 11
LEVEL = FALSE_ALARMS / 1_000


def metric(value: float, spread: float) -> Metric:
    return Metric(value=value, lower=value - 1.96 * spread, upper=value + 1.96 * spread)


def realised(p_default: np.ndarray, generator: np.random.Generator, odds: float = 1.0) -> Realised:
    """Outcomes of the approved, whose odds of a default are so many times those that the PDs say."""
    truth = odds * p_default / (1 - p_default + odds * p_default)
    defaulted = (generator.random(p_default.size) < truth).astype(float)
    return realised_performance(p_default, np.where(p_default < CUTOFF, defaulted, np.nan), CUTOFF, COSTS)


def test_kept_promises_are_steady_and_broken_ones_are_found(bundle: Bundle) -> None:
    generator, p_default = np.random.default_rng(3), bundle.out_of_fold["p_default"].to_numpy()
    p_default = generator.choice(p_default, 40_000)
    kept = [judged({}, {}, realised(p_default, generator), LEVEL) for _ in range(60)]
    assert {one.verdict for found in kept for one in found} == {"steady"}
    (defaults, _) = judged({}, {}, realised(p_default, generator, odds=1.8), LEVEL, of="2026-07")
    assert (defaults.code, defaults.verdict) == ("CS-P03", "alarm")
    assert "2026-07" in defaults.measures
    (fewer, _) = judged({}, {}, realised(p_default, generator, odds=0.4), LEVEL)
    assert (fewer.verdict, fewer.value < 0) == ("alarm", True)


def test_few_outcomes_cannot_tell(bundle: Bundle) -> None:
    generator = np.random.default_rng(4)
    p_default = generator.choice(bundle.out_of_fold["p_default"].to_numpy(), 300)
    (defaults, *_) = judged({}, {}, realised(p_default, generator), LEVEL)
    assert defaults.verdict == "too_few"


@given(st.floats(0.2, 1.0), st.floats(0.0005, 0.05), st.floats(0.8, 1.6))
def test_only_a_cost_that_rises_is_found(then: float, spread: float, times: float) -> None:
    (one,) = judged({"cost": metric(then, spread)}, {"cost": metric(times * then, spread)}, None, LEVEL)
    assert one.value == pytest.approx(times - 1)
    if one.verdict in {"notice", "alarm"}:
        assert times - 1 >= (0.25 if one.verdict == "alarm" else 0.1)
        assert one.chance <= LEVEL
    elif times >= 1.25:
        assert one.chance > LEVEL


def test_an_auc_that_falls_is_found_and_one_that_rises_is_not() -> None:
    def verdict(now: float) -> str:
        (one,) = judged({"auc": metric(0.75, 0.002)}, {"auc": metric(now, 0.002)}, None, LEVEL)
        return one.verdict

    assert [verdict(0.69), verdict(0.725), verdict(0.749), verdict(0.9)] == ["alarm", "notice", "steady", "steady"]
