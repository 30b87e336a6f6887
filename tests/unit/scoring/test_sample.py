"""A sample of what goes by: the same however it is divided, and every row as probable as any other."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.monitoring.conftest import drawn_bundle, fresh

from credit_scoring.scoring.sample import RowSample, shown_columns
from credit_scoring.scoring.score import score


@given(st.lists(st.integers(0, 30), max_size=8), st.integers(1, 25), st.integers(0, 9))
def test_the_parts_do_not_matter_and_no_row_is_kept_twice(parts: list[int], most: int, seed: int) -> None:
    rows = pl.DataFrame({"row": np.arange(sum(parts))}, schema={"row": pl.Int64})
    whole, divided = RowSample(most, seed=seed), RowSample(most, seed=seed)
    whole.add(rows)
    start = 0
    for height in parts:
        divided.add(rows[start : start + height])
        start += height
    kept = whole.rows["row"].to_list()
    assert len(kept) == len(set(kept)) == min(most, rows.height)
    assert kept == (divided.rows["row"].to_list() if parts else [])


def test_every_row_is_kept_as_often_as_any_other() -> None:
    kept = np.zeros(50)
    for seed in range(500):
        sample = RowSample(10, seed=seed)
        for start in range(0, 50, 7):
            sample.add(pl.DataFrame({"row": np.arange(start, min(start + 7, 50))}))
        kept[sample.rows["row"].to_numpy()] += 1
    # Binomial: 100 expected of each, with a spread of 8.9.
    assert np.abs(kept - 100).max() < 5 * 8.9


def test_ranks_and_words_are_shown_alike_without_id_and_what_the_model_never_uses() -> None:
    bundle, rows = drawn_bundle(), fresh(300, seed=5)
    scored = score(bundle, rows).decisions
    words = shown_columns(bundle, rows, scored["p_default"].to_numpy(), scored["decision"])
    encoder = bundle.model.encoder
    ranks = pl.DataFrame(encoder.encode(rows), schema=list(encoder.features))
    told = shown_columns(bundle, ranks, scored["p_default"].to_numpy(), scored["decision"])
    assert told["job"].to_list() == words["job"].to_list()
    assert set(words.columns) == {"p_default", "decision"} | {
        name for name, weight in bundle.manifest.importances.items() if weight > 0
    }
    assert not {"id", "unused"} & set(words.columns)
