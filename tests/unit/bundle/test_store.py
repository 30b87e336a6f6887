from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from credit_scoring.bundle.store import MANIFEST, Bundle, load_bundle, save_bundle
from credit_scoring.domain.errors import BundleError
from credit_scoring.features.assemble import catalogue, definitions_digest


@pytest.fixture
def saved(bundle: Bundle, tmp_path: Path) -> Path:
    save_bundle(bundle, tmp_path / "bundle")
    return tmp_path / "bundle"


def test_a_bundle_comes_back_with_the_same_pds_to_the_last_bit(
    bundle: Bundle, saved: Path, matrix: pl.DataFrame
) -> None:
    loaded = load_bundle(saved)
    values = bundle.model.encoder.encode(matrix)
    assert np.array_equal(loaded.model.p_default(values), bundle.model.p_default(values))
    assert np.array_equal(loaded.model.contributions(values), bundle.model.contributions(values))
    assert loaded.policy == bundle.policy
    assert loaded.profile.equals(bundle.profile)


def test_every_file_is_text_json_or_parquet(saved: Path) -> None:
    for path in saved.iterdir():
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".parquet":
            pl.read_parquet(path)
        else:
            assert path.name == "booster.txt"
            assert path.read_text(encoding="utf-8").startswith("tree\n")


@pytest.mark.parametrize(
    "name", ["booster.txt", "linear.json", "calibrator.json", "policy.json", "profile.parquet", "out_of_fold.parquet"]
)
def test_one_altered_byte_or_a_missing_file_is_fatal(saved: Path, name: str) -> None:
    content = bytearray((saved / name).read_bytes())
    content[len(content) // 2] ^= 1
    (saved / name).write_bytes(bytes(content))
    with pytest.raises(BundleError, match=f"{name} has been altered"):
        load_bundle(saved)
    (saved / name).unlink()
    with pytest.raises(BundleError, match=f"lacks {name}"):
        load_bundle(saved)


def test_an_unnamed_file_is_fatal(saved: Path) -> None:
    (saved / "extra.pkl").write_bytes(b"")
    with pytest.raises(BundleError, match=r"extra\.pkl"):
        load_bundle(saved)


def test_another_manifest_is_another_bundle(saved: Path) -> None:
    digest = load_bundle(saved).digest
    path = saved / MANIFEST
    path.write_text(path.read_text(encoding="utf-8").replace('"drawn"', '"forged"'), encoding="utf-8")
    with pytest.raises(BundleError, match="is not the bundle"):
        load_bundle(saved, digest=digest)


def test_an_unknown_format_or_library_says_what_to_do(saved: Path) -> None:
    path = saved / MANIFEST
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | {"format_version": 99}), encoding="utf-8")
    with pytest.raises(BundleError, match=r"format 99, this version reads .*train again"):
        load_bundle(saved)
    content["provenance"]["libraries"]["lightgbm"] = "3.3.5"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(BundleError, match=r"lightgbm 3\.3\.5.*install lightgbm 3\.x"):
        load_bundle(saved)
    path.write_text("not json", encoding="utf-8")
    with pytest.raises(BundleError, match="not JSON"):
        load_bundle(saved)
    shutil.rmtree(saved)
    with pytest.raises(BundleError, match="not a bundle"):
        load_bundle(saved)


def test_other_feature_definitions_are_fatal(bundle: Bundle, tmp_path: Path) -> None:
    names = ("EXT_SOURCE_1", "APPLICATION__CREDIT_TO_ANNUITY")
    encoder = bundle.model.encoder.model_copy(update={"features": names, "categories": {}})
    manifest = bundle.manifest.model_copy(
        update={"portfolio": "home_credit", "encoder": encoder, "definitions_digest": definitions_digest(names)}
    )
    linear = bundle.model.linear.model_copy(update={"terms": ()})
    model = replace(bundle.model, encoder=encoder, linear=linear, booster=None)
    save_bundle(replace(bundle, manifest=manifest, model=model), tmp_path / "sound")
    forged = manifest.model_copy(update={"definitions_digest": definitions_digest(list(catalogue()))})
    with pytest.raises(BundleError, match="computes the bundle's features otherwise"):
        save_bundle(replace(bundle, manifest=forged, model=model), tmp_path / "forged")


def test_a_bundle_is_never_overwritten_and_a_failed_save_leaves_nothing(bundle: Bundle, saved: Path) -> None:
    with pytest.raises(BundleError, match="never overwritten"):
        save_bundle(bundle, saved)
    broken = replace(bundle, profile=None)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        save_bundle(broken, saved.parent / "broken")
    assert [path.name for path in saved.parent.iterdir()] == ["bundle"]
