"""What is generated from the code is in step with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_reference_is_what_the_code_says() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "generate_reference.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_readme_tells_the_quality_that_was_measured() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    measured = (ROOT / "docs" / "benchmarks" / "quality.md").read_text(encoding="utf-8")
    block = readme.split("<!-- quality -->")[1].split("<!-- /quality -->")[0]
    rows = [line for line in block.splitlines() if line.startswith("| ") and "AUC" not in line]
    assert rows
    for row in rows:
        _, model, auc, cost = (cell.strip() for cell in row.strip("|").split("|"))
        assert f"{auc} " in measured
        assert f"{cost} " in measured
        assert model.strip("*") in measured
