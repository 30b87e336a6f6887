from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from credit_scoring.adapters.decision_log.values import pack_values, unpack_values
from credit_scoring.domain.errors import DataError

SHAPES = st.tuples(st.integers(0, 6), st.integers(0, 40))


@given(hnp.arrays(np.float64, SHAPES, elements=st.floats(allow_nan=True, allow_infinity=True)))
def test_values_come_back_to_the_last_bit(values: np.ndarray) -> None:
    back = unpack_values(pack_values(values), values.shape[1])
    assert back.dtype == np.float64
    known = ~np.isnan(values)
    assert back.shape == values.shape
    assert np.array_equal(np.isnan(back), ~known)
    assert back[known].tobytes() == values[known].tobytes()


@given(hnp.arrays(np.float64, SHAPES, elements=st.floats(allow_nan=True)))
def test_a_row_packs_alone_as_among_others(values: np.ndarray) -> None:
    assert pack_values(values) == [pack_values(row[None, :])[0] for row in values]


def test_only_what_is_known_takes_room() -> None:
    values = np.full((1, 800), np.nan)
    values[0, :3] = 0.5
    assert len(pack_values(values)[0]) == 100 + 3 * 8


def test_other_memory_orders_pack_alike() -> None:
    values = np.arange(24.0).reshape(4, 6)
    assert pack_values(np.asfortranarray(values)) == pack_values(values) == pack_values(values.astype(">f8"))


@pytest.mark.parametrize("features", [2, 17, 300])
def test_values_of_other_features_are_refused(features: int) -> None:
    (packed,) = pack_values(np.array([[1.0, np.nan, 2.0]]))
    with pytest.raises(DataError, match="bundle"):
        unpack_values([packed], features)


def test_values_cut_short_are_refused() -> None:
    (packed,) = pack_values(np.array([[1.0, np.nan, 2.0]]))
    for broken in (packed[:-1], packed[:1], b"", packed + b"\0"):
        with pytest.raises(DataError, match="bundle"):
            unpack_values([broken], 3)
