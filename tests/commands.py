"""The command line as a user types it: in this process, which spares its imports, or in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from credit_scoring.cli import app
from credit_scoring.domain.errors import CreditScoringError


def typed(home: Path, *arguments: str | Path, code: int = 0) -> str:
    """Run a command here, in `home`; return what it printed. An error of ours is raised as it is."""
    done = CliRunner().invoke(app, [*map(str, arguments)], env={"CREDIT_SCORING_HOME": str(home)})
    if isinstance(done.exception, CreditScoringError):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


def apart(home: Path, *arguments: str | Path, code: int = 0, **environment: str) -> str:
    """Run Python with `arguments` in a process of its own, with `home`; return all it wrote."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=os.environ | {"CREDIT_SCORING_HOME": str(home)} | environment,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr
