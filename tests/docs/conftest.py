"""A home as the documentation's reader has it: tables in DIR, two registered models, applicants, a server."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.running import running
from tests.served import MODEL, load_applicants

from credit_scoring.adapters.mlflow_registry import MlflowRegistry
from credit_scoring.bundle.published import PublishedBundles
from credit_scoring.tables.frames import Tables
from credit_scoring.tables.validate import validate
from credit_scoring.training.development import TrainingOptions
from credit_scoring.training.logistic import Logistic
from credit_scoring.training.prepare import home_credit_set
from credit_scoring.training.run import train


@dataclass(frozen=True)
class Reader:
    """Whoever follows a page: the folder they type in, the API's address, and what their commands see."""

    home: Path
    url: str
    environment: dict[str, str]


@pytest.fixture(scope="module")
def reader(
    synthetic_folder: Path, synthetic_tables: Tables, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reader]:
    home = tmp_path_factory.mktemp("reader")
    (home / "DIR").symlink_to(synthetic_folder)
    data = home_credit_set(synthetic_tables, validate(synthetic_tables))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own
        registry = MlflowRegistry(home, PublishedBundles(home / "models"), tracking_uri="", model_name=MODEL)
        for seed in (7, 8):
            options = TrainingOptions(folds=2, seed=seed, threads=1)
            _, bundle = registry.record(train(data, options, candidates=(Logistic("logistic_all"),)), promote=False)
    load_applicants(home, bundle, synthetic_tables)
    (home / ".curlrc").write_text("fail-with-body\n", encoding="utf-8")
    with running(home) as server:
        environment = os.environ | {
            "CREDIT_SCORING_HOME": str(home),
            "CURL_HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        yield Reader(home, server.url, environment)
