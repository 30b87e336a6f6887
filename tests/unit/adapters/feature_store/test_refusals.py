"""What cannot be trusted is not read, what makes no sense is not loaded, and each refusal says what to do."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from credit_scoring.adapters.feature_store import FeatureStore, StoreInfo
from credit_scoring.adapters.feature_store.publishing import POINTER, Pointer, drafting, read_pointer, version_folder
from credit_scoring.adapters.feature_store.version import INDEX, INFO, VALUES
from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.errors import DataError, StoreUnavailableError, UnknownApplicantError

Load = Callable[..., StoreInfo]
AGAIN = "; load the applicants again with `credit-scoring applicants load DIR`"


def current(store: FeatureStore) -> Path:
    pointer = read_pointer(store.folder)
    assert pointer is not None
    return version_folder(store.folder, pointer.current)


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def rewrite(store: FeatureStore, **changes: Any) -> None:
    """Publish the current version with another description, as another version of this program would."""
    folder = current(store)
    info = StoreInfo.model_validate_json((folder / INFO).read_bytes()).model_copy(update=changes)
    content = info.model_dump_json(warnings=False).encode()
    digest = hashlib.sha256(content).hexdigest()
    (folder / INFO).write_bytes(content)
    folder.rename(version_folder(store.folder, digest))
    (store.folder / POINTER).write_text(Pointer(current=digest).model_dump_json(), encoding="utf-8")


@pytest.mark.parametrize("name", [INFO, INDEX, VALUES])
def test_an_altered_file_is_found(store: FeatureStore, load: Load, name: str) -> None:
    load()
    flip(current(store) / name, -1)
    with pytest.raises(StoreUnavailableError, match=f"{name} has been altered{AGAIN}"):
        FeatureStore(store.folder).verify()


def test_what_is_missing_or_damaged_is_told(store: FeatureStore, load: Load) -> None:
    load()
    values = current(store) / VALUES
    values.write_bytes(values.read_bytes()[:-8])
    with pytest.raises(StoreUnavailableError, match="not as long as it was written"):
        FeatureStore(store.folder).info()
    values.unlink()
    with pytest.raises(StoreUnavailableError, match="cannot be read"):
        FeatureStore(store.folder).info()
    (store.folder / POINTER).write_text("{", encoding="utf-8")
    with pytest.raises(StoreUnavailableError, match="is damaged"):
        FeatureStore(store.folder).info()
    load()
    assert FeatureStore(store.folder).info() == store.info()


def test_other_definitions_or_another_format_are_refused_and_a_reader_keeps_what_it_has(
    store: FeatureStore, load: Load
) -> None:
    info = load()
    rewrite(store, definitions_digest="0" * 64)
    with pytest.raises(StoreUnavailableError, match=f"features that this version computes otherwise{AGAIN}"):
        FeatureStore(store.folder).info()
    with pytest.raises(StoreUnavailableError, match="computes otherwise"):
        store.reload_if_changed()
    assert not store.reload_if_changed()
    assert store.info() == info
    rewrite(store, format_version=2)
    with pytest.raises(StoreUnavailableError, match=f"is of another format; this version reads format 1{AGAIN}"):
        FeatureStore(store.folder).info()


def test_a_load_that_fails_leaves_the_version_before(
    store: FeatureStore, load: Load, matrix: pl.DataFrame, champions: tuple[Bundle, Bundle]
) -> None:
    with pytest.raises(DataError, match="no applications to load"):
        load(matrix.clear())
    with pytest.raises(StoreUnavailableError, match="no applicants under"):
        store.info()
    info = load(matrix[:5])
    with pytest.raises(DataError, match=f"2 applicants occur more than once, the first is {info.first}"):
        load(matrix[:7], matrix[:2])
    with pytest.raises(DataError, match="EXT_SOURCE_1 is absent"):
        load(matrix.drop("EXT_SOURCE_1"))
    other = replace(champions[0], manifest=champions[0].manifest.model_copy(update={"portfolio": "matrix"}))
    with pytest.raises(DataError, match="trained on a single-table file"):
        load(bundle=other)
    with pytest.raises(DataError, match="trained on a single-table file"):
        store.rescored(replace(other, digest="0" * 64))
    assert FeatureStore(store.folder).info() == info == store.info()
    assert len([path for path in store.folder.iterdir() if path.is_dir()]) == 1


def test_only_one_process_writes(store: FeatureStore, load: Load, champions: tuple[Bundle, Bundle]) -> None:
    load()
    with drafting(store.folder):
        with pytest.raises(StoreUnavailableError, match=r"another process is writing .*; wait until it is done"):
            load()
        with pytest.raises(StoreUnavailableError, match="another process is writing"):
            store.rescored(champions[1])
    assert store.rescored(champions[1]).scored_by == champions[1].digest


def test_who_or_what_is_unknown_is_told_with_what_is_near(store: FeatureStore, load: Load) -> None:
    info = load()
    told = f"no applicant {info.last + 9}; ids run from {info.first} to {info.last}, the nearest is {info.last}"
    with pytest.raises(UnknownApplicantError, match=told):
        store.get([info.first, info.last + 9])
    with pytest.raises(UnknownApplicantError, match=told):
        store.features_of(info.last + 9)
    with pytest.raises(DataError, match="no feature EXT_SOURCE_9; did you mean EXT_SOURCE_"):
        store.column("EXT_SOURCE_9")
