"""The checks of a watch: stable codes, and the limits from which a shift is worth a person's time."""

from __future__ import annotations

from typing import Literal, NamedTuple

Severity = Literal["notice", "alarm"]
Verdict = Literal["steady", "notice", "alarm", "too_few"]


class Check(NamedTuple):
    """One kind of check. ``notice`` and ``alarm`` are limits of effect size; chance has its own limit beside them."""

    code: str
    measures: str
    notice: float
    alarm: float


# PSI: the limits that the field uses (Siddiqi 2006, *Credit Risk Scorecards*). Those of shares are ours.
FEATURE_PSI = Check("CS-D01", "PSI of a feature", 0.1, 0.2)
P_DEFAULT_PSI = Check("CS-D02", "PSI of the PD", 0.1, 0.2)
DECISION_PSI = Check("CS-D03", "PSI of the decisions", 0.1, 0.2)
MISSING = Check("CS-D04", "change in the share missing", 0.05, 0.1)
UNSEEN = Check("CS-D05", "share of categories that training never saw", 0.01, 0.05)
OUTSIDE = Check("CS-D06", "share out of the range of training", 0.01, 0.05)
EXPECTED_COST = Check("CS-P01", "rise of the expected cost over training's", 0.1, 0.25)
EXPECTED_AUC = Check("CS-P02", "fall of the expected AUC below training's", 0.02, 0.05)
REALISED_DEFAULTS = Check("CS-P03", "realised bad rate over the expected one, less 1", 0.2, 0.5)
REALISED_AUC = Check("CS-P04", "fall of the realised AUC below the expected one", 0.03, 0.08)
NO_DECISIONS = Check("CS-V01", "decisions of the champion in the window", 1, 1)
DRIFT = (FEATURE_PSI, P_DEFAULT_PSI, DECISION_PSI, MISSING, UNSEEN, OUTSIDE)
PERFORMANCE = (EXPECTED_COST, EXPECTED_AUC, REALISED_DEFAULTS, REALISED_AUC)
CHECKS = (*DRIFT, *PERFORMANCE, NO_DECISIONS)
PSI_OF = {"feature": FEATURE_PSI, "p_default": P_DEFAULT_PSI, "decision": DECISION_PSI}
