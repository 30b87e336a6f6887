"""Where a bundle comes from: data, code, libraries."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl

from credit_scoring.bundle.manifest import Provenance

LIBRARIES = ("lightgbm", "numpy", "polars", "scikit-learn", "scipy")


def data_fingerprint(matrix: pl.DataFrame) -> str:
    """Return the SHA-256 of ids, features and outcome of all rows, hold-out included."""
    fingerprint = hashlib.sha256("\n".join(matrix.columns).encode())
    for column in matrix:
        known = column.cast(pl.String) if column.dtype == pl.String else column.cast(pl.Float64)
        fingerprint.update(
            "\x1f".join(value or "" for value in known).encode()
            if known.dtype == pl.String
            else np.ascontiguousarray(known.to_numpy()).data
        )
    return fingerprint.hexdigest()


def provenance(matrix: pl.DataFrame, *, rows: dict[str, int], seed: int, threads: int) -> Provenance:
    """Return the provenance of a training on `matrix`."""
    return Provenance(
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        data_fingerprint=data_fingerprint(matrix),
        data_rows=rows,
        git_commit=_git_commit(),
        python=platform.python_version(),
        libraries={name: version(name) for name in LIBRARIES},
        seed=seed,
        threads=threads,
    )


def _git_commit() -> str:
    """Return the commit of the checkout that tracks this file, with ``-dirty`` if changed; empty elsewhere."""
    here = Path(__file__).resolve()
    try:
        for command in (["ls-files", "--error-unmatch", here.name], ["describe", "--always", "--dirty", "--exclude=*"]):
            done = subprocess.run(  # noqa: S603
                ["git", *command],  # noqa: S607
                cwd=here.parent,
                capture_output=True,
                text=True,
                check=True,
                timeout=10,
            )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
