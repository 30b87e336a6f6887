"""A folder that appears whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from credit_scoring.domain.errors import DataError


@contextmanager
def appearing(out: Path) -> Iterator[Path]:
    """Give a folder beside ``out`` to write to; it becomes ``out`` if all went well, else it goes."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        message = f"{out} exists and is not an empty folder; name another, or remove it first"
        raise DataError(message)
    out.parent.mkdir(parents=True, exist_ok=True)
    staging = out.parent / f".{out.name}.partial"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        yield staging
        staging.replace(out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
