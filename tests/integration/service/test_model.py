"""What the service tells of the model agrees with its bundle, and with what it tells of single applicants."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.integration.service.test_api import problem
from tests.integration.service.test_portfolio import everybody, predictions, told
from tests.running import Running, running
from tests.served import MODEL, Bundles

from credit_scoring.bundle.published import Pointer, Published, PublishedBundles
from credit_scoring.bundle.store import save_bundle
from credit_scoring.training.development import TrainingOptions, TrainingSet
from credit_scoring.training.logistic import Logistic
from credit_scoring.training.run import train

pytestmark = pytest.mark.slow


def test_performance_is_that_of_the_bundles_figures(server: Running, bundles: Bundles) -> None:
    found, figures = told(server, "/model/performance"), bundles.first.manifest.out_of_fold
    assert (found["applications"], found["defaults"]) == (figures.applications, figures.defaults)
    assert found["population"] == figures.population
    roc, gains, bins = found["roc"], found["gains"], found["calibration"]
    assert roc[0] == {"cutoff": None, "false_positive_rate": 0, "true_positive_rate": 0}
    assert (roc[-1]["false_positive_rate"], roc[-1]["true_positive_rate"]) == (1, 1)
    area = np.trapezoid([one["true_positive_rate"] for one in roc], [one["false_positive_rate"] for one in roc])
    assert area == pytest.approx(figures.metrics["auc"].value, abs=2e-3)
    assert gains[0] == {"share_of_applications": 0, "share_of_defaults": 0}
    assert gains[-1] == {"share_of_applications": 1, "share_of_defaults": 1}
    assert sum(one["applications"] for one in bins) == figures.applications
    bad = sum(one["default_rate"]["value"] * one["applications"] for one in bins)
    assert bad == pytest.approx(figures.defaults)
    p, _ = predictions(bundles.first)
    assert sum(one["mean_p_default"] * one["applications"] for one in bins) == pytest.approx(p.sum())


def test_contributions_are_those_of_each_applicant_of_the_sample(server: Running, bundles: Bundles) -> None:
    found, importances = told(server, "/model/contributions"), bundles.first.manifest.importances
    assert sum(one["importance"] for one in found["concepts"]) == pytest.approx(1)
    assert sum(one["features"] for one in found["concepts"]) == len(bundles.first.manifest.features)
    strongest = [one["importance"] for one in found["features"]]
    assert strongest == sorted(importances.values(), reverse=True)[:15]
    assert {one["feature"]: one["importance"] for one in found["features"]}.items() <= importances.items()
    ids = [one["applicant"] for one in everybody(server)]
    sampled = [ids[place] for place in np.linspace(0, len(ids) - 1, min(len(ids), 400)).astype(int)]
    assert found["sample"] == len(sampled)
    stored = [told(server, f"/applicants/{applicant}")["features"] for applicant in sampled]
    for place in range(0, len(sampled), 37):
        alone = server.client.post(f"/applicants/{sampled[place]}/score").json()["contributions"]
        for one in found["features"]:
            assert one["contributions"][place] == pytest.approx(alone.get(one["feature"], 0.0), abs=1e-9)
    categories = bundles.first.model.encoder.categories
    for one in found["features"]:
        values = [row[one["feature"]] for row in stored]
        known = [value for value in values if value is not None]
        assert [rank is None for rank in one["ranks"]] == [v is None or one["feature"] in categories for v in values]
        if one["feature"] not in categories and len(set(known)) > 1:
            ranked = dict(zip(values, one["ranks"], strict=True))
            assert (ranked[min(known)], ranked[max(known)]) == (0, 1)
            assert [ranked[value] for value in sorted(set(known))] == sorted(ranked[value] for value in set(known))


def test_contributions_are_told_in_the_readers_language_as_many_as_asked(server: Running) -> None:
    english, french = (told(server, "/model/contributions", language, most=3) for language in ("en", "fr"))
    assert len(english["features"]) == 3
    assert english["features"] == told(server, "/model/contributions", most=40)["features"][:3]
    assert [one["contributions"] for one in french["features"]] == [one["contributions"] for one in english["features"]]
    assert [one["meaning"] for one in french["features"]] != [one["meaning"] for one in english["features"]]


def test_without_applicants_the_model_and_its_policy_are_told_and_each_version_once(
    new_home: Callable[[], Path], bundles: Bundles
) -> None:
    home = new_home()
    shutil.rmtree(home / "applicants")
    absent = Published(model_name=MODEL, version=3, digest="0" * 64)
    first, second = bundles.version(1), bundles.version(2)
    pointer = Pointer(champion=second, challenger=first, former=(first, absent, second, absent), announced=True)
    PublishedBundles(home / "models").point(pointer)
    with running(home) as server:
        assert problem(server.client.get("/portfolio"), 503)["type"] == "urn:credit-scoring:no-applicants"
        assert told(server, "/policy/change", cutoff=0.1)["stored"] is None
        effects = told(server, "/model/contributions")
        assert effects["sample"] == 0
        assert len(effects["features"]) == 15
        assert not any(one["contributions"] or one["ranks"] for one in effects["features"])

        listed = told(server, "/model/versions")["versions"]
        assert [(one["version"], one["role"]) for one in listed] == [
            (2, "champion"),
            (1, "challenger"),
            (3, "former"),
        ]
        for one, bundle in zip(listed, (bundles.second, bundles.first), strict=False):
            figures = bundle.manifest.out_of_fold
            assert one["digest"] == bundle.digest
            assert (one["cutoff"], one["problem"]) == (bundle.policy.cutoff, None)
            assert (one["auc"]["value"], one["cost"]["value"]) == (
                figures.metrics["auc"].value,
                figures.at_cutoff["cost"].value,
            )
        assert "not a bundle" in listed[2]["problem"]
        assert listed[2]["auc"] is listed[2]["cutoff"] is None

        PublishedBundles(home / "models").point(pointer.model_copy(update={"challenger": None}))
        again = told(server, "/model/versions")["versions"]
        assert [(one["version"], one["role"]) for one in again] == [(2, "champion"), (3, "former"), (1, "former")]
        assert again[2] == listed[1] | {"role": "former"}


def test_a_model_of_a_single_table_is_told_without_the_stored_applicants(
    new_home: Callable[[], Path], portfolio: TrainingSet, tmp_path: Path
) -> None:
    home, published = new_home(), tmp_path / "matrix"
    options = TrainingOptions(folds=2, threads=1)
    save_bundle(train(portfolio, options, candidates=(Logistic("logistic"),)).bundle, published)
    models = PublishedBundles(home / "models")
    bundle = models.publish(published)
    models.point(Pointer(champion=Published(model_name=MODEL, version=4, digest=bundle.digest), announced=True))
    with running(home) as server:
        refused = problem(server.client.get("/portfolio"), 503)
        assert refused["type"] == "urn:credit-scoring:no-applicants"
        assert "single-table" in refused["detail"]
        assert told(server, "/policy/change", cutoff=0.3)["stored"] is None
        effects = told(server, "/model/contributions")
        assert effects["sample"] == 0
        assert {one["feature"] for one in effects["features"]} == set(bundle.manifest.importances)
        assert told(server, "/model/performance")["applications"] == bundle.out_of_fold.height
        assert told(server, "/model/versions")["versions"][0]["candidate"] == "logistic"
