"""A simulated clock dates everything that is recorded, and nothing that it dates can be taken for real."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.running import THREE_SCORES, Running, eventually, running
from tests.served import Bundles

from credit_scoring.adapters.clock import move
from credit_scoring.adapters.decision_log.log import open_log
from credit_scoring.bundle.published import Pointer

pytestmark = pytest.mark.slow
NEW_YEAR = datetime(2031, 1, 1, tzinfo=UTC)
REVIEW = {"action": "override", "decision": "approve", "reason_code": "income_verified", "reviewer": "C. Martin"}


def test_all_entries_carry_the_moment_and_say_whose_it_is(
    new_home: Callable[[], Path], bundles: Bundles, tmp_path: Path
) -> None:
    home, file = new_home(), tmp_path / "clock"
    bundles.published(home).point(Pointer(champion=bundles.version(1), challenger=bundles.version(2), announced=True))
    move(file, NEW_YEAR)
    with running(home, "--workers", "2", CREDIT_SCORING_SIMULATED_CLOCK=str(file)) as server:
        assert "the clock is simulated" in server.output
        moments = [NEW_YEAR + timedelta(days=day) for day in range(20)]
        made = []
        for moment in moments:
            move(file, moment)
            made.append([server.client.post("/predict", json=THREE_SCORES).json()["decision_id"] for _ in range(3)])
            assert server.client.get("/ready").json()["notes"] == [
                f"the clock is simulated: it is {moment.isoformat()}"
            ]
        move(file, last := NEW_YEAR + timedelta(days=400))
        assert server.client.post(f"/decisions/{made[0][0]}/review", json=REVIEW).status_code == 201
        outcome = {"decision_id": made[0][0], "defaulted": False, "observed_on": "2032-01-01"}
        assert server.client.post("/outcomes", json={"outcomes": [outcome]}).json()["recorded"] == 1
        eventually(lambda: server.client.get(f"/decisions/{made[-1][-1]}").json()["shadows"])
    with open_log(f"sqlite:///{home / 'decisions.db'}") as log:
        found = list(log.scan(kinds=("decision", "shadow", "review", "outcome")))
        assert {one.entry.facts["clock"] for one in found} == {"simulated"}
        assert {one.entry.kind for one in found} == {"decision", "shadow", "review", "outcome"}
        at = {one.entry.id: one.entry.at for one in found}
        assert [[at[one] for one in day] for day in made] == [[moment] * 3 for moment in moments]
        assert {one.entry.at for one in found if one.entry.kind in {"review", "outcome"}} == {last}
        log.verify()


def test_a_clock_that_tells_no_moment_stops_the_start_and_no_decision_is_dated_otherwise(
    new_home: Callable[[], Path], tmp_path: Path
) -> None:
    home, file = new_home(), tmp_path / "clock"
    setting = {"CREDIT_SCORING_SIMULATED_CLOCK": str(file), "CREDIT_SCORING_HOME": str(home)}
    for written in (None, "soon", "2031-01-01T00:00:00"):
        if written:
            file.write_text(written)
        done = subprocess.run(
            [sys.executable, "-m", "credit_scoring", "serve", "--port", "0"],
            env=os.environ | setting,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr.startswith(f"error: the simulated clock {file} cannot be read")
        assert "Traceback" not in done.stderr
    move(file, NEW_YEAR)
    with running(home, **setting) as server:
        file.unlink()
        for path in ("/predict", "/predict/explain"):
            answer = server.client.post(path, json=THREE_SCORES)
            assert (answer.status_code, "simulated clock" in answer.json()["detail"]) == (503, True)
        move(file, NEW_YEAR)
        assert server.client.post("/predict", json=THREE_SCORES).status_code == 200
        assert len(server.client.get("/decisions").json()["decisions"]) == 1


def test_the_real_clock_leaves_no_mark(server: Running) -> None:
    told = server.client.post("/predict", json=THREE_SCORES).json()
    record = server.client.get(f"/decisions/{told['decision_id']}").json()
    assert "clock" not in record["facts"]
    assert abs(datetime.fromisoformat(record["at"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert server.client.get("/ready").json()["notes"] == []
