"""One published version: a folder of a file that describes it, the index and the feature values."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from credit_scoring.adapters.feature_store.search import Index
from credit_scoring.adapters.feature_store.standing import Comparison
from credit_scoring.adapters.feature_store.values import Values
from credit_scoring.domain.errors import StoreUnavailableError
from credit_scoring.features.assemble import catalogue, definitions_digest

FORMAT_VERSION: Final = 1
INFO, INDEX, VALUES = "store.json", "index.parquet", "values.bin"


class StoreInfo(BaseModel):
    """What a version of the store says of itself.

    ``applications`` is the table they come from, ``tables`` the rows of each table there was, ``columns`` the columns
    that were there (``table.COLUMN``), by which coverage is told. ``scored_by`` is the digest of the bundle behind
    the index's PDs, ``coverage`` what its features carried. ``levels`` are the categories of each category feature,
    by their number in the file. ``files`` has the SHA-256 of the others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: Literal[1] = FORMAT_VERSION
    created_at: str
    applications: str
    applicants: int
    first: int
    last: int
    tables: dict[str, int]
    columns: tuple[str, ...]
    features: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    definitions_digest: str
    scored_by: str
    scored_at: str
    coverage: float
    files: dict[str, str]


class Version:
    """A version opened: as good as it was while another is published, even after its files are removed.

    Raises
    ------
    StoreUnavailableError
        If something is missing or altered, the format is unknown, or this code computes features otherwise.
    """

    def __init__(self, folder: Path, digest: str) -> None:
        self.folder, self.digest = folder, digest
        try:
            self.info = _read_info(folder / INFO, digest)
            if sha256(folder / INDEX) != self.info.files.get(INDEX):
                raise StoreUnavailableError(f"{folder / INDEX} has been altered")
            index = pl.read_parquet(folder / INDEX)
            self.values = Values(folder / VALUES, self.info.features, self.info.levels, self.info.applicants)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise StoreUnavailableError(f"{folder} cannot be read: {error}") from error
        self.index = Index(index, self.info.scored_by)
        self.comparison = Comparison(self.index, self.values)

    def verify(self) -> None:
        """Read every byte again.

        Raises
        ------
        StoreUnavailableError
            If a file is not what was written.
        """
        for name, expected in self.info.files.items():
            if sha256(self.folder / name) != expected:
                raise StoreUnavailableError(f"{self.folder / name} has been altered")


def _read_info(path: Path, digest: str) -> StoreInfo:
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise StoreUnavailableError(f"{path} has been altered")
    try:
        info = StoreInfo.model_validate_json(content)
    except ValidationError as error:
        raise StoreUnavailableError(
            f"{path} is of another format; this version reads format {FORMAT_VERSION}"
        ) from error
    if info.definitions_digest != definitions_digest(catalogue()):
        raise StoreUnavailableError(f"{path.parent} holds features that this version computes otherwise")
    return info


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
