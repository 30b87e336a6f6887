"""The commands that the reference project's users type work as they stand; only ports are free ones here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from tests.running import free_port
from tests.served import Bundles

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
START_SECONDS = 300


@contextmanager
def started(command: list[str], home: Path, url: str, **environment: str) -> Iterator[httpx.Response]:
    """Start a command in the checkout, and give what it answers at `url`; one that died says why."""
    out = home / "output.txt"
    with out.open("w", encoding="utf-8") as written:
        process = subprocess.Popen(
            [BIN / command[0], *command[1:]],
            cwd=ROOT,
            env=os.environ | {"CREDIT_SCORING_HOME": str(home)} | environment,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield answered(process, url, out)
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # mlflow and uvicorn's reloader have children
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def answered(process: subprocess.Popen[bytes], url: str, out: Path) -> httpx.Response:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return httpx.get(url, timeout=10)
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"nothing answers at {url}: {out.read_text(encoding='utf-8')}")


def test_uvicorn_api_main(bundles: Bundles, tmp_path: Path) -> None:
    bundles.published(tmp_path)
    port = free_port()
    command = ["uvicorn", "api.main:app", "--reload", "--port", str(port)]
    with started(command, tmp_path, f"http://127.0.0.1:{port}/ready") as answer:
        assert answer.status_code == 200
        assert answer.json()["status"] == "ready"


def test_streamlit_run(tmp_path: Path) -> None:
    port = free_port()
    command = ["streamlit", "run", "streamlit_app/app.py", "--server.port", str(port), "--server.headless", "true"]
    with started(command, tmp_path, f"http://127.0.0.1:{port}/_stcore/health") as answer:
        assert answer.text == "ok"


def test_mlflow_ui(tmp_path: Path) -> None:
    port = free_port()
    command = ["mlflow", "ui", "--port", str(port), "--backend-store-uri", f"sqlite:///{tmp_path / 'mlflow.db'}"]
    told = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_WORKERS": "1"}  # four would import MLflow each
    with started(command, tmp_path, f"http://127.0.0.1:{port}/health", **told) as answer:
        assert answer.status_code == 200


def test_jupyter_notebook(tmp_path: Path) -> None:
    port = free_port()
    command = ["jupyter", "notebook", "notebooks/analysis.ipynb", "--no-browser", "--allow-root", f"--port={port}"]
    url = f"http://127.0.0.1:{port}/api/contents/analysis.ipynb?content=0&token=told"
    folders = {f"JUPYTER_{what}_DIR": str(tmp_path / what.lower()) for what in ("CONFIG", "DATA", "RUNTIME")}
    told = {"JUPYTER_TOKEN": "told"} | folders
    with started(command, tmp_path, url, **told) as answer:
        assert answer.json()["name"] == "analysis.ipynb"


def test_pytest_collects(tmp_path: Path) -> None:
    """Both lines at once, as collecting takes most of a minute."""
    options = ["-v", "--cov=api", "--cov-report=html"]
    done = subprocess.run(
        [BIN / "pytest", "tests/", *options, "--collect-only", "-q", "-p", "no:cacheprovider"],
        cwd=ROOT,
        env=os.environ | {"COVERAGE_FILE": str(tmp_path / "coverage")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
