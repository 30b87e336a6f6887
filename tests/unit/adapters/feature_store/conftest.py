from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from credit_scoring.adapters.feature_store import FeatureStore, StoreInfo
from credit_scoring.bundle.model import Calibrator
from credit_scoring.bundle.store import Bundle, load_bundle, save_bundle
from credit_scoring.features.assemble import assemble
from credit_scoring.tables.frames import Tables
from credit_scoring.tables.validate import validate
from credit_scoring.training import boosting
from credit_scoring.training.boosting import Boosting
from credit_scoring.training.candidates import EXTERNAL_SCORES
from credit_scoring.training.development import TrainingOptions
from credit_scoring.training.prepare import home_credit_set
from credit_scoring.training.run import train

Load = Callable[..., StoreInfo]


@pytest.fixture(scope="session")
def matrix(synthetic_tables: Tables) -> pl.DataFrame:
    return assemble(synthetic_tables.of("application_train"))


@pytest.fixture(scope="session")
def bundle_folders(synthetic_tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Where two bundles lie, of the eight tables that differ in their PDs and in their cut-off."""
    folder = tmp_path_factory.mktemp("bundles")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosting, "MOST_ROUNDS", 10)
        data = home_credit_set(synthetic_tables, validate(synthetic_tables))
        options = TrainingOptions(folds=2, threads=1)
        trained = train(data, options, candidates=(Boosting("boosting", start=EXTERNAL_SCORES),)).bundle
    other = replace(
        trained,
        model=replace(trained.model, calibrator=Calibrator(kind="sigmoid", slope=0.8, intercept=0.4)),
        policy=trained.policy.model_copy(update={"cutoff": 0.2, "cutoff_interval": (0.2, 0.2)}),
    )
    save_bundle(trained, folder / "first")
    save_bundle(other, folder / "second")
    return folder / "first", folder / "second"


@pytest.fixture(scope="session")
def champions(bundle_folders: tuple[Path, Path]) -> tuple[Bundle, Bundle]:
    return load_bundle(bundle_folders[0]), load_bundle(bundle_folders[1])


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path / "applicants")


@pytest.fixture
def load(store: FeatureStore, champions: tuple[Bundle, Bundle], matrix: pl.DataFrame, synthetic_tables: Tables) -> Load:
    """Load the store, by default with the whole matrix in one part, scored by the first bundle."""

    def loaded(*parts: pl.DataFrame, bundle: Bundle = champions[0], into: FeatureStore = store) -> StoreInfo:
        return into.load(
            parts or [matrix],
            bundle=bundle,
            applications="application_train",
            columns=synthetic_tables.columns_of("application_train"),
            tables={"application_train": matrix.height},
        )

    return loaded
