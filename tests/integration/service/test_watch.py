"""The watch beside a real service: what it finds is told, and nothing that happens to it touches a decision."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.running import THREE_SCORES, Running, running

pytestmark = pytest.mark.slow


@pytest.fixture
def server(new_home: Callable[[], Path]) -> Iterator[Running]:
    with running(new_home()) as server:
        yield server


def monitor(server: Running, *arguments: str, code: int, file_limit: int | None = None, webhook: str = "") -> str:
    """Run a pass in a process of its own; return what it told."""

    def limit() -> None:
        if file_limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    done = subprocess.run(
        [sys.executable, "-m", "credit_scoring", "monitor", *(arguments or ("run",))],
        env=os.environ | {"CREDIT_SCORING_HOME": str(server.home), "CREDIT_SCORING_ALERT_WEBHOOK": webhook},
        preexec_fn=limit,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def decide(server: Running, times: int = 1) -> None:
    for _ in range(times):
        answer = server.client.post("/predict", json=THREE_SCORES)
        assert answer.status_code == 200, answer.text


def watched(server: Running) -> dict[str, Any]:
    answer = server.client.get("/monitoring")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@contextmanager
def listening() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A webhook on loopback, and what it was sent."""
    taken: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as listener:
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listener.server_port}/alerts", taken
        listener.shutdown()


def test_a_pass_is_told_to_the_service_the_terminal_and_the_webhook_once(server: Running) -> None:
    assert watched(server)["passes"] == []
    decide(server, 60)  # always the same three scores: nothing like training
    with listening() as (webhook, taken):
        told = monitor(server, code=2, webhook="http://127.0.0.1:9/nobody")
        assert "the next pass sends them again" in told
        monitor(server, code=0, webhook=webhook)
        monitor(server, code=0, webhook=webhook)
    (sent,) = taken
    found = watched(server)
    assert [one["decisions"] for one in found["passes"]] == 3 * [{"approve": 0, "refer": 60, "decline": 0}]
    assert len(found["alerts"]) == len(sent["alerts"]) == len(sent["text"].splitlines())
    codes = {alert["code"] for alert in found["alerts"]}
    assert {"CS-D01", "CS-D02", "CS-D04"} <= codes
    metrics = server.client.get("/metrics").text
    counts = {code: sum(alert["code"] == code for alert in found["alerts"]) for code in codes}
    for code, count in counts.items():
        assert f'credit_scoring_monitor_alerts_open{{code="{code}"}} {count:.1f}' in metrics
    assert "credit_scoring_monitor_decisions 60.0" in metrics
    shown = monitor(server, "show", code=2)
    assert shown.count("60 decisions") == 3
    assert shown.count("alert open since") == len(found["alerts"])
    assert "applications against" in monitor_drift(server)


def monitor_drift(server: Running) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "credit_scoring", "drift", "--current", "decisions", "--since", "1d"],
        env=os.environ | {"CREDIT_SCORING_HOME": str(server.home)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 2, done.stderr
    return done.stdout


def test_a_pass_over_the_past_leaves_the_alerts_and_one_over_the_future_is_refused(server: Running) -> None:
    decide(server, 20)
    monitor(server, code=2)
    alerts = watched(server)["alerts"]
    assert "this older one changes no alert" in monitor(server, "run", "--until", "7d", code=0)
    found = watched(server)
    assert found["alerts"] == alerts
    assert [sum(one["decisions"].values()) for one in found["passes"]] == [0, 20]
    assert "has not come yet" in monitor(server, "run", "--until", "2999-01-01", code=1)
    assert len(watched(server)["passes"]) == 2


def test_a_watch_that_is_broken_in_any_way_leaves_decisions_alone(server: Running) -> None:
    decide(server, 5)
    monitor(server, code=1, file_limit=20_000)  # its disk is full
    decide(server)
    assert watched(server)["passes"] == []
    book = server.home / "watch.db"
    for path in server.home.glob("watch.db*"):
        path.unlink()
    book.write_bytes(b"no database" * 1_000)
    assert "cannot be used" in monitor(server, code=1)
    decide(server)
    refused = server.client.get("/monitoring")
    assert refused.status_code == 503
    assert "decisions go on without it" in refused.json()["detail"]
    metrics = server.client.get("/metrics")
    assert metrics.status_code == 200
    assert "credit_scoring_decisions_total" in metrics.text
    assert server.client.get("/ready").status_code == 200
    book.unlink()
    monitor(server, code=2)
    assert len(watched(server)["passes"]) == 1
