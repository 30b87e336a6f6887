"""What the benchmark of the service found, as Markdown: figures, costs, and the goals beside them."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

BODIES = {"three": "3 features", "full": "all features", "mlflow": "all features", "application": "application"}
_IMPORT = (
    "import time; began = time.perf_counter(); import credit_scoring.service.app; print(time.perf_counter() - began)"
)


class Found(NamedTuple):
    """Requests a second, latencies in ms, and the servers' processor time of a request in µs."""

    rate: float
    p50: float
    p99: float
    processor: float


Key = tuple[int, str, str]
Figures = Mapping[Key, Found]
Costs = Mapping[str, tuple[float, float, float]]


def seconds_to_import() -> float:
    """Return the seconds that importing the service takes, each time in a new process; the median of three."""
    command = [sys.executable, "-c", _IMPORT]
    runs = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(4)]
    return statistics.median(map(float, runs[1:]))


def page(found: Figures, costs: Costs, imported: float, contribution: float, notes: Sequence[str]) -> str:
    """Return the page below its first sentence."""
    lines = [
        f" on {os.cpu_count()} shared cores. A closed loop from one process on loopback; µs are the processor time",
        "that a server and all its processes spend on a request. Ratios are to the bare endpoint, which parses and",
        "validates the same body and answers a constant, in the same rounds. The log is SQLite with",
        "`synchronous=FULL`; in memory, its file lies where syncing costs nothing.",
        "",
        "| connections | body | peer | requests/s | ÷ bare | p50, ms | p99, ms | µs | ÷ bare |",
        "| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(_row(found, key) for key in found),
        "",
        "| server | ready after, s | resident at start, MB | after the load, MB |",
        "| --- | ---: | ---: | ---: |",
        *(f"| {name} | {start:.1f} | {first:.0f} | {last:.0f} |" for name, (start, first, last) in costs.items()),
        "",
        f"Importing the service takes {imported:.2f} s. The trees' own `pred_contrib` of one application takes",
        f"{contribution:.2f} ms on one thread.",
        "",
        *(f"- {note}" for note in notes),
        *([""] if notes else []),
        "| goal | found | |",
        "| --- | --- | --- |",
        *_goals(found, contribution),
        "",
    ]
    return "\n".join(lines)


def _row(found: Figures, key: Key) -> str:
    connections, body, peer = key
    one, bare = found[key], found.get((connections, "full" if body == "mlflow" else body, "bare endpoint"))
    rate, processor = (
        ("", "") if bare is None else (f"{one.rate / bare.rate:.2f}", f"{one.processor / bare.processor:.2f}")
    )
    cells = [str(connections), BODIES[body], peer, f"{one.rate:,.0f}", rate, f"{one.p50:.2f}", f"{one.p99:.2f}"]
    return "| " + " | ".join([*cells, f"{one.processor:,.0f}", processor]) + " |"


def _goals(found: Figures, contribution: float) -> list[str]:
    lines = []
    for body in ("three", "full"):
        ours, bare, student = (found[16, body, peer] for peer in ("/predict", "bare endpoint", "student"))
        told = f"`/predict`, 16 connections, {BODIES[body]}"
        share, more = ours.rate / bare.rate, ours.rate / student.rate
        lines.append(_goal(f"{told}: 60 % of the bare endpoint", f"{share:.0%}", share >= 0.6))
        lines.append(_goal(f"{told}: 10 times the student service", f"{more:.1f} times", more >= 10))
    for body in ("three", "full"):
        explained = found[1, body, "/predict/explain"].p50
        share = explained / (found[1, body, "/predict"].p50 + contribution)
        goal = f"`/predict/explain`, {BODIES[body]}: 1.3 times `pred_contrib` and `/predict`"
        lines.append(_goal(goal, f"{share:.2f} times (p50, 1 connection)", share <= 1.3))
    for connections in (1, 16):
        arriving = found[connections, "application", "/applications/score"].p50
        times = arriving / found[connections, "three", "/predict"].p50
        goal = f"`/applications/score` p50 under 15 times `/predict`, connections: {connections}"
        lines.append(_goal(goal, f"{times:.1f} times", times < 15))
    for body in ("three", "full"):
        one, two = (found.get((16, body, peer)) for peer in ("/predict", "/predict, two workers"))
        if one and two:
            lines.append(f"| two workers, {BODIES[body]}: measured | {two.rate / one.rate:.2f} times one | |")
    return lines


def _goal(goal: str, found: str, met: bool) -> str:
    return f"| {goal} | {found} | {'met' if met else '**not met**'} |"
