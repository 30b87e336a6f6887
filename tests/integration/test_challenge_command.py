"""``challenge``, ``model compare``, ``promote``, ``rollback``, ``ledger`` as a user types them, on a real registry."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests import commands
from tests.conftest import WITH_MLFLOW, drawn_portfolio

pytest.importorskip("mlflow", reason="MLflow is not installed")

from mlflow import MlflowClient

from credit_scoring.adapters.decision_log.ids import new_id
from credit_scoring.adapters.decision_log.log import open_log
from credit_scoring.adapters.watch_book import WatchBook
from credit_scoring.bundle.published import LEDGER, Pointer, PublishedBundles
from credit_scoring.domain.errors import DataError
from credit_scoring.domain.record import Entry, Json, Outcome, Payload
from credit_scoring.training import run as training
from credit_scoring.training.logistic import Logistic

pytestmark = WITH_MLFLOW
Typed = Callable[..., str]
FILE = ("--target", "bad", "--id", "id", "--folds", "2", "--threads", "1")


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Run a command in a home of one file; training is one quick candidate."""
    monkeypatch.setattr(training, "candidates_for", lambda *_: (Logistic("logistic"),))

    return partial(commands.typed, tmp_path)


def report(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def written(tmp_path: Path, rows: int = 2_400) -> tuple[Path, Path]:
    """Write what was known once, without the column that tells most, and what is known now."""
    now = drawn_portfolio(rows).matrix
    gender = pl.Series(np.random.default_rng(3).choice(["F", "M"], rows))
    now.with_columns(CODE_GENDER=gender).write_csv(tmp_path / "now.csv")
    now.head(rows // 2).with_columns(debt=pl.col("noise") * 2).write_csv(tmp_path / "once.csv")
    return tmp_path / "once.csv", tmp_path / "now.csv"


def test_a_better_challenger_is_told_promoted_by_a_person_and_rolled_back(typed: Typed, tmp_path: Path) -> None:
    once, now = written(tmp_path)
    with pytest.raises(DataError, match="no champion to challenge"):
        typed("challenge", "--matrix", now, *FILE)
    typed("train", "--matrix", once, *FILE, "--cost-fn", "5")
    with pytest.raises(DataError, match=r"must end in \.json"):
        typed("challenge", "--matrix", now, *FILE, "-o", tmp_path / "told.txt")
    with pytest.raises(DataError, match="give --matrix FILE"):
        typed("challenge", tmp_path)
    assert len(list((tmp_path / "models").glob("*/manifest.json"))) == 1  # refused before any work
    told = typed("challenge", "--matrix", now, *FILE, "-o", tmp_path / "told.json", "--by", "grace")
    assert "PROMOTE" in told
    assert "CODE_GENDER F" in told
    found = report(tmp_path / "reports" / "challenge.json")
    assert found == report(tmp_path / "told.json")
    assert (found["comparison"]["approve_bad"], found["comparison"]["population"]) == (5, "all")
    pointer = PublishedBundles(tmp_path / "models").pointer()
    assert pointer is not None
    assert pointer.challenger is not None
    assert (pointer.champion.version, pointer.challenger.version) == (1, 2)  # nothing is promoted by itself
    client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    run_id = str(client.get_model_version("credit-scoring", "2").run_id)
    assert report(Path(client.download_artifacts(run_id, "challenge.json", str(tmp_path)))) == found
    with WatchBook(f"sqlite:///{tmp_path / 'watch.db'}") as book:
        kept = book.newest_challenge()
    assert kept is not None
    assert kept.model_dump(mode="json") == found

    typed("model", "promote", "challenger", "--by", "ada", "--reason", "cheaper")
    typed("model", "rollback", "--by", "bob")
    ledger = typed("model", "ledger")
    assert [line.split()[3] for line in ledger.splitlines()] == ["promote", "challenge", "promote", "rollback"]
    assert "by ada: cheaper" in ledger
    assert "by grace" in ledger
    today = typed("model", "ledger", "--on", datetime.now(UTC).date().isoformat()).splitlines()
    assert [line.split("version ")[1][0] for line in today] == ["1", "2", "1"]
    assert "to now" in today[-1]
    assert "no model decided" in typed("model", "ledger", "--on", "1999-01-01")


def test_a_challenger_of_nothing_new_waits_and_a_poorer_one_is_refused(typed: Typed, tmp_path: Path) -> None:
    once, now = written(tmp_path)
    typed("train", "--matrix", now, *FILE)
    (tmp_path / "watch.db").write_bytes(b"no book" * 1_000)
    told = typed("challenge", "--matrix", now, *FILE, code=4)
    assert "WAIT" in told
    assert "not told of this comparison" in told  # and the verdict stands all the same
    found = report(tmp_path / "reports" / "challenge.json")["comparison"]
    assert found["figures"]["auc"]["difference"] == {"value": 0, "lower": 0, "upper": 0}
    for artifact in tmp_path.glob("mlartifacts/**/seen.parquet"):
        artifact.unlink()
    told = typed("challenge", "--matrix", now, *FILE, code=4)
    assert "nobody can tell which of them the champion has seen" in " ".join(told.split())
    (tmp_path / "models" / LEDGER).unlink()
    assert "its beginning is unknown, to now  version 1" in typed("model", "ledger")
    once.unlink()


def test_shadows_are_compared_once_outcomes_are_known(typed: Typed, tmp_path: Path) -> None:
    once, now = written(tmp_path)
    typed("train", "--matrix", once, *FILE)
    with pytest.raises(DataError, match="there is no challenger"):
        typed("model", "compare")
    typed("train", "--matrix", now, *FILE)
    with pytest.raises(DataError, match="no decision of the champion"):
        typed("model", "compare")
    pointer = PublishedBundles(tmp_path / "models").pointer()
    assert pointer is not None
    _recorded(tmp_path, pointer)
    told = typed("model", "compare", code=2)
    assert "REFUSE" in told
    assert "Only the approved have outcomes" in told
    found = report(tmp_path / "reports" / "challenge.json")
    assert found["comparison"]["population"] == "approved"
    assert (found["comparison"]["applications"], found["comparison"]["known"]) == (400, 200)
    assert found["comparison"]["defaults"] == 50
    states = {rule["code"]: rule["state"] for rule in found["judgement"]["rules"]}
    assert (states["CS-C01"], states["CS-C04"]) == ("too_few", "not_judged")
    assert states["CS-C08"] == "failed"  # no model gives these two PDs to half of its applications each


def _recorded(home: Path, pointer: Pointer) -> None:
    """Record 400 decisions with shadows: every other is declined, and of the approved one in four defaults."""
    assert pointer.challenger is not None
    at, digests = datetime(2026, 3, 1, tzinfo=UTC), (pointer.champion.digest, pointer.challenger.digest)
    new, observed = [], []
    for number in range(400):
        p = 0.05 if number % 2 else 0.3
        said: dict[str, Json] = {"p_default": p, "decision": "approve", "cutoff": 0.1}
        decision = Entry("decision", new_id(), at, said | {"bundle": digests[0]}, Payload(applicant=number))
        new += [decision, Entry("shadow", new_id(), at, said | {"bundle": digests[1]}, Payload(), subject=decision.id)]
        if number % 2:
            observed.append(Outcome(decision=decision.id, defaulted=number % 8 == 1, observed_on=date(2026, 9, 1)))
    with open_log(f"sqlite:///{home / 'decisions.db'}") as log:
        log.append(new)
        log.outcomes(observed, at, "test")
