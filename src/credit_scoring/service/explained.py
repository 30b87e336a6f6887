"""A recorded decision explained anew, from what the record holds."""

from __future__ import annotations

from credit_scoring.decision.policy import CostPolicy
from credit_scoring.domain.text import Language
from credit_scoring.service.answers import contributions_by_name, told_reasons
from credit_scoring.service.recorded import Seen
from credit_scoring.wire.decisions import RecordedExplanation


def explained(seen: Seen, language: Language) -> RecordedExplanation:
    """Return what the recorded bundle says of the recorded feature values, beside what was decided then.

    PD, decision, cut-off, coverage and warnings are those of the record.
    """
    entry, serving, values = seen.record.entry, seen.serving, seen.values
    facts, model = entry.facts, serving.bundle.model
    policy = CostPolicy.model_validate(facts["policy"])
    p_default, cutoff = (float(str(facts[name])) for name in ("p_default", "cutoff"))
    shares = model.contributions(values)
    return RecordedExplanation.model_validate(
        {
            "decision_id": entry.id,
            "p_default": p_default,
            "decision": facts["decision"],
            "by_cutoff": "decline" if p_default >= cutoff else "approve",
            "cutoff": cutoff,
            "distance_to_cutoff": cutoff - p_default,
            "coverage": facts["coverage"],
            "warnings": seen.told.get("warnings", ()),
            "model": {"version": facts["version"], "digest": facts["bundle"]},
            "margin": float(model.margin(values)[0]),
            "baseline": float(shares[0, -1]),
            "contributions": contributions_by_name(serving, shares[0]),
            "reasons": told_reasons(serving.reasoner.reasons(shares, values)[0], language),
            "language": language,
            "kind": entry.kind,
            "at": entry.at,
            "applicant": entry.payload.applicant if entry.payload else None,
            "endpoint": facts["endpoint"],
            "cutoff_interval": policy.cutoff_interval,
            "minimum_coverage": policy.minimum_coverage,
            "concepts": told_reasons(serving.reasoner.concepts(shares, values)[0], language),
        }
    )
