"""The notebook as committed: of one run, with outputs that tell nothing of a machine."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "analysis.ipynb"
# A path, or a word about where it ran, would differ on every machine.
_OF_A_MACHINE = re.compile(r"/(?:home|root|tmp|usr|opt|work|Users)/|site-packages|[A-Z]:\\\\")
MOST_BYTES = 2_000_000


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


@pytest.fixture(scope="module")
def committed() -> list[dict[str, Any]]:
    return code_cells(json.loads(NOTEBOOK.read_text(encoding="utf-8")))


def test_it_defines_nothing(committed: list[dict[str, Any]]) -> None:
    defining = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    for cell in committed:
        assert not any(isinstance(node, defining) for node in ast.walk(ast.parse("".join(cell["source"]))))


def test_it_is_committed_as_one_run_from_top_to_bottom(committed: list[dict[str, Any]]) -> None:
    assert [cell["execution_count"] for cell in committed] == list(range(1, len(committed) + 1))
    outputs = [output for cell in committed for output in cell["outputs"]]
    assert not [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) >= 10
    assert "synthetic applications, seed" in json.dumps(outputs[0])


def test_its_outputs_tell_nothing_of_a_machine(committed: list[dict[str, Any]]) -> None:
    assert NOTEBOOK.stat().st_size < MOST_BYTES
    for cell in committed:
        assert "execution" not in cell["metadata"]  # when a cell ran
        for output in cell["outputs"]:
            told = {kind: text for kind, text in output.get("data", {}).items() if kind != "image/png"}
            assert not _OF_A_MACHINE.search(json.dumps([told, output.get("text", "")]))
