"""PSI by bins equals a count one by one, and is finite whatever is counted."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.monitoring.conftest import Counted, fresh

from credit_scoring.bundle.store import Bundle
from credit_scoring.monitoring.psi import LEAST_EXPECTED, shift
from credit_scoring.monitoring.reference import Reference

counts = st.lists(st.integers(0, 3_000), min_size=2, max_size=30)


def one_by_one(now: list[float], then: list[float], reference_rows: int) -> float:
    """Return the PSI as its docstring tells it, in plain Python."""
    rows = sum(now)
    pairs, rare_now, rare_then = [(now[0], then[0])], 0.0, 0.0
    for n, t in zip(now[1:], then[1:], strict=True):
        if t * rows < LEAST_EXPECTED:
            rare_now, rare_then = rare_now + n, rare_then + t
        else:
            pairs.append((n, t))
    pairs = [pair for pair in [*pairs, (rare_now, rare_then)] if pair != (0, 0)]
    added = len(pairs) / 2
    total = 0.0
    for n, t in pairs:
        p = (t * reference_rows + 0.5) / (reference_rows + added)
        q = (n + added * p) / (rows + added)
        total += (q - p) * math.log(q / p)
    return total if len(pairs) > 1 else 0.0


@given(counts, st.data())
def test_it_equals_a_count_one_by_one_and_is_finite(now: list[int], data: st.DataObject) -> None:
    before = data.draw(st.lists(st.integers(0, 3_000), min_size=len(now), max_size=len(now)).filter(any))
    then = np.array(before) / sum(before)
    value, bins, chance = shift(np.array(now), then, sum(before))
    assert math.isfinite(value)
    assert value >= -1e-15
    assert 1 <= bins <= len(now)
    assert 0 <= chance <= 1
    if sum(now):
        assert math.isclose(value, one_by_one(list(now), then.tolist(), sum(before)), rel_tol=1e-9, abs_tol=1e-12)


def test_it_comes_from_the_bins_of_the_profile(bundle: Bundle, reference: Reference, counted: Counted) -> None:
    """The law of the bins: each value searched for in the profile's rows, in plain Python."""
    matrix = fresh(700, seed=5)
    found = counted(matrix)
    for number, axis in enumerate(reference.axes):
        if axis.kind != "feature":
            continue
        rows = bundle.profile.filter(pl.col("feature") == axis.name, pl.col("bin") >= 0).sort("bin").to_dicts()
        expected = [0] * (len(rows) + 1)
        for value in matrix[axis.name]:
            place = next((k for k, row in enumerate(rows, 1) if row["level"] == value is not None), 0)
            if isinstance(value, float):
                place = next((k for k, row in enumerate(rows, 1) if value <= row["upper"]), len(rows))
            expected[place] += 1
        assert found.bins[reference.starts[number] : reference.starts[number + 1]].tolist() == expected, axis.name
