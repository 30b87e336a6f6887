"""Decided cases as they go over the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_scoring.domain.decision import Reason
from credit_scoring.domain.text import Language
from credit_scoring.service.champion import Serving
from credit_scoring.service.deciding import Decided

Floats = NDArray[np.float64]


def prediction(one: Decided) -> dict[str, Any]:
    """Return what ``wire.Prediction`` describes."""
    serving = one.case.serving
    cutoff = serving.bundle.policy.cutoff
    return {
        "decision_id": one.id,
        "p_default": one.p_default,
        "decision": one.decision,
        "by_cutoff": one.by_cutoff,
        "cutoff": cutoff,
        "distance_to_cutoff": cutoff - one.p_default,
        "coverage": one.coverage,
        "warnings": [{"code": r.code, "field": r.field, "message": r.message} for r in one.remarks],
        "model": {"version": serving.version, "digest": serving.digest},
    }


def explanation(one: Decided) -> dict[str, Any]:
    """Return what ``wire.Explanation`` describes, of a case that was explained."""
    if one.contributions is None or one.case.language is None:
        raise AssertionError("the case was not explained")
    serving, shares = one.case.serving, one.contributions
    return prediction(one) | {
        "margin": one.margin,
        "baseline": float(shares[-1]),
        "contributions": contributions_by_name(serving, shares),
        "reasons": told_reasons(one.reasons, one.case.language),
        "language": one.case.language,
    }


def contributions_by_name(serving: Serving, shares: Floats) -> dict[str, float]:
    """Return what the features contribute that contribute something; `shares` has the baseline last."""
    names = serving.bundle.model.encoder.features
    return {names[column]: float(shares[column]) for column in np.flatnonzero(shares[:-1]).tolist()}


def told_reasons(reasons: Sequence[Reason], language: Language) -> list[dict[str, Any]]:
    """Return what ``wire.Reason`` describes, of each reason."""
    return [
        {
            "concept": reason.concept,
            "contribution": reason.contribution,
            "feature": reason.feature,
            "value": reason.value,
            "text": reason.told(language),
        }
        for reason in reasons
    ]
