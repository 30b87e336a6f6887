"""A real server in a process of its own, on loopback, and the home it serves."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

START_SECONDS = 120
THREE_SCORES = {"features": {"EXT_SOURCE_1": 0.5, "EXT_SOURCE_2": 0.6, "EXT_SOURCE_3": 0.7}}


@dataclass
class Running:
    """A server that listens; ``client`` talks to it."""

    home: Path
    port: int
    environment: Mapping[str, str]
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[str] = field(init=False)
    client: httpx.Client = field(init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        return (self.home / "server.txt").read_text(encoding="utf-8")

    def start(self, *, wait: bool = True) -> None:
        command = [sys.executable, "-m", "credit_scoring", "serve", "--port", str(self.port), *self.arguments]
        with (self.home / "server.txt").open("a", encoding="utf-8") as out:
            self.process = subprocess.Popen(
                command,
                cwd=self.home,
                env=os.environ | {"CREDIT_SCORING_HOME": str(self.home)} | dict(self.environment),
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self.client = httpx.Client(base_url=self.url, timeout=60)
        if wait:
            self.wait()

    def wait(self) -> None:
        """Wait until the server answers; a server that died says why."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                self.client.get("/health", timeout=5)
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"the server does not answer: {self.output}")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.client.close()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)
        self.client.close()


def eventually(true: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something is true; fail if it is not in time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running(home: Path, *arguments: str, **environment: str) -> Iterator[Running]:
    """Serve `home`; `environment` are settings."""
    server = Running(home, free_port(), environment, arguments)
    server.start()
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()
