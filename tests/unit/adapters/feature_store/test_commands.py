"""`credit-scoring applicants` as a user types it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from credit_scoring.adapters.feature_store import FeatureStore
from credit_scoring.bundle.published import Pointer, Published, PublishedBundles
from credit_scoring.cli import app
from credit_scoring.domain.errors import BundleError, DataError, StoreUnavailableError
from credit_scoring.features.assemble import assemble, catalogue
from credit_scoring.tables.frames import Tables


def promote(home: Path, bundle_folder: Path) -> None:
    published = PublishedBundles(home / "models")
    digest = published.publish(bundle_folder).digest
    published.point(Pointer(champion=Published(model_name="m", version=1, digest=digest)))


def test_applicants_are_loaded_and_told(
    synthetic_folder: Path,
    synthetic_tables: Tables,
    bundle_folders: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CREDIT_SCORING_HOME", str(tmp_path))
    load = ["applicants", "load", str(synthetic_folder)]
    assert isinstance(CliRunner().invoke(app, load).exception, BundleError)
    assert isinstance(CliRunner().invoke(app, ["applicants", "info"]).exception, StoreUnavailableError)
    promote(tmp_path, bundle_folders[0])
    for applications, arguments in (("application_test", []), ("application_train", ["--applications"])):
        expected = assemble(synthetic_tables.of(applications)).select("SK_ID_CURR", *catalogue())
        done = CliRunner().invoke(app, [*load, *arguments, *([applications] if arguments else [])])
        assert done.exit_code == 0, done.output
        assert f"{expected.height:,} applicants, {len(catalogue())} features each" in done.output
        store = FeatureStore(tmp_path / "applicants")
        assert store.get(store.ids().to_list()).equals(expected)
        told = CliRunner().invoke(app, ["applicants", "info"]).output
        assert f"{expected.height:,} of {applications}, ids {store.info().first} to {store.info().last}" in told
        assert "every byte as it was written" in told
        assert "another bundle" not in told
    promote(tmp_path, bundle_folders[1])
    assert "scored by another bundle than the champion" in CliRunner().invoke(app, ["applicants", "info"]).output


def test_tables_are_checked_before_they_are_loaded(
    synthetic_folder: Path, bundle_folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDIT_SCORING_HOME", str(tmp_path))
    promote(tmp_path, bundle_folders[0])
    (tmp_path / "data").mkdir()
    waiting = pl.read_csv(synthetic_folder / "application_test.csv", infer_schema=False)
    waiting[[0, 0, 1]].write_csv(tmp_path / "data" / "application_test.csv")
    load = ["applicants", "load", str(tmp_path / "data")]
    refused = CliRunner().invoke(app, load).exception
    assert isinstance(refused, DataError)
    assert "the key occurs more than once" in str(refused)
    refused = CliRunner().invoke(app, [*load, "--applications", "application_train"]).exception
    assert isinstance(refused, DataError)
    assert "holds no application_train; it holds application_test" in str(refused)
    assert not (tmp_path / "applicants").exists()
