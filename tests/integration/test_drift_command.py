"""``credit-scoring drift`` as a user types it: exit codes, the table, the report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.unit.monitoring.conftest import drawn_bundle, fresh
from typer.testing import CliRunner

from credit_scoring.bundle.published import Pointer, Published, PublishedBundles
from credit_scoring.bundle.store import save_bundle
from credit_scoring.cli import app
from credit_scoring.domain.errors import CreditScoringError, DataError
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.synthetic import Drift, synthesize
from credit_scoring.tables.validate import validate
from credit_scoring.training import boosting
from credit_scoring.training.boosting import Boosting
from credit_scoring.training.candidates import EXTERNAL_SCORES
from credit_scoring.training.development import TrainingOptions
from credit_scoring.training.prepare import home_credit_set
from credit_scoring.training.run import train


def typed(home: Path, *arguments: str | Path, code: int) -> str:
    """Run the command in a process of its own; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "credit_scoring", "drift", *map(str, arguments)],
        env=os.environ | {"CREDIT_SCORING_HOME": str(home)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def run(home: Path, *arguments: str | Path, code: int = 0) -> str:
    """Run the command here, which spares its imports; return what it printed."""
    done = CliRunner().invoke(app, ["drift", *map(str, arguments)], env={"CREDIT_SCORING_HOME": str(home)})
    if isinstance(done.exception, CreditScoringError):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


def report(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a champion trained on 2,500 applications."""
    home = tmp_path_factory.mktemp("watched")
    synthesize(home / "past", applications=2_500, seed=21, file_format="parquet")
    with read_tables(home / "past") as tables:
        data = home_credit_set(tables, validate(tables))
    options = TrainingOptions(folds=2, threads=1, holdout_share=0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosting, "MOST_ROUNDS", 30)
        trained = train(data, options, candidates=(Boosting("boosting", start=EXTERNAL_SCORES),)).bundle
    saved = save_bundle(trained, home / "bundle")
    published = PublishedBundles(home / "models")
    published.publish(home / "bundle")
    champion = Published(model_name="credit-scoring", version=1, digest=saved.digest)
    published.point(Pointer(champion=champion, announced=True))
    return home


def current(folder: Path, shift: float) -> Path:
    drift = Drift(test_shift=shift)
    synthesize(folder, applications=50, seed=22, file_format="parquet", drift=drift, test_applications=2_000)
    return folder


def test_no_drift_is_exit_code_0_and_expected_figures_stand_beside_those_of_training(
    home: Path, tmp_path: Path
) -> None:
    told = run(home, "--current", current(tmp_path / "same", 0.0), "-o", tmp_path / "report.json", code=0)
    assert "0 alarms, 0 notices" in told
    assert "cost per applicant" in told
    found = report(tmp_path / "report.json")
    assert found["drift"]["findings"] == []
    assert found["drift"]["rows"] == 2_000
    assert found["realised"] is None
    for name in ("auc", "cost", "decline_rate"):
        expected, trained = found["expected"][name], found["trained"][name]
        assert expected["lower"] < trained["upper"]
        assert trained["lower"] < expected["upper"]


def test_drift_is_exit_code_2_and_told_by_code(home: Path, tmp_path: Path) -> None:
    shifted = current(tmp_path / "shifted", 1.0)
    told = typed(home, "--current", shifted, "--model", home / "bundle", "-o", tmp_path / "report.json", code=2)
    findings = report(tmp_path / "report.json")["drift"]["findings"]
    assert {"notice", "alarm"} == {one["severity"] for one in findings}
    assert findings[0]["severity"] == "alarm"
    assert f"{findings[0]['code']}  {findings[0]['subject']}" in told
    (shifted / "bureau.parquet").unlink()
    (shifted / "bureau_balance.parquet").unlink()
    run(home, "--current", shifted, "-o", tmp_path / "absent.json", code=2)
    missing = {
        one["subject"] for one in report(tmp_path / "absent.json")["drift"]["findings"] if one["code"] == "CS-D04"
    }
    assert any(name.startswith("BUREAU__") for name in missing)


def test_outcomes_that_are_known_stand_beside_what_was_expected(home: Path, tmp_path: Path) -> None:
    synthesize(tmp_path / "known", applications=1_500, seed=23, file_format="parquet")
    waiting = tmp_path / "known" / "application_test.parquet"
    unknown = pl.read_parquet(waiting)["SK_ID_CURR"].implode()
    waiting.unlink()
    for path in (tmp_path / "known").iterdir():
        rows = pl.read_parquet(path)
        if "SK_ID_CURR" in rows.columns:
            rows.filter(~pl.col("SK_ID_CURR").is_in(unknown)).write_parquet(path)
    told = run(home, "--current", tmp_path / "known", "-o", tmp_path / "report.json", code=0)
    assert "Realised by 1,500 applications (all)" in told
    realised = report(tmp_path / "report.json")["realised"]
    assert realised["defaults"] > 50
    assert set(realised["realised"]) == set(realised["expected"])


def test_a_single_table_works_too(tmp_path: Path) -> None:
    save_bundle(drawn_bundle(), tmp_path / "bundle")
    same, moved = fresh(1_000, seed=31), fresh(1_000, seed=32).with_columns(pl.col("x11") * 2)
    same.write_csv(tmp_path / "same.csv")
    moved.write_csv(tmp_path / "moved.csv")
    run(tmp_path, "--current", tmp_path / "same.csv", "--model", tmp_path / "bundle", code=0)
    told = run(tmp_path, "--current", tmp_path / "moved.csv", "--model", tmp_path / "bundle", code=2)
    assert "CS-D01  x11" in told


def test_what_cannot_be_watched_is_one_sentence(home: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not a folder"):
        run(home, "--current", tmp_path / "nowhere")
    with pytest.raises(DataError, match="must end in"):
        run(home, "--current", home / "past", "-o", tmp_path / "report.txt")
    with pytest.raises(CreditScoringError, match="no champion"):
        run(tmp_path, "--current", home / "past")
