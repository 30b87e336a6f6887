from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from credit_scoring.bundle.model import Calibrator, CreditModel, Encoder
from credit_scoring.training.blend import Blend
from credit_scoring.training.boosting import Boosting
from credit_scoring.training.candidates import EXTERNAL_SCORES, candidates_for
from credit_scoring.training.logistic import PENALTIES, Logistic, fit_linear, linear_margin
from credit_scoring.training.sample import MANY_ROWS, Candidate, Floats, Sample, log_losses

FEATURES = ("safe", "risky", "free", "job")


def quick(*start: str) -> Boosting:
    return Boosting("trees", start=start, parameters={"learning_rate": 0.2})


def made(rows: int, directions: tuple[int, ...] = (0, 0, 0, 0), seed: int = 1) -> Sample:
    """Return rows whose outcome contradicts the directions (-1, 1) of the first two features here and there."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(rows, 4))
    values[:, 3] = generator.integers(0, 3, rows)
    values[generator.random((rows, 4)) < 0.1] = np.nan
    filled = np.nan_to_num(values)
    margin = -1.5 - np.sin(3 * filled[:, 0]) + np.cos(2 * filled[:, 1]) + 0.5 * filled[:, 2] + 0.3 * filled[:, 3]
    defaulted = generator.random(rows) < 1 / (1 + np.exp(-margin))
    encoder = Encoder(features=FEATURES, categories={"job": ("a", "b", "c")})
    return Sample(values, defaulted, np.arange(rows), encoder, directions)


def test_the_regression_is_scikit_learns_where_no_direction_binds() -> None:
    sample = made(600)
    values = sample.values[:, [0, 1, 2]]
    complete = ~np.isnan(sample.values).any(axis=1)
    whole = Sample(values[complete], sample.defaulted[complete], sample.groups[complete], *_numbers())
    linear = fit_linear(whole, whole.encoder.features, 0.05)
    design = np.column_stack(
        [
            np.clip((column - term.center) / term.scale, -term.limit, term.limit)
            for column, term in zip(whole.values.T, linear.terms, strict=True)
        ]
    )
    oracle = LogisticRegression(C=0.05, tol=1e-10, max_iter=1_000).fit(design, whole.defaulted)
    assert np.allclose([term.weight for term in linear.terms], oracle.coef_[0], atol=1e-4)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_penalty_is_the_best_of_all_on_rows_that_it_was_not_fitted_to(seed: int) -> None:
    sample = made(500, (-1, 0, 0, 0), seed)
    sample.values[:, 0] = np.nan_to_num(sample.values[:, 0])
    sample.values[7, 0] = np.nan  # who holds this row out has never seen it missing
    sample.values[np.isnan(sample.values[:, 1]), 2] = np.nan
    sample.values[np.isnan(sample.values[:, 2]), 1] = np.nan  # one flag for both
    fitted = Logistic("logistic").fit(sample, seed=3, threads=1)
    splits = sample.inner_splits(3)
    margins = np.full((len(PENALTIES), 3, 500), np.nan)
    for repeat, held in splits:
        for margin, penalty in zip(margins, PENALTIES, strict=True):
            linear = fit_linear(sample.rows(~held), FEATURES, penalty)
            margin[repeat, held] = linear_margin(linear, sample.encoder, sample.values[held])
    best = int(np.argmin([log_losses(margin, sample.defaulted).mean() for margin in margins]))
    assert fitted.settings == {"inverse_penalty": f"{PENALTIES[best]:g}"}
    assert fitted.inner is not None
    assert np.allclose(fitted.inner, margins[best], rtol=0, atol=1e-9)


def _numbers() -> tuple[Encoder, tuple[int, ...]]:
    return Encoder(features=FEATURES[:3], categories={}), (0, 0, 0)


@pytest.mark.parametrize(
    "candidate",
    [
        Logistic("logistic"),
        quick(),
        quick("safe", "risky"),
        Blend("blend", Logistic("logistic"), quick("safe")),
    ],
)
def test_no_model_moves_against_a_direction(candidate: Candidate) -> None:
    sample = made(1_500, (-1, 1, 0, 0))
    model = candidate.fit(sample, seed=3, threads=1).model(sample.encoder)
    grid = np.linspace(-6, 6, 60)
    for column, direction in ((0, -1), (1, 1)):
        for row in np.random.default_rng(0).permutation(sample.values)[:20]:
            rows = np.tile(row, (grid.size, 1))
            rows[:, column] = grid
            assert (np.diff(model.margin(rows)) * direction >= -1e-12).all()
    free = made(1_500)
    unbound = candidate.fit(free, seed=3, threads=1).model(free.encoder)
    assert not np.allclose(unbound.margin(free.values), model.margin(free.values)), "directions made no difference"


def test_a_blend_is_the_weighted_sum_of_its_parts() -> None:
    sample = made(1_200)
    linear, trees = Logistic("logistic"), quick("safe")
    blend = Blend("blend", linear, trees)
    parts = {part.name: part.fit(sample, seed=3, threads=1) for part in (linear, trees)}
    both = blend.fit(sample, seed=3, threads=1, fitted=parts)
    alone = blend.fit(sample, seed=3, threads=1)
    weight = float(both.settings["linear_weight"])

    def margin(name: str) -> Floats:
        return parts[name].model(sample.encoder).margin(sample.values)

    expected = weight * margin("logistic") + (1 - weight) * margin("trees")
    for fitted in (both, alone):
        model = CreditModel(sample.encoder, fitted.linear, fitted.booster, Calibrator())
        assert np.allclose(model.margin(sample.values), expected, rtol=0, atol=1e-9)
        assert np.allclose(model.contributions(sample.values).sum(axis=1), expected, rtol=0, atol=1e-9)


def test_choices_that_are_followed_are_not_made_again() -> None:
    sample = made(800)
    candidate = Blend("blend", Logistic("logistic"), quick())
    choice = {"inverse_penalty": "0.01", "rounds": "17", "linear_weight": "0.25"}
    fitted = candidate.fit(sample, seed=3, threads=1, follow=[choice])
    assert fitted.settings == choice | {"learning_rate": "0.2"}
    assert fitted.booster is not None
    assert fitted.booster.num_trees() == 17


def test_inner_splits_keep_persons_whole() -> None:
    sample = made(900)
    grouped = Sample(sample.values, sample.defaulted, np.arange(900) // 3, sample.encoder, sample.directions)
    splits = grouped.inner_splits(5)
    assert {repeat for repeat, _ in splits} == {0, 1, 2}
    for _, held in splits:
        assert not set(grouped.groups[held]) & set(grouped.groups[~held])
    for repeat in range(3):
        assert (np.sum([held for number, held in splits if number == repeat], axis=0) == 1).all()


def test_external_scores_start_the_trees_only_where_all_are_there() -> None:
    assert [candidate.name for candidate in candidates_for(EXTERNAL_SCORES)] == [
        "logistic_external",
        "logistic_all",
        "lightgbm",
        "blend",
    ]
    assert "logistic_external" not in {candidate.name for candidate in candidates_for(EXTERNAL_SCORES[:2])}


@pytest.mark.slow
def test_of_many_rows_a_quarter_is_held_out_once() -> None:
    sample = made(MANY_ROWS)
    assert [repeat for repeat, _ in sample.inner_splits(5)] == [0]
    assert sample.inner_splits(5)[0][1].mean() == pytest.approx(0.25, abs=0.001)
    fitted = Blend("blend", Logistic("logistic"), quick()).fit(sample, seed=3, threads=2)
    assert fitted.inner is not None
    assert np.isfinite(fitted.inner).mean() == pytest.approx(0.25, abs=0.001)
    # Rows enough, and a signal that is not linear: trees outweigh the regression.
    assert float(fitted.settings["linear_weight"]) < 0.5
