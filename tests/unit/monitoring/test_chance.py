"""What chance does, against SciPy and against draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chi2

from credit_scoring.monitoring.chance import (
    POWER,
    chi_square_quantile,
    chi_square_tail,
    psi_power,
    share_by_chance,
    share_power,
)
from credit_scoring.monitoring.psi import shift

shares = st.floats(0.001, 0.999)


@given(st.floats(0, 400), st.integers(1, 200))
def test_the_tail_is_that_of_scipy(x: float, degrees: int) -> None:
    assert math.isclose(chi_square_tail(x, degrees), chi2.sf(x, degrees), rel_tol=1e-9, abs_tol=1e-300)


@given(st.floats(1e-12, 0.5), st.integers(1, 200))
def test_the_quantile_is_that_of_scipy(tail: float, degrees: int) -> None:
    assert math.isclose(chi_square_quantile(tail, degrees), chi2.isf(tail, degrees), rel_tol=1e-9)


@given(shares, st.integers(1, 3_000), st.data())
def test_a_share_is_never_rarer_than_its_bound(then: float, rows: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, rows))
    tail = binom.sf(count - 1, rows, then) if count / rows > then else binom.cdf(count, rows, then)
    assert tail <= share_by_chance(count / rows, then, rows) * (1 + 1e-9)


@pytest.mark.parametrize("then", [0.0005, 0.02, 0.3, 0.95])
@pytest.mark.parametrize("rows", [40, 400, 4_000])
def test_where_shares_have_power_a_shift_is_found_in_four_windows_of_five(then: float, rows: int) -> None:
    level, shift = 1e-5, 0.1
    if not share_power(then, shift, rows, level):
        assert rows < 4_000
        return
    moved = then + shift if then + shift < 1 else then - shift
    found = np.random.default_rng(rows).binomial(rows, moved, 4_000) / rows
    surprising = [(f > then) == (moved > then) and share_by_chance(f, then, rows) <= level for f in found]
    assert np.mean(surprising) > POWER - 0.08  # the normal approximation of the spread


@pytest.mark.parametrize(("rows", "reference_rows"), [(200, 1_000_000), (1_000, 1_000), (5_000, 2_000)])
def test_chance_is_as_often_below_a_level_as_it_says(rows: int, reference_rows: int) -> None:
    """Also with a bin of few expected, and far out, where one check of thousands may err."""
    generator, windows = np.random.default_rng(rows), 20_000
    truth = np.array([0.025, *[0.095] * 10, 0.025])
    then = generator.multinomial(reference_rows, truth, windows) / reference_rows
    now = generator.multinomial(rows, truth, windows)
    chances = np.array([shift(n, t, reference_rows).chance for n, t in zip(now, then, strict=True)])
    for level in (0.02, 1e-3):
        assert level / 3 < np.mean(chances <= level) < level * 2
    assert np.count_nonzero(chances <= 1e-5) <= 3


@pytest.mark.parametrize("rows", [250, 500, 2_000])
def test_the_power_of_psi_is_what_draws_show(rows: int) -> None:
    generator, level, least = np.random.default_rng(rows), 1e-5, 0.1
    then = np.r_[0.0, np.full(10, 0.1)]
    moved = np.exp(0.7 * np.linspace(-1, 1, 10)) / 10
    moved /= moved.sum()
    true = float(np.sum((moved - 0.1) * np.log(moved / 0.1)))
    windows = generator.multinomial(rows, np.r_[0.0, moved], 2_000)
    shifts = [shift(now, then, 10_000_000) for now in windows]
    found = np.mean([one.psi >= least and one.chance <= level for one in shifts])
    assert abs(found - psi_power(rows, 10, true, least, level)) < 0.06
