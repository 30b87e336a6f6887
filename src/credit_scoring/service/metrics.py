"""What Prometheus may scrape: latency, decisions, coverage, warnings, PDs, the log's lag, the champion."""

from __future__ import annotations

import os
from collections import Counter as Counts
from collections.abc import Callable, Sequence

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from credit_scoring.monitoring.alerts import Alert
from credit_scoring.monitoring.checks import CHECKS
from credit_scoring.monitoring.passes import Pass
from credit_scoring.service.deciding import Decided

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = CONTENT_TYPE_LATEST
_LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_PDS = (0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
_SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99, 1.0)


class Metrics:
    """The counters of one process. Several workers share them through ``PROMETHEUS_MULTIPROC_DIR``."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._latency = Histogram(
            "credit_scoring_request_seconds",
            "Time from a request's head to the end of its answer.",
            ["route", "status"],
            buckets=_LATENCIES,
            registry=registry,
        )
        self._decisions = Counter(
            "credit_scoring_decisions", "Recorded decisions.", ["kind", "endpoint", "decision"], registry=registry
        )
        self._p_default = Histogram(
            "credit_scoring_p_default", "PDs of recorded decisions.", buckets=_PDS, registry=registry
        )
        self._coverage = Histogram(
            "credit_scoring_coverage",
            "Share of the model's gain carried by what was supplied.",
            buckets=_SHARES,
            registry=registry,
        )
        self._warnings = Counter(
            "credit_scoring_warnings", "Warnings about inputs, by code.", ["code"], registry=registry
        )
        self.shadows = Counter("credit_scoring_shadows", "Challenger's scores recorded.", registry=registry)
        self.shadows_dropped = Counter(
            "credit_scoring_shadows_dropped", "Challenger's scores that were not recorded.", registry=registry
        )
        self.log_lag = Gauge(
            "credit_scoring_log_lag_seconds",
            "Age of the oldest decision that waits for its record.",
            registry=registry,
            multiprocess_mode="max",
        )
        self.champion = Gauge(
            "credit_scoring_champion_version",
            "Version of the model that decides.",
            registry=registry,
            multiprocess_mode="min",
        )
        self.champion_refused = Gauge(
            "credit_scoring_champion_refused",
            "1 while a promoted champion is refused and the former one decides.",
            registry=registry,
            multiprocess_mode="max",
        )
        self._watch = Watched(registry)
        self._counted: dict[tuple[str, str, str], Callable[[], None]] = {}
        self._timed: dict[tuple[str, int], Callable[[float], None]] = {}

    def watched(self, newest: Pass | None, open_alerts: Sequence[Alert]) -> None:
        """Take over what the watch found last."""
        self._watch.take(newest, open_alerts)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        timed = self._timed.get((route, status))
        if timed is None:
            timed = self._timed[route, status] = self._latency.labels(route, str(status)).observe
        timed(seconds)

    def decided(self, one: Decided) -> None:
        """Count a recorded decision."""
        key = (one.case.kind, one.case.endpoint, one.decision)
        count = self._counted.get(key)
        if count is None:
            count = self._counted[key] = self._decisions.labels(*key).inc
        count()
        if one.case.kind == "decision":
            self._p_default.observe(one.p_default)
            self._coverage.observe(one.coverage)
            for remark in one.remarks:
                self._warnings.labels(remark.code).inc()

    def exposed(self) -> bytes:
        """Return all metrics in Prometheus' text format; of all workers where there are several."""
        if MULTIPROCESS not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call] # the library does not say
        return generate_latest(together)


class Watched:
    """What the newest pass of the watch found, for alert rules. 0 is no pass, and no open alert."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, told: str, *labels: str) -> Gauge:
            name = f"credit_scoring_monitor_{name}"
            return Gauge(name, told, labels, registry=registry, multiprocess_mode="mostrecent")

        self._at = gauge("last_pass_timestamp_seconds", "When the watch made its newest pass, since 1970.")
        self._decisions = gauge("decisions", "Decisions that the newest pass compared.")
        self._alerts = gauge("alerts_open", "Alerts that are open, by check.", "code")
        self._psi = gauge("psi", "PSI of the PD, of the decisions and of the weightiest features.", "subject")
        self._expected = gauge("expected", "Figures that the PDs of the newest pass promise.", "figure")
        self._trained = gauge("trained", "The same figures in training, out of fold.", "figure")

    def take(self, newest: Pass | None, open_alerts: Sequence[Alert]) -> None:
        """Set all gauges."""
        counts = Counts(alert.code for alert in open_alerts)
        for check in CHECKS:
            self._alerts.labels(check.code).set(counts[check.code])
        if newest is None:
            return
        self._at.set(newest.at.timestamp())
        self._decisions.set(newest.total)
        for subject, psi in newest.psi.items():
            self._psi.labels(subject).set(psi)
        for gauge, figures in ((self._expected, newest.expected), (self._trained, newest.trained)):
            for name, figure in figures.items():
                gauge.labels(name).set(figure.value)
