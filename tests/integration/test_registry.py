"""The registry with a real MLflow on SQLite: who is champion, whatever fails on the way."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import WITH_MLFLOW

pytest.importorskip("mlflow", reason="MLflow is not installed")

from mlflow.exceptions import MlflowException

from credit_scoring.adapters.mlflow_registry import MlflowRegistry
from credit_scoring.bundle.published import PublishedBundles
from credit_scoring.bundle.store import load_bundle
from credit_scoring.domain.errors import BundleError, RegistryError
from credit_scoring.training.development import TrainingOptions, TrainingSet
from credit_scoring.training.logistic import Logistic
from credit_scoring.training.run import Trained, train

pytestmark = WITH_MLFLOW


@pytest.fixture(scope="module")
def trained(portfolio: TrainingSet) -> Trained:
    return train(portfolio, TrainingOptions(folds=2, threads=1), candidates=(Logistic("logistic"),))


@pytest.fixture
def open_registry(tmp_path: Path) -> Callable[[], MlflowRegistry]:
    return lambda: MlflowRegistry(
        tmp_path, PublishedBundles(tmp_path / "models"), tracking_uri="", model_name="credit-scoring"
    )


def champion(tmp_path: Path) -> int | None:
    pointer = PublishedBundles(tmp_path / "models").pointer()
    return pointer.champion.version if pointer else None


def aliases(registry: MlflowRegistry) -> dict[str, int]:
    return {alias: version.version for version in registry.versions() for alias in version.aliases}


def test_first_is_champion_later_ones_challenge_until_promoted_and_rolled_back(
    trained: Trained, open_registry: Callable[[], MlflowRegistry], tmp_path: Path
) -> None:
    registry = open_registry()
    registry.record(trained, promote=False)
    assert aliases(registry) == {"champion": 1}
    registry.record(trained, promote=False)
    assert aliases(registry) == {"champion": 1, "challenger": 2}
    registry.promote(2)
    assert aliases(registry) == {"champion": 2}
    registry.record(trained, promote=True)
    assert aliases(registry) == {"champion": 3}
    assert registry.rollback().version == 2
    assert registry.rollback().version == 1
    with pytest.raises(RegistryError, match="no former champion"):
        registry.rollback()
    assert aliases(registry) == {"champion": champion(tmp_path)} == {"champion": 1}
    with pytest.raises(RegistryError, match="no version 9"):
        registry.promote(9)
    with pytest.raises(RegistryError, match="'nobody'"):
        registry.resolve("nobody")


def test_the_published_bundle_scores_as_the_trained_one(
    trained: Trained, open_registry: Callable[[], MlflowRegistry], tmp_path: Path
) -> None:
    open_registry().record(trained, promote=False)
    served = PublishedBundles(tmp_path / "models").champion()
    expected = trained.bundle.model.p_default(trained.values)
    assert np.array_equal(served.model.p_default(trained.values), expected)


STEPS = (
    "create_run",
    "log_param",
    "log_batch",
    "log_artifacts",
    "create_registered_model",
    "create_model_version",
    "set_terminated",
    "set_registered_model_alias",
)


@pytest.mark.parametrize("step", STEPS)
def test_a_failure_at_any_step_leaves_the_champion_and_the_next_run_works(
    step: str,
    trained: Trained,
    open_registry: Callable[[], MlflowRegistry],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_registry().record(trained, promote=False)
    broken = open_registry()

    def fail(*_: object, **__: object) -> None:
        raise ConnectionError("unplugged")

    with monkeypatch.context() as patch:
        patch.setattr(broken._client, step, fail)
        with pytest.raises(ConnectionError):
            broken.record(trained, promote=False)
    assert champion(tmp_path) == 1
    assert aliases(open_registry())["champion"] == 1
    version, _ = open_registry().record(trained, promote=True)
    assert champion(tmp_path) == version.version


def test_the_alias_follows_a_pointer_that_was_moved_last(
    trained: Trained, open_registry: Callable[[], MlflowRegistry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = open_registry()
    registry.record(trained, promote=False)
    registry.record(trained, promote=False)

    def fail(*_: object) -> None:
        raise ConnectionError("unplugged")

    with monkeypatch.context() as patch:
        patch.setattr(registry._client, "set_registered_model_alias", fail)
        with pytest.raises(ConnectionError):
            registry.promote(2)
    assert champion(tmp_path) == 2
    assert aliases(open_registry())["champion"] == 2


def test_a_bundle_comes_from_where_it_is_sound_or_not_at_all(
    trained: Trained, open_registry: Callable[[], MlflowRegistry], tmp_path: Path
) -> None:
    registry = open_registry()
    registry.record(trained, promote=False)
    _, second = registry.record(replace(trained), promote=False)
    published = PublishedBundles(tmp_path / "models").path(second.digest) / "policy.json"
    sound = published.read_text(encoding="utf-8")
    published.write_text("{}", encoding="utf-8")
    registry.promote(2)  # the published copy is damaged, the registry's is not
    assert published.read_text(encoding="utf-8") == sound
    registry.promote(1)
    published.write_text("{}", encoding="utf-8")
    for artifact in tmp_path.glob("mlartifacts/**/bundle/policy.json"):
        artifact.write_text("{}", encoding="utf-8")
    with pytest.raises(BundleError, match="altered"):
        registry.promote(2)
    assert champion(tmp_path) == 1


def test_a_damaged_pointer_is_mended_by_promoting(
    trained: Trained, open_registry: Callable[[], MlflowRegistry], tmp_path: Path
) -> None:
    open_registry().record(trained, promote=False)
    (tmp_path / "models" / "champion.json").write_text("{", encoding="utf-8")
    registry = open_registry()
    assert len(registry.versions()) == 1
    registry.promote(1)
    assert champion(tmp_path) == 1


def test_an_outage_is_one_sentence_without_the_password(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    published = PublishedBundles(tmp_path / "models")
    with pytest.raises(RegistryError, match=r"user:\*\*\*@127\.0\.0\.1") as told:
        MlflowRegistry(tmp_path, published, tracking_uri=f"http://user:secret@127.0.0.1:{port}", model_name="m")
    assert "secret" not in str(told.value)
    (tmp_path / "mlflow.db").write_text("this is no database " * 100, encoding="utf-8")
    with pytest.raises(RegistryError, match="cannot be used"):
        MlflowRegistry(tmp_path, published, tracking_uri="", model_name="m")


def test_a_failed_registration_keeps_the_bundle_and_says_where(
    trained: Trained, open_registry: Callable[[], MlflowRegistry], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = open_registry()

    def fail(*_: object, **__: object) -> None:
        raise MlflowException("down")

    monkeypatch.setattr(registry._client, "create_run", fail)
    with pytest.raises(RegistryError, match="score with --model") as told:
        registry.record(trained, promote=False)
    kept = Path(str(told.value).split("--model ")[1])
    assert np.array_equal(
        load_bundle(kept).model.p_default(trained.values), trained.bundle.model.p_default(trained.values)
    )


def test_a_tracking_uri_of_ones_own_is_used(trained: Trained, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    homes = [tmp_path / "one", tmp_path / "two"]
    registries = [
        MlflowRegistry(home, PublishedBundles(home / "models"), tracking_uri=uri, model_name="shared") for home in homes
    ]
    first, _ = registries[0].record(trained, promote=False)
    second, _ = registries[1].record(trained, promote=False)
    assert first.aliases == ("champion",)
    assert second.aliases == ("challenger",)  # another home's champion is not overthrown
    assert not (homes[0] / "mlflow.db").exists()
    assert (homes[0] / "mlartifacts").is_dir()
