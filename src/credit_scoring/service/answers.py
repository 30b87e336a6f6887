"""Decided cases as they go over the wire."""

from __future__ import annotations

from typing import Any

import numpy as np

from credit_scoring.service.deciding import Decided


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
    names, shares = one.case.serving.bundle.model.encoder.features, one.contributions
    return prediction(one) | {
        "margin": one.margin,
        "baseline": float(shares[-1]),
        "contributions": {names[column]: float(shares[column]) for column in np.flatnonzero(shares[:-1]).tolist()},
        "reasons": [
            {
                "concept": reason.concept,
                "contribution": reason.contribution,
                "feature": reason.feature,
                "value": reason.value,
                "text": reason.told(one.case.language),
            }
            for reason in one.reasons
        ],
        "language": one.case.language,
    }
