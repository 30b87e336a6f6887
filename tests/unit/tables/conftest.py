from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from credit_scoring.tables.frames import Tables
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.synthetic import synthesize


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight made-up tables as CSV, quick to copy and convert. Read only: copy it before changing a file."""
    folder = tmp_path_factory.mktemp("small") / "synth"
    synthesize(folder, applications=60, seed=4, file_format="csv")
    return folder


@pytest.fixture(scope="session")
def small_tables(small_folder: Path) -> Iterator[Tables]:
    with read_tables(small_folder) as tables:
        yield tables
