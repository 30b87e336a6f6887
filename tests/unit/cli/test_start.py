from __future__ import annotations

import subprocess
import sys

SLOW = ("lightgbm", "scipy", "sklearn", "pandas", "mlflow", "shap", "matplotlib", "fastapi")


def test_the_program_starts_without_what_only_some_commands_need() -> None:
    loaded = "import credit_scoring.cli.entry, sys; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, text=True)
    assert not {name for name in SLOW if name in done.stdout.split()}
