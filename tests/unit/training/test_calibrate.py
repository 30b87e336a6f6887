from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from credit_scoring.bundle.evaluate import fit_line
from credit_scoring.bundle.model import logistic
from credit_scoring.training.calibrate import choose_calibrator, fit_calibrator


def drawn(slope: float, intercept: float, rows: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Margins whose true log-odds are ``slope * margin + intercept``, and outcomes."""
    generator = np.random.default_rng(3)
    margin = generator.normal(-2.4, 1.0, rows)
    return margin, generator.random(rows) < logistic(slope * margin + intercept)


def test_a_line_finds_the_true_slope_and_intercept() -> None:
    slope, intercept = fit_line(*drawn(0.6, -0.8))
    assert slope == pytest.approx(0.6, abs=0.06)
    assert intercept == pytest.approx(-0.8, abs=0.15)


@pytest.mark.parametrize("slope", [0.1, 0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("shift", [-6.0, -2.0, 0.0, 3.0])
def test_a_line_is_that_of_scikit_learn_however_wrong_the_margin_is(slope: float, shift: float) -> None:
    margin, bad = drawn(1.0, 0.0, 4_000)
    told = (margin - shift) / slope  # then the true line has this slope and this shift
    found = fit_line(told, bad)
    plain = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1_000).fit((told - told.mean())[:, None], bad)
    expected = float(plain.coef_[0, 0])
    assert found[0] == pytest.approx(expected, rel=1e-3)
    assert found[1] == pytest.approx(float(plain.intercept_[0]) - expected * told.mean(), rel=1e-3, abs=1e-3)


def test_a_calibrator_never_falls_and_never_says_0_or_1() -> None:
    generator = np.random.default_rng(0)
    for _ in range(40):
        margin, bad = generator.normal(-2, 1, 400), generator.random(400) < 0.1
        assert fit_calibrator("sigmoid", margin, bad).slope >= 0
        p = fit_calibrator("isotonic", margin, bad).p_default(margin)
        assert 0 < p.min() <= p.max() < 1


def test_calibration_is_kept_only_where_it_improves() -> None:
    fold = np.arange(20_000) % 5
    sound, _ = choose_calibrator(*drawn(1.0, 0.0), fold)
    margin, bad = drawn(0.5, -1.0)
    mended, p = choose_calibrator(margin, bad, fold)
    assert sound.kind == "identity"
    assert mended.kind != "identity"
    assert np.mean((p - bad) ** 2) < np.mean((logistic(margin) - bad) ** 2)
    slope, _ = fit_line(np.log(p) - np.log1p(-p), bad)
    assert slope == pytest.approx(1.0, abs=0.1)


def test_out_of_fold_pds_do_not_depend_on_their_own_fold() -> None:
    margin, bad = drawn(0.5, -1.0, 2_000)
    fold = np.arange(2_000) % 5
    _, p = choose_calibrator(margin, bad, fold)
    turned = bad.copy()
    turned[np.flatnonzero(fold == 0)[:5]] ^= True
    _, other = choose_calibrator(margin, turned, fold)
    assert np.array_equal(p[fold == 0], other[fold == 0])


@given(st.sampled_from(["identity", "sigmoid", "isotonic"]), st.lists(st.floats(-30, 30), min_size=2, max_size=20))
def test_every_calibrator_is_monotone_and_gives_probabilities(kind: str, margins: list[float]) -> None:
    calibrator = fit_calibrator(kind, *drawn(0.7, -0.3, 2_000))
    p = calibrator.p_default(np.sort(np.array(margins)))
    assert np.all((p >= 0) & (p <= 1))
    assert np.all(np.diff(p) >= 0)
