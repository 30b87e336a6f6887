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
CHECKS = (FEATURE_PSI, P_DEFAULT_PSI, DECISION_PSI, MISSING, UNSEEN, OUTSIDE)
PSI_OF = {"feature": FEATURE_PSI, "p_default": P_DEFAULT_PSI, "decision": DECISION_PSI}
