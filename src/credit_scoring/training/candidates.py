"""The models that compete: logistic regressions, LightGBM and both in one, all unweighted."""

from __future__ import annotations

from credit_scoring.training.blend import Blend
from credit_scoring.training.boosting import Boosting
from credit_scoring.training.logistic import Logistic
from credit_scoring.training.sample import Candidate

EXTERNAL_SCORES = ("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3")


def candidates_for(features: tuple[str, ...]) -> tuple[Candidate, ...]:
    """Return the candidates, parts before what is made of them.

    Where all three external scores are there, a regression on them alone competes, and trees start from it.
    """
    scored = set(EXTERNAL_SCORES) <= set(features)
    everything = Logistic("logistic_all")
    trees = Boosting("lightgbm", start=EXTERNAL_SCORES if scored else ())
    alone: tuple[Candidate, ...] = (Logistic("logistic_external", EXTERNAL_SCORES),) if scored else ()
    return (*alone, everything, trees, Blend("blend", everything, trees))
