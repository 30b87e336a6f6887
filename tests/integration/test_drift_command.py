"""``credit-scoring drift`` as a user types it: exit codes, the table, the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.commands import apart, typed
from tests.trained import quick_boosting
from tests.unit.monitoring.conftest import drawn_bundle, fresh

from credit_scoring.bundle.published import Pointer, Published, PublishedBundles
from credit_scoring.bundle.store import save_bundle
from credit_scoring.domain.errors import CreditScoringError, DataError
from credit_scoring.tables.synthetic import Drift, synthesize


def report(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a champion trained on 2,500 applications."""
    home = tmp_path_factory.mktemp("watched")
    synthesize(home / "past", applications=2_500, seed=21, file_format="parquet")
    saved = save_bundle(quick_boosting(home / "past").bundle, home / "bundle")
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
    told = typed(home, "drift", "--current", current(tmp_path / "same", 0.0), "-o", tmp_path / "report.json", code=0)
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
    told = apart(
        home,
        "-m",
        "credit_scoring",
        "drift",
        "--current",
        shifted,
        "--model",
        home / "bundle",
        "-o",
        tmp_path / "report.json",
        code=2,
    )
    findings = report(tmp_path / "report.json")["drift"]["findings"]
    assert {"notice", "alarm"} == {one["severity"] for one in findings}
    assert findings[0]["severity"] == "alarm"
    assert f"{findings[0]['code']}  {findings[0]['subject']}" in told
    (shifted / "bureau.parquet").unlink()
    (shifted / "bureau_balance.parquet").unlink()
    typed(home, "drift", "--current", shifted, "-o", tmp_path / "absent.json", code=2)
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
    told = typed(home, "drift", "--current", tmp_path / "known", "-o", tmp_path / "report.json", code=0)
    assert "Realised by 1,500 applications (all)" in told
    realised = report(tmp_path / "report.json")["realised"]
    assert realised["defaults"] > 50
    assert set(realised["realised"]) == set(realised["expected"])


def test_a_single_table_works_too(tmp_path: Path) -> None:
    save_bundle(drawn_bundle(), tmp_path / "bundle")
    same, moved = fresh(1_000, seed=31), fresh(1_000, seed=32).with_columns(pl.col("x11") * 2)
    same.write_csv(tmp_path / "same.csv")
    moved.write_csv(tmp_path / "moved.csv")
    typed(tmp_path, "drift", "--current", tmp_path / "same.csv", "--model", tmp_path / "bundle", code=0)
    told = typed(tmp_path, "drift", "--current", tmp_path / "moved.csv", "--model", tmp_path / "bundle", code=2)
    assert "CS-D01  x11" in told


def test_what_cannot_be_watched_is_one_sentence(home: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not a folder"):
        typed(home, "drift", "--current", tmp_path / "nowhere")
    with pytest.raises(DataError, match="must end in"):
        typed(home, "drift", "--current", home / "past", "-o", tmp_path / "report.txt")
    with pytest.raises(CreditScoringError, match="no champion"):
        typed(tmp_path, "drift", "--current", home / "past")
