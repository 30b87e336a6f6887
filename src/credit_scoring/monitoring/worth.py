"""Whether a model is worth less than it was, or than its PDs promised: the figures of a window, judged."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from statistics import NormalDist

from pydantic import BaseModel, ConfigDict

from credit_scoring.bundle.manifest import Metric
from credit_scoring.monitoring.chance import POWER
from credit_scoring.monitoring.checks import (
    EXPECTED_AUC,
    EXPECTED_COST,
    REALISED_AUC,
    REALISED_DEFAULTS,
    Check,
    Verdict,
)
from credit_scoring.monitoring.performance import Realised

_NORMAL = NormalDist()
_WIDTH = 2 * _NORMAL.inv_cdf(0.975)  # of a 95 % interval, in standard deviations
_POWER = _NORMAL.inv_cdf(POWER)


class Judged(BaseModel):
    """One figure's check. ``subject`` is ``expected`` or ``outcomes``; ``measures`` names the vintage, if it is one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    measures: str
    subject: str
    verdict: Verdict
    value: float
    limit: float
    chance: float


def judged(
    trained: Mapping[str, Metric],
    expected: Mapping[str, Metric],
    realised: Realised | None,
    level: float,
    *,
    of: str = "",
) -> tuple[Judged, ...]:
    """Return what each figure that is there says; `of` names the vintage whose outcomes were realised.

    As with drift, a check finds something only if it is both large, by the check's limits, and beyond chance at
    `level`; and "too few" where an alarm's size would be found in fewer than four of five windows. Chance is that of a
    normal variable whose spread the 95 % intervals tell: of expected and trained together, or of expected alone, whose
    interval is that of what will be realised.
    """
    found = [*_expected(trained, expected, level)]
    if realised is not None:
        found += _realised(realised, level, of)
    return tuple(found)


def _expected(trained: Mapping[str, Metric], expected: Mapping[str, Metric], level: float) -> Iterator[Judged]:
    if "cost" in trained and "cost" in expected and trained["cost"].value > 0:
        then, now = trained["cost"], expected["cost"]
        spread = math.hypot(_spread(now), _spread(then)) / then.value
        yield _judge(EXPECTED_COST, "expected", now.value / then.value - 1, spread, level)
    if "auc" in trained and "auc" in expected:
        then, now = trained["auc"], expected["auc"]
        yield _judge(EXPECTED_AUC, "expected", then.value - now.value, math.hypot(_spread(now), _spread(then)), level)


def _realised(after: Realised, level: float, of: str) -> Iterator[Judged]:
    rate, promised = after.realised.get("bad_rate_approved"), after.expected.get("bad_rate_approved")
    if rate is not None and promised is not None and promised.value > 0:
        spread = _spread(promised) / promised.value
        yield _judge(REALISED_DEFAULTS, "outcomes", rate / promised.value - 1, spread, level, both_sides=True, of=of)
    auc, hoped = after.realised.get("auc"), after.expected.get("auc")
    if auc is not None and hoped is not None:
        yield _judge(REALISED_AUC, "outcomes", hoped.value - auc, _spread(hoped), level, of=of)


def _judge(
    check: Check, subject: str, value: float, spread: float, level: float, *, both_sides: bool = False, of: str = ""
) -> Judged:
    size = abs(value) if both_sides else value
    sides = 2 if both_sides else 1
    chance = sides * _NORMAL.cdf(-size / spread) if spread > 0 else float(size <= 0)
    least = max(check.notice, -_NORMAL.inv_cdf(level / sides) * spread)
    verdict: Verdict = "steady" if check.alarm - _POWER * spread >= least else "too_few"
    if chance <= level and size >= check.notice:
        verdict = "alarm" if size >= check.alarm else "notice"
    limit = check.notice if verdict == "notice" else check.alarm
    return Judged(
        code=check.code,
        measures=f"{check.measures}, vintage {of}" if of else check.measures,
        subject=subject,
        verdict=verdict,
        value=value,
        limit=limit,
        chance=min(chance, 1.0),
    )


def _spread(metric: Metric) -> float:
    return (metric.upper - metric.lower) / _WIDTH
