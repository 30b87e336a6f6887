"""A home with a quick champion, a challenger-to-be and stored applicants, made once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest
from tests.running import Running, running

from credit_scoring.adapters.feature_store import FeatureStore
from credit_scoring.bundle.model import Calibrator
from credit_scoring.bundle.published import Pointer, Published, PublishedBundles
from credit_scoring.bundle.store import Bundle, save_bundle
from credit_scoring.features.shards import matrices
from credit_scoring.scoring.golden import with_golden_rows
from credit_scoring.tables.frames import Tables
from credit_scoring.tables.validate import validate
from credit_scoring.training import boosting
from credit_scoring.training.candidates import candidates_for
from credit_scoring.training.development import TrainingOptions
from credit_scoring.training.prepare import home_credit_set
from credit_scoring.training.run import train

MODEL = "credit-scoring"


@dataclass(frozen=True)
class Bundles:
    """Two bundles that differ in PDs and cut-off, and the folders they were saved to."""

    first: Bundle
    second: Bundle
    folders: tuple[Path, Path]

    def published(self, home: Path) -> PublishedBundles:
        """Publish both under `home`, the first as champion."""
        published = PublishedBundles(home / "models")
        for folder in self.folders:
            published.publish(folder)
        published.point(Pointer(champion=self.version(1), announced=True))
        return published

    def version(self, number: int) -> Published:
        return Published(model_name=MODEL, version=number, digest=(self.first, self.second)[number - 1].digest)


@pytest.fixture(scope="session")
def bundles(synthetic_tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Bundles:
    folder = tmp_path_factory.mktemp("service-bundles")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosting, "MOST_ROUNDS", 30)
        data = home_credit_set(synthetic_tables, validate(synthetic_tables))
        names = tuple(card.name for card in data.cards)
        blend = tuple(one for one in candidates_for(names) if one.name == "blend")
        trained = train(data, TrainingOptions(folds=2, threads=1), candidates=blend).bundle
    other = replace(
        trained,
        model=replace(trained.model, calibrator=Calibrator(kind="sigmoid", slope=0.8, intercept=0.4)),
        policy=trained.policy.model_copy(update={"cutoff": 0.2, "cutoff_interval": (0.2, 0.2)}),
    )
    folders = folder / "first", folder / "second"
    first = save_bundle(trained, folders[0])
    second = save_bundle(with_golden_rows(other, seed=1), folders[1])
    return Bundles(first, second, folders)


@pytest.fixture(scope="session")
def stocked(bundles: Bundles, synthetic_tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the champion and the applicants of application_test. Read only: copy it to serve from it."""
    home = tmp_path_factory.mktemp("stocked")
    bundles.published(home)
    load_applicants(home, bundles.first, synthetic_tables)
    return home


def load_applicants(home: Path, bundle: Bundle, tables: Tables, applications: str = "application_test") -> None:
    rows = {name: int(frame.select(pl.len()).collect().item()) for name, frame in tables.frames.items()}
    with matrices(tables.of(applications)) as parts:
        FeatureStore(home / "applicants").load(
            parts,
            bundle=bundle,
            applications=applications,
            columns=tables.columns_of(applications),
            tables=rows,
        )


@pytest.fixture
def new_home(stocked: Path, tmp_path: Path) -> Callable[[], Path]:
    """Make a copy of the stocked home."""

    def make() -> Path:
        home = tmp_path / f"home-{len(list(tmp_path.iterdir()))}"
        shutil.copytree(stocked, home)
        return home

    return make


@pytest.fixture(scope="module")
def server(stocked: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that the tests of a module share."""
    home = tmp_path_factory.mktemp("served") / "home"
    shutil.copytree(stocked, home)
    with running(home) as server:
        yield server
