from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from credit_scoring.tables.read import Tables, read_tables
from credit_scoring.tables.synthetic import synthesize

REAL_DATA = "CREDIT_SCORING_REAL_DATA"


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
