from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_scoring.training.split import grouped_folds, holdout_mask, person_groups


@given(st.lists(st.integers(0, 30), min_size=20, max_size=200), st.integers(0, 5), st.integers(2, 5))
def test_no_person_stands_on_two_sides(persons: list[int], seed: int, folds: int) -> None:
    groups = np.array(persons)
    bad = np.random.default_rng(seed).random(groups.size) < 0.2
    held = holdout_mask(groups, 0.3, seed)
    fold = grouped_folds(groups, bad, folds, seed)
    for person in set(persons):
        rows = groups == person
        assert len(set(held[rows])) == 1
        assert len(set(fold[rows])) == 1


def test_the_holdout_does_not_look_at_outcomes_and_folds_spread_defaults() -> None:
    groups = np.arange(10_000)
    bad = np.random.default_rng(0).random(groups.size) < 0.08
    held = holdout_mask(groups, 0.2, 7)
    assert held.sum() == 2_000
    fold = grouped_folds(groups, bad, 5, 7)
    counts = np.bincount(fold[bad], minlength=5)
    assert counts.max() - counts.min() <= 1


def test_applications_of_one_person_are_known_by_what_does_not_change() -> None:
    first = {"DAYS_BIRTH": -10_000.0, "DAYS_REGISTRATION": -4_000.0, "DAYS_ID_PUBLISH": -900.0, "CODE_GENDER": "F"}
    later = first | {name: first[name] - 200.0 for name in first if name != "CODE_GENDER"}  # type: ignore[operator]
    other = first | {"CODE_GENDER": "M"}
    groups = person_groups(pl.DataFrame([first, later, other]))
    assert groups[0] == groups[1] != groups[2]


@pytest.mark.parametrize("unknown", ["DAYS_BIRTH", "DAYS_REGISTRATION", "DAYS_ID_PUBLISH", "CODE_GENDER"])
def test_who_is_not_known_is_nobody_else(unknown: str) -> None:
    row = {"DAYS_BIRTH": -10_000.0, "DAYS_REGISTRATION": -4_000.0, "DAYS_ID_PUBLISH": -900.0, "CODE_GENDER": "F"}
    groups = person_groups(pl.DataFrame([row | {unknown: None}] * 5))
    assert len(set(groups)) == 5


def test_without_the_columns_every_row_is_its_own_person() -> None:
    assert len(set(person_groups(pl.DataFrame({"income": [1.0, 1.0, 1.0]})))) == 3
