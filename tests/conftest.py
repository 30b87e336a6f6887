from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import settings

from credit_scoring.bundle.manifest import FeatureCard
from credit_scoring.domain.text import Text
from credit_scoring.tables.frames import Tables
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.synthetic import synthesize
from credit_scoring.training.development import TrainingSet

pytest_plugins = ["tests.served"]
REAL_DATA = "CREDIT_SCORING_REAL_DATA"
# What takes longest begins first: begun last, it would keep one process busy after all the others are done.
LONGEST = (
    "test_main_job.py",
    "test_year.py",
    "test_code_blocks.py",
    "test_watch.py",
    "test_crash.py",
    "test_documented_commands.py",
    "test_months.py",
    "test_spark.py",
    "test_parity.py",
    "test_app.py",
    "test_challenger.py",
    "test_run.py",
)
# What MLflow in this process warns of is its own; it leaves database connections to the collector.
WITH_MLFLOW = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out a file of which `make test` asks nothing: each process would import what all of them need."""
    asked = config.option.markexpr
    if collection_path.suffix != ".py" or asked not in ("slow", "not slow"):
        return None
    text = collection_path.read_text(encoding="utf-8")
    if asked == "slow":
        return True if "mark.slow" not in text and "WITH_MLFLOW" not in text else None
    return True if re.search(r"^pytestmark = (pytest\.mark\.slow|WITH_MLFLOW)$", text, re.MULTILINE) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


# Where the tests were started in the background, Ctrl-C is ignored, and would be by the programs that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A shared machine is slow now and then: that says nothing about a law.
settings.register_profile("credit_scoring", deadline=None)
settings.load_profile("credit_scoring")


@pytest.fixture(scope="session")
def synthetic_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight made-up tables as CSV. Read only: copy it before changing a file."""
    folder = tmp_path_factory.mktemp("synthetic") / "synth"
    synthesize(folder, applications=400, seed=3, file_format="csv")
    return folder


@pytest.fixture(scope="session")
def synthetic_tables(synthetic_folder: Path) -> Iterator[Tables]:
    with read_tables(synthetic_folder) as tables:
        yield tables


@pytest.fixture(scope="session")
def real_folder() -> Callable[[str], Path]:
    """Find a folder of real tables by name (all_tables, five_tables, application_only), or skip the test."""

    def find(name: str) -> Path:
        root = os.environ.get(REAL_DATA)
        if not root:
            pytest.skip(f"needs real rows: set {REAL_DATA} to the folder that holds {name}/")
        folder = Path(root) / name
        if not folder.is_dir():
            pytest.skip(f"needs real rows: {REAL_DATA} holds no {name}/")
        return folder

    return find


def drawn_portfolio(rows: int = 1_200, seed: int = 0) -> TrainingSet:
    """Return a drawn single-table portfolio: default depends on two numbers and a category, some values are missing."""
    generator = np.random.default_rng(seed)
    income, debt = generator.normal(size=rows), generator.normal(size=rows)
    job = generator.choice(["clerk", "farmer", "nurse"], rows)
    odds = -2.0 + 1.2 * debt - 0.8 * income + np.where(job == "farmer", 0.9, 0.0)
    bad = generator.random(rows) < 1 / (1 + np.exp(-odds))
    missing = generator.random(rows) < 0.1
    matrix = pl.DataFrame(
        {
            "id": np.arange(rows),
            "income": pl.Series(income).set(pl.Series(missing), None),
            "debt": debt,
            "noise": generator.normal(size=rows),
            "job": job,
            "bad": bad.astype(np.float64),
        }
    )
    cards = tuple(
        FeatureCard(
            name=name,
            kind="category" if name == "job" else "number",
            unit="",
            concept=name,
            meaning=Text(name.capitalize(), f"{name} (fr)"),
            sources=(name,),
        )
        for name in ("income", "debt", "noise", "job")
    )
    return TrainingSet(matrix, cards, "matrix", "id", "bad", {"drawn": rows})


@pytest.fixture(scope="session")
def portfolio() -> TrainingSet:
    return drawn_portfolio()
