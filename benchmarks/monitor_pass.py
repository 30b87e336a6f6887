"""A pass of the watch over a decision log, as a ratio to scanning the same decisions once; and what memory it takes.

    python benchmarks/monitor_pass.py                         # 10,000 and 100,000 decisions
    python benchmarks/monitor_pass.py 10000 100000 1000000    # a million takes some 5 GB of disk

Decisions carry all feature values that a model of the eight tables saw, resampled from made-up applications. The log is
SQLite, written by the package, one chain of entries. Peak memory is of a process of its own, above that of one that has
loaded the bundle only.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from _service_home import make
from credit_scoring.adapters.decision_log.ids import new_id
from credit_scoring.adapters.decision_log.log import open_log
from credit_scoring.adapters.decision_log.values import pack_values
from credit_scoring.bundle.store import Bundle, load_bundle
from credit_scoring.domain.record import Entry, Outcome, Payload
from credit_scoring.features.assemble import assemble
from credit_scoring.tables.read import read_tables
from credit_scoring.watch_log import watch_decisions

SIZES = (10_000, 100_000)
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
AT_ONCE = 2_000


def fill(url: str, bundle: Bundle, values: np.ndarray, decisions: int) -> None:
    """Record decisions on resampled applications over three months, a tenth of them with an outcome."""
    draw = np.random.default_rng(decisions)
    p_default = bundle.model.p_default(values)
    decided = bundle.policy.decide(p_default).to_list()
    packed, policy = pack_values(values), bundle.policy.model_dump(mode="json")
    with open_log(url) as log:
        for begin in range(0, decisions, AT_ONCE):
            chosen = draw.integers(0, len(packed), min(AT_ONCE, decisions - begin))
            at = NOON - timedelta(days=90 * (1 - begin / decisions))
            new = []
            for row in chosen.tolist():
                facts = {
                    "p_default": float(p_default[row]),
                    "decision": decided[row],
                    "cutoff": bundle.policy.cutoff,
                    "coverage": 1.0,
                    "bundle": bundle.digest,
                    "version": 1,
                    "policy": policy,
                    "caller": "benchmark",
                    "endpoint": "/predict",
                    "warnings": {},
                }
                new.append(Entry("decision", new_id(), at, facts, Payload(b"{}", packed[row], b"", row)))
            log.append(new)
            observed = [
                Outcome(decision=one.id, defaulted=bool(draw.random() < 0.08), observed_on=at.date())
                for one in new[::10]
            ]
            log.outcomes(observed, at, "benchmark")


def child(what: str, url: str, folder: str) -> None:
    """Do one thing, and print its seconds and peak memory in megabytes."""
    bundle = load_bundle(Path(folder))
    began = time.perf_counter()
    if what != "load":
        with open_log(url) as log:
            if what == "scan":
                sum(1 for _ in log.scan(kinds=("decision",)))
            else:
                watch_decisions(bundle, log, NOON - timedelta(days=100), NOON)
    seconds, peak = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    print(json.dumps([seconds, peak]))


def measured(what: str, url: str, folder: Path) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, __file__, what, url, str(folder)], check=True, capture_output=True, text=True
    )
    seconds, peak = json.loads(done.stdout)
    return seconds, peak


def main(sizes: tuple[int, ...]) -> None:
    with tempfile.TemporaryDirectory(prefix="credit-scoring-") as scratch:
        made = make(Path(scratch))
        folder = made.home / "models" / made.bundle.digest[:16]
        with read_tables(Path(scratch) / "tables") as tables:
            matrix = assemble(tables.of("application_test"))
        values = made.bundle.model.encoder.encode(matrix)
        print(f"{values.shape[1]} features, {np.isfinite(values).mean():.0%} of their values known")
        _, loaded = measured("load", "", folder)
        print("| decisions | scan once | pass | pass / scan | peak memory above loading |\n|---|---|---|---|---|")
        for decisions in sizes:
            url = f"sqlite:///{scratch}/{decisions}.db"
            fill(url, made.bundle, values, decisions)
            scan, _ = measured("scan", url, folder)
            seconds, peak = measured("pass", url, folder)
            print(
                f"| {decisions:,} | {scan:.1f} s | {seconds:.1f} s | {seconds / scan:.2f} | {peak - loaded:,.0f} MB |",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] in (["load"], ["scan"], ["pass"]):
        child(*sys.argv[1:4])
    else:
        main(tuple(map(int, sys.argv[1:])) or SIZES)
