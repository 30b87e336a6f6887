"""What the dashboard makes of whatever answers, over real sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from credit_scoring.client.api import Api, ApiError
from credit_scoring.wire.model import Health

PROBLEM = b'{"type": "urn:credit-scoring:no-model", "title": "t", "status": 503, "detail": "train one", "faults": []}'


@contextmanager
def answering(status: int, body: bytes) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Answer every request with the same, and keep the headers that were sent."""
    asked: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            asked.append({name.lower(): value for name, value in self.headers.items()} | {"path": self.path})
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=1) as client:
        yield client


def refused(api: Api) -> ApiError:
    with pytest.raises(ApiError) as told:
        api.get(Health, "/health")
    return told.value


def test_an_answer_is_a_wire_model_and_the_question_says_who_asks(http: httpx.Client) -> None:
    with answering(200, b'{"status": "ok"}') as (url, asked):
        api = Api(http, url + "/", "secret", "fr")
        assert api.get(Health, "/health", limit=3, left_out=None) == Health()
        assert api.post(Health, "/health", {"a": None}) == Health()
    assert [one["path"] for one in asked] == ["/health?limit=3", "/health"]
    assert {one["authorization"] for one in asked} == {"Bearer secret"}
    assert {one["accept-language"] for one in asked} == {"fr"}


def test_without_a_key_none_is_sent(http: httpx.Client) -> None:
    with answering(200, b'{"status": "ok"}') as (url, asked):
        Api(http, url, "", "en").get(Health, "/health")
    assert "authorization" not in asked[0]


def test_a_problem_is_told_by_its_kind(http: httpx.Client) -> None:
    with answering(503, PROBLEM) as (url, _):
        error = refused(Api(http, url, "", "en"))
    assert (error.kind, error.detail) == ("no-model", "train one")


@pytest.mark.parametrize(("status", "body"), [(502, b"<html>"), (200, b"<html>"), (200, b'{"status": "ok", "new": 1}')])
def test_another_program_is_not_taken_for_the_api(http: httpx.Client, status: int, body: bytes) -> None:
    with answering(status, body) as (url, _):
        assert refused(Api(http, url, "", "en")).kind == "foreign"


def test_nobody_and_somebody_slow_are_told_apart(http: httpx.Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert refused(Api(http, url, "", "en")).kind == "timeout"
    assert refused(Api(http, url, "", "en")).kind == "down"
