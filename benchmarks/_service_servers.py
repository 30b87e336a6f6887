"""The servers that are measured, each a process, with the memory and processor time of all that it started."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from _service_home import Made

PEERS = Path(__file__).with_name("_service_peers.py")
MEMORY = Path("/dev/shm")  # noqa: S108 - for its lack of a disk
PATIENCE_SECONDS = 60


class CannotStartError(Exception):
    """A peer that is not measured, and why."""


@dataclass
class Server:
    """A server that answers on `port`."""

    process: psutil.Popen
    port: int
    out: Path
    start_seconds: float

    def _tree(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def processor_seconds(self) -> float:
        """Return the processor time spent so far."""
        return sum(sum(one.cpu_times()[:2]) for one in self._tree())

    def resident_mb(self) -> float:
        """Return the resident memory in MB; what processes share counts for each."""
        return float(sum(one.memory_info().rss for one in self._tree())) / 1e6

    def said(self) -> str:
        return self.out.read_text(encoding="utf-8", errors="replace")[-2_000:]

    def stop(self) -> None:
        tree = self._tree()
        for one in tree:
            one.terminate()
        for one in psutil.wait_procs(tree, timeout=20)[1]:
            one.kill()


@contextmanager
def started(name: str, made: Made) -> Iterator[Server]:
    """Give the server of that name once it is ready; it ends with the context.

    Raises
    ------
    CannotStartError
        If it does not become ready.
    """
    with tempfile.TemporaryDirectory(prefix="credit-scoring-bench-", dir=_place(name)) as scratch:
        home, port = Path(scratch), _free_port()
        if name in {"service", "in memory", "two workers"}:
            shutil.copytree(made.home, home, dirs_exist_ok=True)
        out = home / "said.txt"
        with out.open("w", encoding="utf-8") as said:
            began = time.perf_counter()
            process = psutil.Popen(
                _command(name, port, made.peers),
                env=os.environ | {"CREDIT_SCORING_HOME": str(home), "PATH": _path()},
                cwd=home,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        server = Server(process, port, out, 0.0)
        try:
            _wait(server, {"bare": "/docs", "student": "/docs", "mlflow": "/ping"}.get(name, "/ready"))
            server.start_seconds = time.perf_counter() - began
            yield server
        finally:
            server.stop()


def _place(name: str) -> Path | None:
    if name != "in memory":
        return None
    if not MEMORY.is_dir():
        raise CannotStartError(f"there is no {MEMORY} to keep the log in memory")
    return MEMORY


def _command(name: str, port: int, peers: Path) -> list[str]:
    if name in {"bare", "student"}:
        return [sys.executable, str(PEERS), name, str(port), str(peers)]
    if name == "mlflow":
        served = ["models", "serve", "-m", str(peers / "mlflow"), "-h", "127.0.0.1", "-p", str(port)]
        return [sys.executable, "-m", "mlflow", *served, "--env-manager", "local"]
    workers = ["--workers", "2"] if name == "two workers" else []
    return [sys.executable, "-m", "credit_scoring", "serve", "--port", str(port), *workers]


def _path() -> str:
    """Return the search path with this environment's commands first: MLflow calls some by name."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def _wait(server: Server, path: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    lines = server.said().strip().splitlines() or ["it said nothing"]
    raise CannotStartError(f"it is not ready after {PATIENCE_SECONDS} s at most: {lines[-1][:200]}")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
