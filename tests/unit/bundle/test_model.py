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


def test_a_missing_column_is_refused_by_name() -> None:
    encoder = Encoder(features=("income",), categories={})
    with pytest.raises(DataError, match="income"):
        encoder.encode(pl.DataFrame({"other": [1.0]}))


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
