"""The checks of a watch: stable codes, and the limits from which a shift is worth a person's time."""

from __future__ import annotations

from typing import Literal, NamedTuple

Severity = Literal["notice", "alarm"]
Verdict = Literal["steady", "notice", "alarm", "too_few"]


class Check(NamedTuple):
    """One kind of check. ``notice`` and ``alarm`` are limits of effect size; chance has its own limit beside them.

    ``means`` and ``advice`` are the words of docs/reference/checks.md, which a test keeps equal.
    """

    code: str
    measures: str
    notice: float
    alarm: float
    means: str
    advice: str


# PSI: the limits that the field uses (Siddiqi 2006, *Credit Risk Scorecards*). Those of shares are ours.
FEATURE_PSI = Check(
    "CS-D01",
    "PSI of a feature",
    0.1,
    0.2,
    "Other applicants come, or the feature is made otherwise upstream",
    "Look whether the features of its concept moved too. One alone: look for a change of its source. All: see"
    " whether the PD moved (`CS-D02`)",
)
P_DEFAULT_PSI = Check(
    "CS-D02",
    "PSI of the PD",
    0.1,
    0.2,
    "The mix of risk has changed, as far as the model sees it",
    "Compare the expected bad rate and decline rate with your plan; set the cut-off anew if the costs are "
    "still right; label a sample",
)
DECISION_PSI = Check(
    "CS-D03",
    "PSI of the decisions",
    0.1,
    0.2,
    "Another share is approved or referred; with `CS-D04` in many features, data are absent and cases are "
    "referred for lack of coverage",
    "Restore the absent tables; else as `CS-D02`",
)
MISSING = Check(
    "CS-D04",
    "change in the share missing",
    0.05,
    0.1,
    "A source stopped or began to fill the feature",
    "Ask the source; until it is mended, the PD is by what is left",
)
UNSEEN = Check(
    "CS-D05",
    "share of categories that training never saw",
    0.01,
    0.05,
    "A new product, code or spelling; the model takes it as missing",
    "Map the code upstream, or train again",
)
OUTSIDE = Check(
    "CS-D06",
    "share out of the range of training",
    0.01,
    0.05,
    "A change of unit, or applicants the model knows nothing of",
    "Check the unit; refer such cases to a person until the model is trained on some",
)
EXPECTED_COST = Check(
    "CS-P01",
    "rise of the expected cost over training's",
    0.1,
    0.25,
    "Other applicants come, and each costs more, as far as the PDs say",
    "See which features moved (`CS-D01`) and whether the cut-off still fits; plan for the cost, or train on newer "
    "outcomes",
)
EXPECTED_AUC = Check(
    "CS-P02",
    "fall of the expected AUC below training's",
    0.02,
    0.05,
    "The PDs of those who come lie closer together, or what told them apart is missing",
    "Look for features that are missing of late (`CS-D04`); else other applicants come: label a sample",
)
REALISED_DEFAULTS = Check(
    "CS-P03",
    "realised bad rate over the expected one, less 1",
    0.2,
    0.5,
    "The approved default more, or less, often than their PDs said: calibration is off, or defaults have come to "
    "depend otherwise on the features (concept drift), which no other check can see",
    "Check that the outcomes are complete; then train a challenger on them: `credit-scoring challenge`",
)
REALISED_AUC = Check(
    "CS-P04",
    "fall of the realised AUC below the expected one",
    0.03,
    0.08,
    "The PDs rank the approved worse than they promised: concept drift",
    "As `CS-P03`",
)
NO_DECISIONS = Check(
    "CS-V01",
    "decisions of the champion in the window",
    1,
    1,
    "Nobody was decided on by the champion, or the watch reads another log than the service writes",
    "See whether the service runs, and whether both have the same `CREDIT_SCORING_DECISIONS_URI`",
)
DRIFT = (FEATURE_PSI, P_DEFAULT_PSI, DECISION_PSI, MISSING, UNSEEN, OUTSIDE)
PERFORMANCE = (EXPECTED_COST, EXPECTED_AUC, REALISED_DEFAULTS, REALISED_AUC)
CHECKS = (*DRIFT, *PERFORMANCE, NO_DECISIONS)
PSI_OF = {"feature": FEATURE_PSI, "p_default": P_DEFAULT_PSI, "decision": DECISION_PSI}
