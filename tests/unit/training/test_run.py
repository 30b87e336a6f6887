from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from credit_scoring.bundle.card import model_card
from credit_scoring.bundle.evaluate import paired_difference
from credit_scoring.bundle.model import CreditModel
from credit_scoring.bundle.store import save_bundle
from credit_scoring.decision.cost import CostMatrix
from credit_scoring.domain.errors import DataError
from credit_scoring.training.blend import Blend
from credit_scoring.training.boosting import Boosting
from credit_scoring.training.development import TrainingOptions, TrainingSet
from credit_scoring.training.logistic import Logistic
from credit_scoring.training.run import Trained, train
from credit_scoring.training.sample import Candidate
from credit_scoring.training.split import holdout_mask, person_groups

OPTIONS = TrainingOptions(folds=2, threads=1)


def texts(model: CreditModel) -> tuple[str, str, str]:
    """All that a model is, as text."""
    booster = model.booster.model_to_string() if model.booster else ""
    return booster, model.linear.model_dump_json(), model.calibrator.model_dump_json()


@pytest.fixture(scope="module")
def trained(portfolio: TrainingSet) -> Trained:
    return train(portfolio, OPTIONS)


def test_training_twice_gives_the_same_bits(portfolio: TrainingSet, trained: Trained) -> None:
    again = train(portfolio, OPTIONS)
    assert texts(again.bundle.model) == texts(trained.bundle.model)
    assert again.bundle.policy == trained.bundle.policy
    for one, other in zip(again.candidates, trained.candidates, strict=True):
        assert np.array_equal(one.p_default, other.p_default)


def test_a_corrupted_holdout_label_changes_nothing_before_the_holdout_is_opened(
    portfolio: TrainingSet, trained: Trained
) -> None:
    held = holdout_mask(person_groups(portfolio.matrix), OPTIONS.holdout_share, OPTIONS.seed)
    outcome = pl.Series(
        "bad", np.where(held, 1.0 - portfolio.matrix["bad"].to_numpy(), portfolio.matrix["bad"].to_numpy())
    )
    other = train(replace(portfolio, matrix=portfolio.matrix.with_columns(outcome)), OPTIONS).bundle
    ours = trained.bundle
    assert texts(other.model) == texts(ours.model)
    assert other.policy == ours.policy
    assert other.profile.equals(ours.profile)
    unopened = {"holdout", "provenance"}
    assert other.manifest.model_dump(exclude=unopened) == ours.manifest.model_dump(exclude=unopened)
    assert other.out_of_fold.equals(ours.out_of_fold)
    assert other.manifest.provenance.data_fingerprint != ours.manifest.provenance.data_fingerprint
    assert other.manifest.holdout != ours.manifest.holdout


def test_no_candidate_is_surely_cheaper_than_the_chosen_one_and_none_as_cheap_is_sharper(trained: Trained) -> None:
    manifest = trained.bundle.manifest
    found = {r.candidate.name: r.figures for r in trained.candidates}
    chosen = found[manifest.candidate]
    cheapest = min(found.values(), key=lambda figures: figures.values["at_cutoff"]["cost"])
    assert chosen is cheapest or paired_difference(chosen, cheapest)["cost"].lower <= 0
    assert chosen.values["metrics"]["brier"] <= cheapest.values["metrics"]["brier"]
    for candidate in manifest.candidates:
        assert bool(candidate.difference_to_chosen) == (candidate.name != manifest.candidate)


def test_shuffled_outcomes_cannot_be_predicted(portfolio: TrainingSet) -> None:
    aucs = []
    for seed in range(6):
        shuffled = portfolio.matrix.with_columns(portfolio.matrix["bad"].shuffle(seed=seed))
        guess = train(replace(portfolio, matrix=shuffled), OPTIONS)
        aucs.append([candidate.evaluation.metrics["auc"].value for candidate in guess.candidates])
    # An AUC of about 960 guesses has a standard error near 0.02; six of them, 0.008.
    assert np.mean(aucs, axis=0) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    "candidate",
    [
        Logistic("logistic"),
        Boosting("boosting"),
        Boosting("boosting_on_logistic", start=("income", "debt", "job")),
        Blend("blend", Logistic("logistic"), Boosting("boosting", start=("income", "debt", "job"))),
    ],
)
def test_contributions_add_up_to_the_margin(portfolio: TrainingSet, candidate: Candidate) -> None:
    alone = train(portfolio, OPTIONS, candidates=(candidate,))
    model, values = alone.bundle.model, alone.values
    assert np.allclose(model.contributions(values).sum(axis=1), model.margin(values), rtol=0, atol=1e-9)
    if model.booster is None:
        assert np.allclose(model.contributions(values)[:, :-1].mean(axis=0), 0.0, atol=1e-9)


def test_without_signal_and_with_cheap_defaults_everybody_is_approved(portfolio: TrainingSet, tmp_path: Path) -> None:
    noise = replace(portfolio, cards=tuple(card for card in portfolio.cards if card.name == "noise"))
    options = replace(OPTIONS, costs=CostMatrix(1, 1))
    bundle = save_bundle(train(noise, options, candidates=(Logistic("logistic"),)).bundle, tmp_path / "bundle")
    assert set(bundle.policy.decide(np.array([0.0, 0.2, 0.3]))) <= {"approve", "refer"}
    assert "approves all" in model_card(bundle)


def test_the_reported_cost_does_not_flatter(portfolio: TrainingSet) -> None:
    differences = []
    for seed in range(12):
        shuffled = portfolio.matrix.with_columns(portfolio.matrix["bad"].shuffle(seed=seed))
        options = replace(OPTIONS, costs=CostMatrix(4, 1), holdout_share=0.0)
        guess = train(replace(portfolio, matrix=shuffled), options, candidates=(Logistic("logistic"),)).candidates[0]
        base = guess.evaluation.defaults / guess.evaluation.applications
        differences.append(guess.evaluation.at_cutoff["cost"].value - min(4 * base, 1 - base))
    # Nothing can be learnt: no decisions are cheaper than approving or declining everybody.
    assert np.mean(differences) > -0.005


def test_too_few_defaults_are_refused_with_the_number(portfolio: TrainingSet) -> None:
    few = portfolio.matrix.with_columns(pl.when(pl.col("id") < 30).then(pl.col("bad")).otherwise(0.0).alias("bad"))
    with pytest.raises(DataError, match=r"only .* defaults"):
        train(replace(portfolio, matrix=few), OPTIONS)


def test_no_holdout_is_an_option(portfolio: TrainingSet) -> None:
    options = replace(OPTIONS, holdout_share=0.0)
    assert train(portfolio, options, candidates=(Logistic("logistic"),)).bundle.manifest.holdout is None


@pytest.mark.parametrize("wrong", [{"folds": 1}, {"holdout_share": 0.9}, {"holdout_share": -0.1}])
def test_options_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(DataError):
        TrainingOptions(**wrong)  # type: ignore[arg-type]
