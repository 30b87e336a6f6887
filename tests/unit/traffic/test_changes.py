"""Laws of what drifts: only what was asked for, within the schema's bounds, and nothing that is not understood."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_scoring.domain.errors import DataError
from credit_scoring.tables.schema import schema
from credit_scoring.tables.synthetic import Arrivals
from credit_scoring.traffic.changes import GRAMMAR, Change, arriving, lean, mix, parsed

COLUMNS = schema()["application"].columns
NUMBERS = ("AMT_INCOME_TOTAL", "EXT_SOURCE_2", "EXT_SOURCE_3", "DAYS_EMPLOYED", "CNT_CHILDREN", "OWN_CAR_AGE")


@pytest.fixture(scope="module")
def application() -> pl.DataFrame:
    return Arrivals(5).draw(400)["application"]


@given(
    st.integers(1, 99),
    st.sampled_from(NUMBERS),
    st.sampled_from(["*", "+", "-"]),
    st.decimals(0, 1000, places=2).map(float),
)
def test_arithmetic_is_read_as_it_is_written(month: int, column: str, kind: str, amount: float) -> None:
    assert parsed(f"{month}:{column}{kind}{amount:.2f}") == Change(month, kind, column, amount)  # type: ignore[arg-type]


def test_words_are_read_as_they_are_written() -> None:
    assert parsed("7:missing EXT_SOURCE_3 0.5") == Change(7, "missing", "EXT_SOURCE_3", 0.5)
    assert parsed(" 7:relation  AMT_CREDIT -1.5 ") == Change(7, "relation", "AMT_CREDIT", -1.5)
    assert parsed("7:mix 0.25") == Change(7, "mix", "", 0.25)


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("income*0.7", "is no change"),
        ("7:income*0.7", "did you mean AMT_INCOME_TOTAL?"),
        ("7:TARGET*0.7", "has no column TARGET"),
        ("7:SK_ID_CURR+1", "has no column SK_ID_CURR"),
        ("7:CODE_GENDER*2", "holds words"),
        ("7:missing EXT_SOURCE_3 1.5", "is no share"),
        ("7:mix -1", "is no share"),
        ("7:relation", "is no change"),
        ("0:mix 1", "months count from 1"),
        ("7:EXT_SOURCE_2*nan", "is no change"),
        ("", "is no change"),
    ],
)
def test_what_is_not_understood_is_refused_with_all_that_there_is(spec: str, why: str) -> None:
    with pytest.raises(DataError) as refused:
        parsed(spec)
    assert why in str(refused.value)
    assert str(refused.value).endswith(GRAMMAR)


@given(column=st.sampled_from(NUMBERS), kind=st.sampled_from(["*", "+", "-"]), amount=st.floats(-3, 3))
def test_a_number_is_changed_value_by_value_and_nothing_else_is(
    application: pl.DataFrame, column: str, kind: str, amount: float
) -> None:
    change = Change(1, kind, column, amount)  # type: ignore[arg-type]
    found = arriving(application, [change], np.random.default_rng(0))
    assert found.drop(column).equals(application.drop(column))
    assert found.schema == application.schema
    told, whole = COLUMNS[column], application.schema[column].is_integer()
    for before, after in zip(application[column].to_list(), found[column].to_list(), strict=True):
        if before is None or str(before) in told.sentinels:
            assert after == before
            continue
        moved = before * amount if kind == "*" else before + amount if kind == "+" else before - amount
        low = -np.inf if told.lower is None else told.lower
        high = np.inf if told.upper is None else told.upper
        assert after == pytest.approx(min(max(moved, low), high), abs=0.501 if whole else 1e-12)


@given(share=st.floats(0, 1))
def test_a_share_of_the_values_goes_missing(application: pl.DataFrame, share: float) -> None:
    change = Change(1, "missing", "EXT_SOURCE_2", share)
    found = arriving(application, [change], np.random.default_rng(1))["EXT_SOURCE_2"]
    before = application["EXT_SOURCE_2"]
    gone = int((found.is_null() & before.is_not_null()).sum())
    there = before.len() - before.null_count()
    assert abs(gone - share * there) <= 5 * np.sqrt(there * share * (1 - share)) + 1e-9
    assert found.filter(found.is_not_null()).equals(before.filter(found.is_not_null()))


def test_mix_and_relation_are_the_generators_and_move_no_arriving_value(application: pl.DataFrame) -> None:
    changes = [parsed("1:mix 0.2"), parsed("2:relation AMT_CREDIT 0.5"), parsed("3:mix 0.9")]
    assert (mix(changes), lean(changes)) == (0.9, {"AMT_CREDIT": 0.5})
    assert arriving(application, changes, np.random.default_rng(0)).equals(application)
