"""A recorded decision made again, from what the record holds."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_scoring.decision.policy import CostPolicy
from credit_scoring.domain.errors import CreditScoringError
from credit_scoring.domain.record import Recorded
from credit_scoring.scoring.arrivals import accepted, matrices
from credit_scoring.service.champion import Serving
from credit_scoring.service.recorded import Seen
from credit_scoring.wire.decisions import Difference, Replay
from credit_scoring.wire.scoring import ApplicationRequest

Floats = NDArray[np.float64]
TOLERANCE = 1e-9
MOST_DIFFERENCES = 50


def replayed(seen: Seen) -> Replay:
    """Return what the bundle makes of the recorded feature values, and whether the recorded inputs give these."""
    record, serving, values, told = seen.record, seen.serving, seen.values, seen.told
    facts, model = record.entry.facts, serving.bundle.model
    p_default = float(model.p_default(values)[0])
    policy = CostPolicy.model_validate(facts["policy"])
    decision = policy.decide(np.array([p_default]), coverage=float(str(facts["coverage"])))[0]
    language = told.get("language", "en")
    reasons = serving.reasoner.reasons(model.contributions(values), values)[0]
    texts = tuple(reason.told(language) for reason in reasons)
    again, note = _recomputed(record, serving)
    differences = () if again is None else _differences(values[0], again, serving)
    return Replay(
        decision_id=record.entry.id,
        recorded_p_default=float(str(facts["p_default"])),
        p_default=p_default,
        same_p_default=p_default == facts["p_default"],
        decision=decision,
        same_decision=decision == facts["decision"],
        same_features=None if again is None else not differences,
        differences=differences[:MOST_DIFFERENCES],
        reasons=texts,
        same_reasons=list(texts) == told["reasons"] if "reasons" in told else None,
        bundle=serving.digest,
        note=note,
    )


def _recomputed(record: Recorded, serving: Serving) -> tuple[Floats | None, str]:
    """Return the feature values that the recorded inputs give, or none and why."""
    payload = record.entry.payload
    assert payload is not None  # noqa: S101 - for the type checker; the caller has refused otherwise
    try:
        if record.entry.facts["endpoint"] == "application":
            asked = ApplicationRequest.model_validate_json(payload.inputs)
            (matrix,) = matrices([accepted(serving.bundle, asked.rows())])
            return serving.bundle.model.encoder.encode(matrix)[0], ""
        features: dict[str, Any] = json.loads(payload.inputs)["features"]
        known = {name: value for name, value in features.items() if name in serving.intake.inputs.kinds}
        return serving.intake.values([serving.intake.accept(known)])[0], ""
    except CreditScoringError as error:
        return None, f"the features cannot be recomputed by this version: {error}"


def _differences(recorded: Floats, again: Floats, serving: Serving) -> tuple[Difference, ...]:
    close = np.isclose(again, recorded, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
    names = serving.bundle.model.encoder.features
    return tuple(
        Difference(feature=names[i], recorded=_known(recorded[i]), recomputed=_known(again[i]))
        for i in np.flatnonzero(~close).tolist()
    )


def _known(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)
