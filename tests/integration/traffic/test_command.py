"""``credit-scoring simulate-traffic`` as it is typed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.running import running
from tests.simulated import simulated

pytestmark = pytest.mark.slow


def typed(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "credit_scoring", "simulate-traffic", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "200"})


def test_a_month_is_told_in_a_line(new_home: Callable[[], Path], tmp_path: Path) -> None:
    with simulated(new_home()) as world:
        words = ["--to", world.server.url, "--clock", str(world.clock), "--months", "2", "--applications", "15"]
        done = typed(*words, "--labels-after", "20d", "--keep", str(tmp_path / "kept"), "--drift", "2:mix 0.5")
        assert done.returncode == 0, done.stderr
        told = re.findall(
            r"^(2026-\d\d-01: 15 applications, |Simulating 2 months on .+: 30 applications \()",
            done.stderr,
            re.MULTILINE,
        )
        assert told[:2] == ["2026-01-01: 15 applications, ", "2026-02-01: 15 applications, "]
        assert told[2:] == [f"Simulating 2 months on {world.server.url}: 30 applications ("]
        assert len(world.entries("decision")) == 30
        assert (tmp_path / "kept" / "application_test.parquet").is_file()


def test_a_real_clock_is_warned_about_and_dates_all_as_of_now(new_home: Callable[[], Path]) -> None:
    with running(new_home()) as server:
        done = typed("--to", server.url, "--months", "1", "--applications", "5")
        assert done.returncode == 0, done.stderr
        assert done.stderr.startswith("note: the server's clock is real")
        found = server.client.get("/decisions").json()["decisions"]
        assert len(found) == 5
        now = datetime.now(UTC)
        assert all(now - datetime.fromisoformat(one["at"]) < timedelta(minutes=5) for one in found)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--to", "http://scoring.example.org"], "is not this machine.*--yes-send-to scoring.example.org"),
        (["--to", "http://scoring.example.org", "--yes-send-to", "other.example.org"], "is not this machine"),
        (["--to", "localhost:8000"], "is no address"),
        (["--to", "http://127.0.0.1:9", "--drift", "7:income*0.7"], "did you mean AMT_INCOME_TOTAL.*there are: MONTH:"),
        (["--to", "http://127.0.0.1:9", "--drift", "13:mix 1"], "begins in month 13"),
        (["--to", "http://127.0.0.1:9", "--labels-after", "soon"], "no number of days"),
        (["--to", "http://127.0.0.1:9", "--start", "2026-01-31"], "a day that every month has"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(words: list[str], why: str) -> None:
    done = typed(*words)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("error: ")
    assert re.search(why, done.stderr)
