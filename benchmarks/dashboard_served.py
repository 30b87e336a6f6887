"""What the dashboard's benchmark looks at: a home with applicants, decisions and passes of the watch, and servers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from credit_scoring.adapters.decision_log.log import open_log
from credit_scoring.adapters.feature_store import FeatureStore
from credit_scoring.adapters.watch_book import WatchBook
from credit_scoring.bundle.published import Pointer, Published, PublishedBundles
from credit_scoring.bundle.store import load_bundle
from credit_scoring.features.assemble import assemble
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.synthetic import synthesize
from credit_scoring.watch_log import record_pass, watch_decisions
from feature_store import MADE, champion, repeated

API, DASHBOARD, PEER = "http://127.0.0.1:8123", "http://127.0.0.1:8623", "http://127.0.0.1:8624"
DECIDED, PASSES = 200, 12
PEER_APP = """
import plotly.graph_objects as go
import streamlit as st

st.title("Peer")
st.plotly_chart(go.Figure(go.Bar(x=[1], y=[1])))
"""


def stocked(home: Path, applicants: int) -> None:
    """Make a home with a champion and as many stored applicants."""
    bundle, _ = champion(home)
    published = PublishedBundles(home / "models")
    published.publish(home / "first")
    decides = Published(model_name="credit-scoring", version=1, digest=bundle.digest)
    published.point(Pointer(champion=decides, announced=True))
    synthesize(home / "data", applications=MADE, seed=7, file_format="parquet")
    with read_tables(home / "data") as tables:
        matrix = assemble(tables.of("application_train")).drop("TARGET")
        columns = tables.columns_of("application_train")
    FeatureStore(home / "applicants").load(
        repeated(matrix, applicants), bundle=bundle, applications="application_test", columns=columns, tables={}
    )


def watched(home: Path) -> None:
    """Decide on some applicants and let the watch pass over that, a pass a month."""
    listed = httpx.get(f"{API}/applicants", params={"limit": DECIDED}, timeout=60).json()["applicants"]
    for one in listed:
        httpx.post(f"{API}/applicants/{one['applicant']}/score", timeout=60).raise_for_status()
    bundle, now = load_bundle(home / "first"), datetime.now(UTC)
    with open_log(f"sqlite:///{home / 'decisions.db'}") as log, WatchBook(f"sqlite:///{home / 'watch.db'}") as book:
        found = watch_decisions(bundle, log, now - timedelta(days=30), now)
        for months in reversed(range(PASSES)):
            until = now - timedelta(days=30 * months)
            record_pass(book, bundle, 1, replace(found, until=until), until)


@contextmanager
def running(url: str, command: list[str], home: Path) -> Iterator[None]:
    """Run a command of Python's until the block ends, once it answers at `url`."""
    environment = os.environ | {"CREDIT_SCORING_HOME": str(home)}
    process = subprocess.Popen(
        [sys.executable, *command], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            try:
                httpx.get(url, timeout=5).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def serving(home: Path) -> AbstractContextManager[None]:
    """Run the API."""
    return running(f"{API}/ready", ["-m", "credit_scoring", "serve", "--port", port(API)], home)


def dashboard_runs(home: Path) -> AbstractContextManager[None]:
    """Run the dashboard."""
    command = ["-m", "credit_scoring", "dashboard", "--api", API, "--port", port(DASHBOARD)]
    return running(f"{DASHBOARD}/_stcore/health", command, home)


def peer_runs(home: Path) -> AbstractContextManager[None]:
    """Run the smallest app that draws a chart."""
    file = home / "peer.py"
    file.write_text(PEER_APP, encoding="utf-8")
    command = ["-m", "streamlit", "run", str(file), "--server.port", port(PEER), "--server.headless", "true"]
    return running(f"{PEER}/_stcore/health", command, home)


def port(url: str) -> str:
    return url.rpartition(":")[2]


def api_seconds() -> float:
    """Return how long the API has worked on requests so far."""
    told = httpx.get(f"{API}/metrics", timeout=30).text
    return sum(map(float, re.findall(r"^credit_scoring_request_seconds_sum\{[^}]*\} (\S+)", told, re.MULTILINE)))
