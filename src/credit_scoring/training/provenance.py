"""Where a bundle comes from: data, code, libraries."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from credit_scoring.bundle.manifest import Provenance

LIBRARIES = ("lightgbm", "numpy", "polars", "scikit-learn", "scipy")


def provenance(
    values: NDArray[np.float64],
    defaulted: NDArray[np.bool_],
    *,
    rows: dict[str, int],
    seed: int,
    threads: int,
) -> Provenance:
    """Return the provenance of a training on encoded `values`; the fingerprint is their SHA-256."""
    fingerprint = hashlib.sha256(np.ascontiguousarray(values).data)
    fingerprint.update(defaulted.tobytes())
    return Provenance(
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        data_fingerprint=fingerprint.hexdigest(),
        data_rows=rows,
        git_commit=_git_commit(),
        python=platform.python_version(),
        libraries={name: version(name) for name in LIBRARIES},
        seed=seed,
        threads=threads,
    )


def _git_commit() -> str:
    """Return the commit of the checkout this package runs from, with ``-dirty`` if changed; empty elsewhere."""
    here = Path(__file__).resolve().parent
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],  # noqa: S607
            cwd=here,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip()
