"""A recorded decision made again, from what the record holds."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_scoring.adapters.decision_log.values import unpack_values
from credit_scoring.bundle.published import PublishedBundles
from credit_scoring.bundle.store import load_bundle
from credit_scoring.decision.policy import CostPolicy
from credit_scoring.domain.errors import BundleError, CreditScoringError
from credit_scoring.domain.record import Recorded
from credit_scoring.service.arrivals import arrived
from credit_scoring.service.champion import Serving
from credit_scoring.service.problems import RefusedError
from credit_scoring.wire.decisions import Difference, Replay
from credit_scoring.wire.scoring import ApplicationRequest

Floats = NDArray[np.float64]
TOLERANCE = 1e-9
MOST_DIFFERENCES = 50


def serving_of(record: Recorded, published: PublishedBundles, present: Serving | None) -> Serving:
    """Return the bundle that made a decision, loaded by its digest unless it is the `present` one.

    Raises
    ------
    RefusedError
        409 if it is no longer published, or was altered.
    """
    digest = str(record.entry.facts["bundle"])
    if present is not None and present.digest == digest:
        return present
    try:
        return _former(published.path(digest), digest, int(str(record.entry.facts["version"])))
    except (BundleError, OSError) as error:
        raise RefusedError(
            409, f"the bundle that decided cannot be loaded, so nothing can be replayed: {error}"
        ) from error


@lru_cache(maxsize=4)
def _former(folder: Path, digest: str, version: int) -> Serving:
    return Serving(load_bundle(folder, digest=digest), "", version)


def replayed(record: Recorded, serving: Serving) -> Replay:
    """Return what the recorded bundle makes of the recorded feature values, and whether the inputs give these values.

    Raises
    ------
    RefusedError
        409 if the feature values were purged.
    """
    facts, payload = record.entry.facts, record.entry.payload
    if payload is None:
        raise RefusedError(409, "what this decision was made of has been purged, so it cannot be replayed")
    model = serving.bundle.model
    values = unpack_values([payload.values], len(model.encoder.features))
    p_default = float(model.p_default(values)[0])
    policy = CostPolicy.model_validate(facts["policy"])
    decision = policy.decide(np.array([p_default]), coverage=float(str(facts["coverage"])))[0]
    told = json.loads(payload.told) if payload.told else {}
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
            return serving.bundle.model.encoder.encode(arrived(serving.bundle, asked).matrix)[0], ""
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
