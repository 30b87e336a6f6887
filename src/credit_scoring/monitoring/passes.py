"""What is kept of each pass of the watch: small enough to keep for ever, enough to draw a line through time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from credit_scoring.bundle.manifest import Metric
from credit_scoring.monitoring.drift import Drift, Finding
from credit_scoring.monitoring.performance import Realised
from credit_scoring.monitoring.vintages import newest_mature
from credit_scoring.monitoring.watch import WatchReport

MOST_FEATURES = 20


class Pass(BaseModel):
    """One pass over the decisions of ``model``, from ``since`` to ``until``.

    ``decisions`` counts them by what was decided; ``others`` are those of other models in the same period, ``purged``
    those whose feature values are gone: neither is compared. ``psi`` holds that of the PD, of the decisions, and of
    the features that weigh most or moved. Figures are as in `WatchReport`, whose ``realised`` is of ``vintage``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    since: datetime
    until: datetime
    model: str
    version: int
    decisions: dict[str, int]
    others: int = 0
    purged: int = 0
    psi: dict[str, float] = {}
    findings: tuple[Finding, ...] = ()
    too_few: int = 0
    trained: dict[str, Metric] = {}
    expected: dict[str, Metric] = {}
    realised: Realised | None = None
    vintage: str = ""

    @property
    def total(self) -> int:
        """Return how many decisions were compared."""
        return sum(self.decisions.values())


def told(report: WatchReport) -> dict[str, Any]:
    """Return the fields of a `Pass` that a report tells."""
    return {
        "psi": _psi(report.drift),
        "findings": report.findings,
        "too_few": report.drift.too_few,
        "trained": report.trained,
        "expected": report.expected,
        "realised": report.realised,
        "vintage": newest.month if (newest := newest_mature(report.vintages)) else "",
    }


def _psi(drift: Drift) -> dict[str, float]:
    """Return the PSI of the PD, of the decisions, and of the features that were found or else weigh most."""
    found = {one.subject for one in drift.findings}
    features = [one for one in drift.watched if one.kind == "feature"]
    ranked = sorted(features, key=lambda one: (one.name not in found, -one.importance, one.name))
    apart = [one for one in drift.watched if one.kind != "feature"]
    return {one.name: one.psi for one in (*apart, *ranked[:MOST_FEATURES])}
