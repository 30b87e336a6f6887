from __future__ import annotations

from pathlib import Path

import pytest

from credit_scoring.bundle.published import POINTER, Pointer, Published, PublishedBundles
from credit_scoring.bundle.store import Bundle, save_bundle
from credit_scoring.domain.errors import BundleError


def test_a_published_champion_is_served_by_digest(bundle: Bundle, tmp_path: Path) -> None:
    published = PublishedBundles(tmp_path / "models")
    saved = save_bundle(bundle, tmp_path / "bundle")
    assert published.publish(tmp_path / "bundle").digest == saved.digest
    published.publish(tmp_path / "bundle")  # once more changes nothing
    published.point(Pointer(champion=Published(model_name="m", version=1, digest=saved.digest)))
    assert published.champion().digest == saved.digest
    (published.path(saved.digest) / "policy.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BundleError, match="altered"):
        published.champion()
    published.publish(tmp_path / "bundle")  # a damaged copy is replaced
    assert published.champion().digest == saved.digest


def test_without_a_champion_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="train a model"):
        PublishedBundles(tmp_path).champion()


def test_a_damaged_pointer_is_not_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / POINTER).write_text("{", encoding="utf-8")
    with pytest.raises(BundleError, match="damaged"):
        PublishedBundles(tmp_path).pointer()
