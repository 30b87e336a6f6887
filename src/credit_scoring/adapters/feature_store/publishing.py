"""A version takes the place of another in one step: readers see one of the two, whatever is killed when.

The folder holds one folder a version, named by digest, and ``current.json``, which is replaced last. Only one process
writes at a time; it begins by removing what a killed one left behind and every version but the current.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from credit_scoring.adapters.feature_store.version import INFO, StoreInfo
from credit_scoring.bundle.store import flush
from credit_scoring.domain.errors import StoreUnavailableError

POINTER = "current.json"
_DRAFT, _LOCK = ".draft-", ".lock"
_NAME = 16
_OURS = re.compile(rf"{re.escape(_DRAFT)}.*|[0-9a-f]{{{_NAME}}}")


class Pointer(BaseModel):
    """The digest of the current version's ``store.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: Literal[1] = 1
    current: str


def version_folder(folder: Path, digest: str) -> Path:
    """Return where the version with `digest` lies or would lie."""
    return folder / digest[:_NAME]


def read_pointer(folder: Path) -> Pointer | None:
    """Return the pointer, or ``None`` where nothing was ever loaded.

    Raises
    ------
    StoreUnavailableError
        If the pointer file is not readable as one.
    """
    path = folder / POINTER
    try:
        return Pointer.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise StoreUnavailableError(f"{path} is damaged, or of another format") from error


@contextmanager
def drafting(folder: Path) -> Iterator[Path]:
    """Give a draft folder to fill and publish, to this process alone; what is not published goes.

    Raises
    ------
    StoreUnavailableError
        If another process is writing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreUnavailableError(
                f"another process is writing to {folder}", "wait until it is done, then try again"
            ) from error
        _sweep(folder)
        draft = Path(mkdtemp(prefix=_DRAFT, dir=folder))
        try:
            yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    finally:
        os.close(lock)


def _sweep(folder: Path) -> None:
    """Remove drafts and all versions but the current one; those that a reader still holds open stay readable."""
    pointer = None
    with suppress(StoreUnavailableError):
        pointer = read_pointer(folder)
    kept = version_folder(folder, pointer.current) if pointer else None
    for path in folder.iterdir():
        if path.is_dir() and path != kept and _OURS.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)


def publish(folder: Path, draft: Path, info: StoreInfo) -> str:
    """Make the filled `draft` the current version, durably, and return its digest."""
    content = (info.model_dump_json(indent=1) + "\n").encode()
    digest = hashlib.sha256(content).hexdigest()
    (draft / INFO).write_bytes(content)
    for path in draft.iterdir():
        flush(path)
    draft.chmod(0o755)
    flush(draft)
    draft.rename(version_folder(folder, digest))
    flush(folder)
    pointer = folder / f"{_DRAFT}{POINTER}"
    pointer.write_text(Pointer(current=digest).model_dump_json() + "\n", encoding="utf-8")
    flush(pointer)
    pointer.replace(folder / POINTER)
    flush(folder)
    return digest
