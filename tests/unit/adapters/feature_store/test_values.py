"""Feature values come back to the last bit, however they were cut in parts and whoever is asked for."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_scoring.adapters.feature_store.values import BLOCK, ROWS_AT_A_TIME, Values, ValuesWriter
from credit_scoring.domain.errors import DataError, StoreUnavailableError

KINDS = {"amount": "number", "job": "category", "rate": "number", "never": "category"}
NUMBERS = st.none() | st.floats(width=64) | st.sampled_from([0.0, -0.0, float("nan"), float("inf"), 5e-324])
STRINGS = {"never": pl.String}
JOBS = st.none() | st.sampled_from(["", "clerk", "nurse", "médecin", "XNA"])


def written(path: Path, *parts: pl.DataFrame) -> Values:
    with path.open("wb") as file:
        writer = ValuesWriter(file, KINDS)
        for part in parts:
            writer.add(part)
        writer.finish()
    return Values(path, list(KINDS), writer.levels, writer.rows)


def bits(series: pl.Series) -> list[object]:
    """Return what a column holds, told apart to the last bit."""
    if series.dtype == pl.String:
        return series.to_list()
    numbers = series.fill_null(1.0).to_numpy().view(np.uint64).tolist()
    return [None if missing else number for number, missing in zip(numbers, series.is_null(), strict=True)]


def same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    return one.schema == other.schema and all(bits(one[name]) == bits(other[name]) for name in one.columns)


@st.composite
def matrices(draw: st.DrawFn) -> tuple[pl.DataFrame, list[int]]:
    """A matrix of about one block or none, and where it is cut in parts."""
    rows = draw(st.sampled_from([1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 3]))
    few = draw(st.lists(st.tuples(NUMBERS, JOBS, NUMBERS), min_size=1, max_size=8))
    drawn = [few[row % len(few)] for row in range(rows)]
    frame = pl.DataFrame(
        [(amount, job, rate, None) for amount, job, rate in drawn],
        schema={"amount": pl.Float64, "job": pl.String, "rate": pl.Float64, "never": pl.String},
        orient="row",
    ).with_columns(rate=pl.col("rate") + pl.int_range(rows))
    return frame, sorted({0, rows, *draw(st.lists(st.integers(0, rows), max_size=4))})


@given(matrices(), st.data())
def test_every_bit_comes_back(drawn: tuple[pl.DataFrame, list[int]], data: st.DataObject) -> None:
    frame, cuts = drawn
    asked = data.draw(st.lists(st.integers(0, frame.height - 1), max_size=20))
    with TemporaryDirectory() as folder:
        values = written(Path(folder) / "values.bin", *(frame[start:end] for start, end in pairwise(cuts)))
        assert same(values.frame(np.array(asked, dtype=np.uint32)), frame[asked])
        assert same(pl.DataFrame([values.column(name) for name in KINDS]), frame)
        assert same(pl.concat(values.parts(["rate", "job"])), frame.select("rate", "job"))
        for row in asked[:3]:
            told = pl.DataFrame([values.row(row)], schema=frame.schema)
            assert same(told, frame[[row]])


def test_more_rows_than_are_read_at_a_time(tmp_path: Path) -> None:
    rows = ROWS_AT_A_TIME + BLOCK + 1
    frame = pl.DataFrame({"amount": np.arange(rows) / 7, "rate": -np.arange(rows) / 3}).select(
        "amount", pl.lit("clerk").alias("job"), "rate", pl.lit(None, pl.String).alias("never")
    )
    parts = list(written(tmp_path / "values.bin", frame).parts(list(KINDS)))
    assert [part.height for part in parts] == [ROWS_AT_A_TIME, BLOCK + 1]
    assert same(pl.concat(parts), frame)


def test_a_feature_of_another_type_is_refused(tmp_path: Path) -> None:
    frame = pl.DataFrame({"amount": [1], "job": ["clerk"], "rate": [1.0], "never": [None]})
    with pytest.raises(DataError, match="amount is Int64, not Float64"):
        written(tmp_path / "values.bin", frame)
    with pytest.raises(DataError, match="amount is absent"):
        written(tmp_path / "values.bin", frame.drop("amount"))


def test_a_shorter_file_is_refused_and_a_removed_one_goes_on(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"amount": [1.0], "job": ["clerk"], "rate": [2.0], "never": pl.Series([None], dtype=pl.String)}
    )
    values = written(tmp_path / "values.bin", frame)
    (tmp_path / "copy.bin").write_bytes((tmp_path / "values.bin").read_bytes()[:-1])
    with pytest.raises(StoreUnavailableError, match="not as long"):
        Values(tmp_path / "copy.bin", list(KINDS), {"job": ["clerk"], "never": []}, 1)
    (tmp_path / "values.bin").unlink()
    assert same(values.frame(np.array([0], dtype=np.uint32)), frame)
