"""The notebook runs anew from top to bottom."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scripts.execute_notebook import NOTEBOOK, executed

pytestmark = pytest.mark.slow


def test_it_runs_from_top_to_bottom(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CREDIT_SCORING_NOTEBOOK_APPLICATIONS", "900")
    monkeypatch.setenv("CREDIT_SCORING_HOME", str(tmp_path))
    monkeypatch.delenv("CREDIT_SCORING_DATA", raising=False)
    cells = [cell for cell in executed()["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert "900 synthetic applications" in json.dumps(cells[1]["outputs"])
    assert list(tmp_path.iterdir()) == []  # it keeps to a folder of its own
    assert not list(NOTEBOOK.parent.glob("mlruns"))
