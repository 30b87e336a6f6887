"""The models that compete: logistic regressions, LightGBM and both in one, all unweighted."""

from __future__ import annotations

from collections.abc import Mapping

from credit_scoring.training.blend import Blend
from credit_scoring.training.boosting import Boosting
from credit_scoring.training.logistic import Logistic
from credit_scoring.training.sample import Candidate

EXTERNAL_SCORES = ("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3")


def candidates_for(features: tuple[str, ...], boosting: Mapping[str, float] | None = None) -> tuple[Candidate, ...]:
    """Return the candidates, parts before what is made of them.

    Where all three external scores are there, a regression on them alone competes, and trees start from it.
    ``boosting`` are LightGBM parameters that go before the defaults.
    """
    scored = set(EXTERNAL_SCORES) <= set(features)
    everything, trees = Logistic("logistic_all"), trees_for(features, boosting)
    alone: tuple[Candidate, ...] = (Logistic("logistic_external", EXTERNAL_SCORES),) if scored else ()
    return (*alone, everything, trees, Blend("blend", everything, trees))


def trees_for(features: tuple[str, ...], boosting: Mapping[str, float] | None = None) -> Boosting:
    """Return the candidate ``lightgbm``, which is also what tuning tunes."""
    scored = set(EXTERNAL_SCORES) <= set(features)
    return Boosting("lightgbm", start=EXTERNAL_SCORES if scored else (), parameters=boosting or {})
