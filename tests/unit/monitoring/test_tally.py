"""Counts do not depend on how the rows come, and tell apart what the model cannot."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.unit.monitoring.conftest import Counted, fresh

from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.errors import DataError
from credit_scoring.monitoring.reference import Reference
from credit_scoring.monitoring.tally import tally
from credit_scoring.monitoring.watch import watch, window


@hypothesis_settings(max_examples=15)
@given(st.randoms(use_true_random=False), st.lists(st.integers(0, 400), max_size=5))
def test_parts_in_any_order_and_any_split_give_the_same_report(
    bundle: Bundle, reference: Reference, random: Random, cuts: list[int]
) -> None:
    matrix = fresh(400, seed=6)
    whole = watch(bundle, reference, window(bundle, reference, [matrix]))
    edges = sorted({0, *cuts, matrix.height})
    shuffled = matrix.sample(fraction=1.0, shuffle=True, seed=len(cuts))
    parts = [shuffled[a:b] for a, b in pairwise(edges)]
    random.shuffle(parts)
    again = watch(bundle, reference, window(bundle, reference, parts))
    assert again.drift == whole.drift
    assert again.model_dump_json() == whole.model_dump_json()


def test_encoded_values_count_as_the_raw_ones(bundle: Bundle, reference: Reference, counted: Counted) -> None:
    matrix = fresh(500, seed=7)
    values = bundle.model.encoder.encode(matrix)
    encoded = pl.from_numpy(values, schema=list(bundle.model.encoder.features))
    p_default = bundle.model.p_default(values)
    raw, told = counted(matrix), tally(reference, encoded, p_default, bundle.policy.decide(p_default))
    assert np.array_equal(raw.bins, told.bins)
    assert np.array_equal(raw.outside, told.outside)


def test_unseen_categories_are_missing_to_the_model_and_told_apart(reference: Reference, counted: Counted) -> None:
    matrix = fresh(600, seed=8)
    some = pl.int_range(pl.len()) % 3
    changed = matrix.with_columns(
        job=pl.when(some == 0).then(pl.lit("pilot")).when(some == 1).then(None).otherwise("job")
    )
    found = counted(changed)
    number = [axis.name for axis in reference.axes].index("job")
    assert found.unseen[number] == 200
    assert found.bins[reference.starts[number]] == 400


def test_numbers_out_of_range_are_counted_at_the_ends_too(reference: Reference, counted: Counted) -> None:
    matrix = fresh(300, seed=9).with_columns(x0=pl.when(pl.int_range(pl.len()) < 7).then(1e9).otherwise("x0"))
    found = counted(matrix)
    low, high = reference.axes[0].range or (0, 0)
    assert found.outside[0] == ((matrix["x0"] < low) | (matrix["x0"] > high)).sum() >= 7
    assert found.bins[reference.starts[1] - 1] >= 7


def test_rows_that_do_not_match_and_features_that_lack_are_refused(bundle: Bundle, reference: Reference) -> None:
    matrix, p_default = fresh(10, seed=1), np.full(10, 0.1)
    decided = bundle.policy.decide(p_default)
    with pytest.raises(DataError, match="do not match"):
        tally(reference, matrix, p_default[:9], decided)
    with pytest.raises(DataError, match="lacks"):
        tally(reference, matrix.drop("x3"), p_default, decided)
    with pytest.raises(DataError, match="no applications"):
        window(bundle, reference, [matrix.head(0)])
