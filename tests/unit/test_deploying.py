"""A deployment that does not answer as it should is taken back to what was live before, and nothing else is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/deploy_render.py"


class Render(ThreadingHTTPServer):
    """Render's API as its reference tells it, and the service that it runs: all on one loopback port."""

    def __init__(self, *, ends: str, asks_for_key: bool) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ends, self.asks_for_key = ends, asks_for_key
        self.posted: list[tuple[str, object]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, path: str) -> tuple[int, object]:
        deploys = [{"deploy": {"id": name, "status": name}} for name in ("build_failed", "live", "deactivated")]
        answers: dict[str, tuple[int, object]] = {
            "": (200, {"serviceDetails": {"url": self.url}}),
            "/deploys": (200, deploys),
            "/deploys/new": (200, {"status": self.ends}),
            "/deploys/back": (200, {"status": "live"}),
            "/metrics": (401 if self.asks_for_key else 200, {}),
            "/ready": (200, {}),
            "/health": (200, {}),
        }
        return answers.get(path.partition("?")[0].removeprefix("/services/srv"), (404, {}))


class Handler(BaseHTTPRequestHandler):
    server: Render

    def do_GET(self) -> None:
        self.reply(*self.server.answer(self.path))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.posted.append((self.path.rpartition("/")[2], body))
        self.reply(201, {"id": "back" if self.path.endswith("rollback") else "new"})

    def reply(self, status: int, body: object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def render(*, ends: str, asks_for_key: bool) -> Iterator[Render]:
    with Render(ends=ends, asks_for_key=asks_for_key) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def deploy(url: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {"RENDER_API_URL": url, "RENDER_POLL_SECONDS": "0", "CREDIT_SCORING_API_KEY": ""}
    return subprocess.run(
        [sys.executable, SCRIPT, "abc123"],
        env=os.environ | known | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("ends", "asks_for_key", "code", "rolled_back"),
    [("live", True, 0, False), ("live", False, 1, True), ("build_failed", True, 1, False)],
)
def test_only_what_is_live_and_wrong_is_rolled_back(
    ends: str, asks_for_key: bool, code: int, rolled_back: bool
) -> None:
    with render(ends=ends, asks_for_key=asks_for_key) as server:
        done = deploy(server.url, RENDER_API_KEY="one", RENDER_SERVICE_ID="srv")
    assert done.returncode == code, done.stderr
    expected: list[tuple[str, object]] = [("deploys", {"commitId": "abc123"})]
    assert server.posted == expected + [("rollback", {"deployId": "live"})] * rolled_back


def test_without_its_secrets_nothing_is_deployed() -> None:
    with render(ends="live", asks_for_key=True) as server:
        done = deploy(server.url, RENDER_API_KEY="", RENDER_SERVICE_ID="srv")
    assert (done.returncode, server.posted) == (0, [])
    assert "skipped" in done.stdout
