from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_scoring.bundle.model import CreditModel, Encoder, logistic
from credit_scoring.bundle.profile import P_DEFAULT
from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.errors import DataError


def test_contributions_add_up_to_the_margin(bundle: Bundle, matrix: pl.DataFrame) -> None:
    values = bundle.model.encoder.encode(matrix)
    total = bundle.model.contributions(values).sum(axis=1)
    assert np.allclose(total, bundle.model.margin(values), rtol=0, atol=1e-9)


def test_one_at_a_time_gives_the_batch_to_the_last_bit(bundle: Bundle, matrix: pl.DataFrame) -> None:
    values = bundle.model.encoder.encode(matrix)
    alone = [bundle.model.p_default(values[row : row + 1])[0] for row in range(values.shape[0])]
    assert np.array_equal(bundle.model.p_default(values), alone)


def test_an_unseen_or_missing_category_is_missing_and_counted(bundle: Bundle) -> None:
    rows = pl.DataFrame({"income": [0.0, 0.0], "job": ["astronaut", None]})
    values = bundle.model.encoder.encode(rows)
    assert np.isnan(values[:, 1]).all()
    assert bundle.model.encoder.unseen(rows) == {"job": 1}


@pytest.mark.parametrize("rows", [1, 1_000])
def test_a_missing_column_is_refused_by_name(rows: int) -> None:
    encoder = Encoder(features=("income", "age"), categories={})
    with pytest.raises(DataError, match=r"lacks \['income'\]"):
        encoder.encode(pl.DataFrame({"other": [1.0] * rows, "age": [1.0] * rows}))


cells = st.fixed_dictionaries(
    {
        "whole": st.none() | st.integers(-(2**63), 2**63 - 1),
        "number": st.none() | st.floats(),
        "flag": st.none() | st.booleans(),
        "job": st.none() | st.sampled_from(["clerk", "nurse", "astronaut"]),
        "town": st.none() | st.sampled_from(["Pau", "Dax"]),
        "beside": st.just("not a feature"),
    }
)
TYPES = {
    "whole": pl.Int64(),
    "number": pl.Float64(),
    "flag": pl.Boolean(),
    "job": pl.String(),
    "town": pl.Categorical(),
    "beside": pl.String(),
}


@given(st.lists(cells, max_size=20), st.integers(1, 40))
def test_few_rows_are_encoded_as_many_are(drawn: list[dict[str, object]], times: int) -> None:
    categories = {"town": ("Dax", "Pau"), "job": ("nurse", "clerk")}
    encoder = Encoder(features=("town", "whole", "number", "job", "flag"), categories=categories)
    rows = pl.DataFrame(drawn, schema=TYPES)
    values = encoder.encode(pl.concat([rows] * times))
    assert values.shape == (len(drawn) * times, 5)
    alone = [encoder.encode(rows[number : number + 1]) for number in range(len(drawn))] * times
    assert np.array_equal(values, np.concatenate([np.empty((0, 5)), *alone]), equal_nan=True)


def test_many_rows_give_the_bits_of_one_in_any_memory_order(bundle: Bundle, matrix: pl.DataFrame) -> None:
    values = np.tile(bundle.model.encoder.encode(matrix), (9, 1))
    batch = bundle.model.margin(values)
    assert np.array_equal(batch, bundle.model.margin(np.asfortranarray(values)))
    assert np.array_equal(batch[:600], [bundle.model.margin(values[row : row + 1])[0] for row in range(600)])
    assert np.array_equal(batch, np.tile(batch[:600], 9))


@given(st.floats(-800, 800))
def test_the_logistic_function_never_overflows(margin: float) -> None:
    p = float(logistic(np.array([margin]))[0])
    assert 0 <= p <= 1
    assert p == pytest.approx(1 - float(logistic(np.array([-margin]))[0]), abs=1e-15)


def test_importances_add_up_to_one_and_count_the_linear_part(bundle: Bundle, matrix: pl.DataFrame) -> None:
    values = bundle.model.encoder.encode(matrix)
    assert sum(bundle.model.importances(values).values()) == pytest.approx(1.0)
    alone = CreditModel(bundle.model.encoder, bundle.model.linear, None, bundle.model.calibrator)
    assert set(alone.importances(values)) == {"income", "job"}


def test_the_profile_of_each_column_adds_up_to_one(bundle: Bundle, matrix: pl.DataFrame) -> None:
    totals = bundle.profile.group_by("feature").agg(pl.col("share").sum())
    assert set(totals["feature"]) == {"income", "job", P_DEFAULT}
    assert totals["share"].to_list() == pytest.approx([1.0] * 3)
    missing = bundle.profile.filter((pl.col("feature") == "income") & (pl.col("bin") == -1))["share"].item()
    assert missing == pytest.approx(matrix["income"].null_count() / matrix.height)
