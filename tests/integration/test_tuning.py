"""Tuning as a user runs it: several processes on one study, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from credit_scoring.training.development import TrainingSet
from credit_scoring.training.parameters import read_parameters

optuna = pytest.importorskip("optuna", reason="needs the train extra")
pytestmark = pytest.mark.slow

from optuna import Study  # noqa: E402
from optuna.storages import RDBStorage  # noqa: E402
from optuna.trial import FrozenTrial, TrialState  # noqa: E402
from sqlalchemy import create_engine, make_url, text  # noqa: E402
from sqlalchemy.exc import SQLAlchemyError  # noqa: E402

COMMAND = Path(sys.executable).with_name("credit-scoring")
POSTGRES = "CREDIT_SCORING_TEST_POSTGRES"
OPTIONS = ("--target", "bad", "--id", "id", "--folds", "2", "--threads", "1")


def started(home: Path, *arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [COMMAND, *map(str, arguments)],
        env=os.environ | {"CREDIT_SCORING_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process: subprocess.Popen[str], code: int = 0) -> str:
    told, _ = process.communicate(timeout=300)
    assert process.returncode == code, told
    assert "Traceback" not in told
    return told


def trials_of(url: str) -> list[FrozenTrial]:
    database = RDBStorage(url)
    try:
        study: Study = optuna.load_study(study_name="tuning", storage=database)
        return study.get_trials()
    finally:
        database.remove_session()
        database.engine.dispose()


@pytest.fixture
def file(portfolio: TrainingSet, tmp_path: Path) -> Path:
    path = tmp_path / "portfolio.csv"
    portfolio.matrix.head(260).write_csv(path)
    return path


def two_processes_share(storage: str, home: Path, file: Path, *options: str) -> None:
    tune = ["tune", "--matrix", str(file), *OPTIONS, "--trials", "2", *options]
    both = [started(home, *tune, "-o", home / f"{number}.json") for number in range(2)]
    for process in both:
        told = ended(process)
        assert "flatters itself" in told or "keep them" in told
    one, other = (read_parameters(home / f"{number}.json") for number in range(2))
    assert one.made_on == other.made_on
    trials = trials_of(storage)
    assert [trial.number for trial in trials] == list(range(4))
    assert {trial.state for trial in trials} <= {TrialState.COMPLETE, TrialState.PRUNED}
    assert len({str(trial.params) for trial in trials if not trial.user_attrs}) >= 2


def test_two_processes_share_a_study(file: Path, tmp_path: Path) -> None:
    two_processes_share(f"sqlite:///{tmp_path / 'tuning.db'}", tmp_path, file)


@pytest.fixture
def database() -> Iterator[str]:
    """A database of its own: Optuna's tables and another program's would share the name of their version table."""
    url = make_url(os.environ.get(POSTGRES) or pytest.skip(f"set {POSTGRES} to a database's URL"))
    name = f"tuning_{os.getpid()}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield url.set(database=name).render_as_string(hide_password=False)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def test_two_processes_share_a_study_on_postgres(file: Path, tmp_path: Path, database: str) -> None:
    two_processes_share(database, tmp_path, file, "--storage", database)


def test_ctrl_c_keeps_what_is_finished(file: Path, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path / 'tuning.db'}"
    process = started(tmp_path, "tune", "--matrix", file, *OPTIONS, "--trials", "50")
    until = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < until:
        with suppress(KeyError, SQLAlchemyError):  # not made yet
            if any(trial.state == TrialState.COMPLETE for trial in trials_of(storage)):
                break
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    assert "stopped" in ended(process, 130)
    states = [trial.state for trial in trials_of(storage)]
    assert TrialState.COMPLETE in states
    assert set(states[:-1]) <= {TrialState.COMPLETE, TrialState.PRUNED}
