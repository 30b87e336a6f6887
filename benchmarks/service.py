"""The service next to a bare endpoint, the usual student service and MLflow's: requests a second, latency, processor.

    python benchmarks/service.py [--rounds 3] [--seconds 1] [--write docs/benchmarks/service.md]

All on loopback, over kept connections, in a closed loop from one process, with synthetic tables, a champion of
regression and trees made in the run, and a scikit-learn wrapper of as many trees on the same matrix for the peers. The
peers take turns in short rounds; rates and processor time are medians of the rounds, latencies of all requests.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from _service_home import Made, make
from _service_servers import CannotStartError, Server, started
from _service_told import Found, page, seconds_to_import

LOAD = Path(__file__).with_name("_service_load.py")
CONNECTIONS = (1, 16)


@dataclass(frozen=True)
class Point:
    """What is asked of whom, over how many connections."""

    peer: str
    server: str
    path: str
    body: str
    connections: int


@dataclass
class Measured:
    """What the rounds of a point gave."""

    rates: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    def found(self) -> Found:
        """Return them summed up."""
        p50, p99 = np.percentile(self.latencies, [50, 99])
        return Found(statistics.median(self.rates), float(p50), float(p99), statistics.median(self.processor))


def points(servers: dict[str, Server]) -> Iterator[Point]:
    """Yield what is measured, peers of one body and load beside each other."""
    ours = [("/predict", "service"), ("/predict, log in memory", "in memory")]
    for connections in CONNECTIONS:
        for body in ("three", "full"):
            told = [("bare endpoint", "bare", "/predict", body)]
            told += [(peer, server, "/predict", body) for peer, server in ours]
            if connections > 1:
                told.append(("/predict, two workers", "two workers", "/predict", body))
            told.append(("/predict/explain", "service", "/predict/explain", body))
            told.append(("student", "student", "/predict", body))
            told.append(("student, explained", "student", "/predict/explain", body))
            if body == "full":
                told.append(("mlflow models serve", "mlflow", "/invocations", "mlflow"))
            yield from (Point(*one, connections) for one in told if one[1] in servers)
        yield Point("/applications/score", "service", "/applications/score", "application", connections)


def asked(server: Server, point: Point, body: Path, seconds: float) -> tuple[float, float, list[float]]:
    """Return requests a second, the servers' processor time of one in µs, and the latencies in ms."""
    command = [sys.executable, str(LOAD), str(server.port), point.path, str(body), str(point.connections), str(seconds)]
    before = server.processor_seconds()
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    spent = server.processor_seconds() - before
    if answer.returncode:
        raise SystemExit(f"{point}: {answer.stderr}\n{server.said()}")
    told = json.loads(answer.stdout)
    return told["requests"] / told["seconds"], 1e6 * spent / told["requests"], told["latencies"]


def contribution_ms(made: Made) -> float:
    """Return the ms that the trees' own ``pred_contrib`` takes for one application, on one thread."""
    booster, times = made.bundle.model.booster, []
    if booster is None:
        raise AssertionError("the blend has trees")
    for _ in range(20):
        began = time.perf_counter()
        booster.predict(made.row, pred_contrib=True, num_threads=1)
        times.append(1_000 * (time.perf_counter() - began))
    return statistics.median(times)


def _keep_bytecode(folder: Path) -> None:
    """Let every process that follows start as one of an installed package does: with its bytecode there."""
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="of load for each peer in each round")
    parser.add_argument("--write", type=Path, help="Markdown file to write the tables to")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="credit-scoring-bench-") as scratch, ExitStack() as stack:
        _keep_bytecode(Path(scratch))
        imported = seconds_to_import()
        made, servers, notes = make(Path(scratch)), {}, []
        for name in ("bare", "service", "in memory", "two workers", "student", "mlflow"):
            try:
                with started(name, made):
                    pass  # all that is compiled or cached once
                servers[name] = stack.enter_context(started(name, made))
            except CannotStartError as error:
                notes.append(f"{name}: skipped, {error}")
            print(f"{name}: {servers[name].start_seconds:.1f} s" if name in servers else notes[-1], file=sys.stderr)
        resting = {name: server.resident_mb() for name, server in servers.items()}
        measured: dict[Point, Measured] = {point: Measured() for point in points(servers)}
        for point in measured:
            asked(servers[point.server], point, made.bodies[point.body], 0.1)  # what is made once, is made
        contributions = []
        for number in range(options.rounds):
            for point, kept in measured.items():
                rate, processor, latencies = asked(
                    servers[point.server], point, made.bodies[point.body], options.seconds
                )
                kept.rates.append(rate)
                kept.processor.append(processor)
                kept.latencies += latencies
            contributions.append(contribution_ms(made))
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        found = {(p.connections, p.body, p.peer): kept.found() for p, kept in measured.items()}
        costs = {name: (server.start_seconds, resting[name], server.resident_mb()) for name, server in servers.items()}
    text = page(found, costs, imported, statistics.median(contributions), notes)
    print(text)
    if options.write:
        command = f"python benchmarks/service.py --write {options.write}"
        heading = f"# The service next to its peers\n\nMeasured {time.strftime('%Y-%m-%d')} by `{command}`"
        options.write.write_text(f"{heading}{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
