"""Recorded decisions, with the bundles that made them and what these saw."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_scoring.adapters.decision_log.values import unpack_values
from credit_scoring.bundle.store import load_bundle
from credit_scoring.domain.errors import BundleError, UnknownDecisionError
from credit_scoring.domain.record import Recorded
from credit_scoring.scoring.inputs import Value
from credit_scoring.service.champion import Champion, Serving
from credit_scoring.service.context import Context
from credit_scoring.service.problems import RefusedError

_MADE = ("decision", "simulation")


@dataclass(frozen=True, eq=False)
class Seen:
    """A record with the bundle that made it, the feature values that this saw, shape (1, n_features), and what it told.

    A value that was missing is NaN; ``told`` may hold ``warnings``, ``reasons`` and their ``language``.
    """

    record: Recorded
    serving: Serving
    values: NDArray[np.float64]
    told: dict[str, Any]


def made(context: Context, decision: str) -> Recorded:
    """Return the record of a decision or simulation.

    Raises
    ------
    UnknownDecisionError
        If there is no such entry, or it is of another kind.
    """
    record = context.log.get(decision)
    if record.entry.kind not in _MADE:
        raise UnknownDecisionError(decision)
    return record


def seen(context: Context, record: Recorded) -> Seen:
    """Return what a decision or simulation was made by and from.

    Raises
    ------
    RefusedError
        409 if it was purged, or the bundle is no longer published or was altered.
    """
    payload = record.entry.payload
    if payload is None:
        raise RefusedError(
            409, "what this decision was made of has been purged, so it can be neither replayed nor explained"
        )
    serving = _serving_of(record, context.champion)
    values = unpack_values([payload.values], len(serving.bundle.model.encoder.features))
    return Seen(record, serving, values, json.loads(payload.told) if payload.told else {})


def recorded_features(context: Context, record: Recorded) -> tuple[dict[str, Value], float]:
    """Return what a decision was made of, by name, and its coverage.

    It is what was supplied, or, where rows of the tables arrived, the feature values that the model saw; those that
    were missing are then known to be missing.

    Raises
    ------
    RefusedError
        As `seen`.
    """
    found = seen(context, record)
    coverage = float(str(record.entry.facts["coverage"]))
    if record.entry.facts["endpoint"] != "application":
        return dict(json.loads(record.entry.payload.inputs)["features"]), coverage  # type: ignore[union-attr]
    encoder = found.serving.bundle.model.encoder
    values = found.values[0].tolist()
    return {name: encoder.decode(name, value) for name, value in zip(encoder.features, values, strict=True)}, coverage


def _serving_of(record: Recorded, champion: Champion) -> Serving:
    """Return the bundle that made a decision, loaded by its digest unless it is the present champion."""
    present, facts = champion.serving, record.entry.facts
    digest = str(facts["bundle"])
    if present is not None and present.digest == digest:
        return present
    try:
        return _former(champion.published.path(digest), digest, int(str(facts["version"])))
    except (BundleError, OSError) as error:
        detail = "the bundle that decided cannot be loaded, so its decisions can be neither replayed nor explained"
        raise RefusedError(409, f"{detail}: {error}") from error


@lru_cache(maxsize=4)
def _former(folder: Path, digest: str, version: int) -> Serving:
    return Serving(load_bundle(folder, digest=digest), "", version)


def summary(record: Recorded) -> dict[str, Any]:
    """Return what ``wire.DecisionSummary`` describes."""
    entry = record.entry
    return {
        "decision_id": entry.id,
        "sequence": record.sequence,
        "at": entry.at,
        "applicant": entry.payload.applicant if entry.payload else None,
        **{name: entry.facts[name] for name in ("p_default", "decision", "coverage", "endpoint")},
    }
