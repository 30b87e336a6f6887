from __future__ import annotations

import inspect

from hypothesis import given
from hypothesis import strategies as st

from credit_scoring.domain import errors
from credit_scoring.domain.errors import (
    CreditScoringError,
    DataError,
    MissingExtraError,
    TableViolationsError,
    Violation,
)

words = st.text("abcdefgh_", min_size=1, max_size=8)
violations = st.builds(
    Violation, words, st.just("") | words, words, st.integers(0, 10**6), st.lists(words, max_size=3).map(tuple)
)


def test_all_errors_are_of_one_tree() -> None:
    found = [made for _, made in inspect.getmembers(errors, inspect.isclass) if issubclass(made, Exception)]
    assert len(found) > 5
    assert all(issubclass(made, CreditScoringError) for made in found)
    assert issubclass(TableViolationsError, DataError)


@given(violations)
def test_a_violation_is_told_with_its_place_its_count_and_its_examples(violation: Violation) -> None:
    told = str(violation)
    assert told.startswith(f"{violation.table}.{violation.column}: " if violation.column else f"{violation.table}: ")
    assert violation.problem in told
    assert all(example in told for example in violation.examples)
    assert ("example" in told) == bool(violation.examples)
    assert (f"{violation.count} row" in told) == bool(violation.count)
    assert ("1 row:" in told) == (violation.count == 1)


@given(st.lists(violations, min_size=1, max_size=5))
def test_every_violation_has_its_line(found: list[Violation]) -> None:
    error = TableViolationsError(found)
    assert error.violations == tuple(found)
    first, *lines = str(error).splitlines()
    assert first.startswith(f"{len(found)} violation")
    assert lines == [f"  - {violation}" for violation in found]


def test_a_missing_extra_is_told_with_how_to_install_it() -> None:
    error = MissingExtraError("kaggle", "downloading the data")
    assert (error.extra, error.purpose) == ("kaggle", "downloading the data")
    assert "credit-scoring[kaggle]" in str(error)
    assert str(error).startswith("downloading the data")
