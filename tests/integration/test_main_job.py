"""The command line as a user types it, each command a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from credit_scoring.training.development import TrainingSet

pytest.importorskip("mlflow", reason="MLflow is not installed")
pytestmark = pytest.mark.slow

COMMAND = Path(sys.executable).with_name("credit-scoring")


def run(home: Path, *arguments: str | Path, code: int = 0) -> str:
    """Run the command with its home folder and return all it wrote."""
    done = subprocess.run(
        [COMMAND, *map(str, arguments)],
        env=os.environ | {"CREDIT_SCORING_HOME": str(home)},
        capture_output=True,
        check=False,
        text=True,
    )
    told = done.stdout + done.stderr
    assert done.returncode == code, told
    assert "Traceback" not in told
    return told


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def tables(home: Path) -> Path:
    folder = home / "data"
    run(home, "data", "synth", folder, "--applications", "800", "--seed", "11")
    return folder


def test_tables_to_decisions(home: Path, tables: Path) -> None:
    assert "no violation" in run(home, "data", "check", tables)
    told = run(home, "train", tables, "--folds", "2", "--threads", "1")
    assert "version 1, champion" in told
    assert "Hold-out, opened once" in told
    assert "champion" in run(home, "model", "list")
    assert "cut-off" in run(home, "model", "show")
    out = home / "decisions.parquet"
    run(home, "score", tables, "--model", "champion", "-o", out)
    decisions = pl.read_parquet(out)
    assert decisions.columns == ["SK_ID_CURR", "p_default", "decision"]
    waiting = pl.read_csv(tables / "application_test.csv")
    assert sorted(waiting["SK_ID_CURR"]) == decisions["SK_ID_CURR"].to_list()
    assert decisions["p_default"].is_between(0, 1).all()
    assert set(decisions["decision"]) <= {"approve", "refer", "decline"}
    run(home, "score", tables, "--reasons", "-o", home / "reasons.csv")
    reasons = pl.read_csv(home / "reasons.csv")
    assert reasons["p_default"].to_list() == decisions["p_default"].to_list()
    assert reasons["reasons_fr"].str.contains("augmente le risque").mean() > 0.9  # type: ignore[operator]


def test_bad_input_is_one_sentence_and_exit_code_1(home: Path, tables: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    train = pl.read_csv(tables / "application_train.csv", infer_schema_length=None)
    pl.concat([train, train.head(1)]).with_columns(TARGET=pl.lit(3)).write_csv(broken / "application_train.csv")
    (broken / "bureau.csv").touch()
    told = run(home, "data", "check", broken, code=1)
    assert "bureau: the file is empty" in told
    (broken / "bureau.csv").unlink()
    told = run(home, "data", "check", broken, code=1)
    assert "application_train.SK_ID_CURR: 1 row: the key occurs more than once" in told
    assert "application_train.TARGET: 801 rows: the outcome is not 0 or 1" in told
    assert "is not a folder" in run(tmp_path, "train", tmp_path / "nowhere", code=1)
    assert "no champion" in run(tmp_path, "score", tables, code=1)
    assert "must end in" in run(home, "score", tables, "-o", tmp_path / "out.xlsx", code=1)
    run(home, "train", code=2)


def portfolio_file(portfolio: TrainingSet, folder: Path) -> Path:
    path = folder / "portfolio.csv"
    portfolio.matrix.head(300).write_csv(path)
    return path


MOMENTS = (
    ("Training", 0.2),
    ("Registering", 0.0),
    ("Registering", 0.7),
)


def deciding(pointer: Path) -> tuple[object, object]:
    """Return the champion and those before it; a challenger may be named beside them at any moment."""
    told = json.loads(pointer.read_text(encoding="utf-8"))
    return told["champion"], told["former"]


def test_a_killed_training_leaves_the_champion_and_the_next_one_works(portfolio: TrainingSet, tmp_path: Path) -> None:
    file = portfolio_file(portfolio, tmp_path)
    arguments = ["train", "--matrix", str(file), "--target", "bad", "--id", "id", "--folds", "2", "--threads", "1"]
    run(tmp_path, *arguments)
    pointer = tmp_path / "models" / "champion.json"
    champion = deciding(pointer)
    environment = os.environ | {"CREDIT_SCORING_HOME": str(tmp_path)}
    killed = 0
    for title, delay in MOMENTS:
        process = subprocess.Popen(
            [COMMAND, *arguments], env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(title):
                break
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        process.stderr.close()
        assert deciding(pointer) == champion
    assert killed >= 2  # the last delay may come too late on a fast machine
    run(tmp_path, "score", "--matrix", file, "-o", tmp_path / "d.parquet")
    assert "challenger" in run(tmp_path, *arguments)
    run(tmp_path, "model", "promote", "challenger")
    run(tmp_path, "score", "--matrix", file, "-o", tmp_path / "again.parquet")
    assert pl.read_parquet(tmp_path / "again.parquet").equals(pl.read_parquet(tmp_path / "d.parquet"))
    assert "version 1" in run(tmp_path, "model", "rollback")
    assert deciding(pointer) == champion
