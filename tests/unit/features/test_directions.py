from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from credit_scoring.features.assemble import assemble, catalogue
from credit_scoring.features.directions import FALLING, RISING, SCORES
from credit_scoring.tables.frames import Tables


@pytest.mark.parametrize("score", sorted(SCORES))
def test_no_feature_with_a_direction_falls_as_a_score_rises_and_no_other_moves(
    synthetic_tables: Tables, score: str
) -> None:
    frames = dict(synthetic_tables.of("application_train"))
    better = frames["application"].with_columns((pl.col(score) + 0.05).clip(upper_bound=1.0))
    before, after = assemble(frames), assemble({**frames, "application": better})
    for name, feature in catalogue().items():
        if feature.kind != "number":
            continue
        change = (after[name] - before[name]).drop_nulls().to_numpy()
        if feature.direction == -1 and "EXT_SOURCE" in name:
            assert (change >= -1e-12).all(), name
        else:
            assert not np.any(change), f"{name} moves with {score}, but has no direction"


def test_every_direction_is_of_some_feature() -> None:
    measures = {name.split("__")[1] for name in catalogue() if "__" in name}
    assert measures >= RISING
    assert measures >= FALLING - SCORES
    assert {feature.direction for feature in catalogue().values()} == {-1, 0, 1}
