from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from credit_scoring.domain.errors import DataError, TableViolationsError, Violation
from credit_scoring.tables.matrix import read_matrix
from credit_scoring.tables.roles import ROW_NUMBER, conformed, outcome, with_id

names = st.text("abcxyz 019.-", min_size=1, max_size=6).map(str.strip).filter(bool)


def violations_of(error: pytest.ExceptionInfo[TableViolationsError]) -> list[Violation]:
    for violation in error.value.violations:
        assert str(violation) in str(error.value)
    return list(error.value.violations)


def test_numbers_are_float_and_all_else_is_text_and_csv_equals_parquet(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "loan": [3, 1, 2],
            "income": [1.5, None, 2.0],
            "job": ["clerk", None, "nurse"],
            "owner": [True, False, None],
            "since": ["2020-01-01", "2021-05-06", None],
        }
    )
    frame.write_csv(tmp_path / "loans.csv")
    frame.with_columns(pl.col("since").str.to_date(), pl.col("income").fill_null(float("nan"))).write_parquet(
        tmp_path / "loans.parquet"
    )
    read = read_matrix(tmp_path / "loans.csv")
    assert dict(read.schema) == {
        "loan": pl.Float64,
        "income": pl.Float64,
        "job": pl.String,
        "owner": pl.Float64,
        "since": pl.String,
    }
    assert read["income"].to_list() == [1.5, None, 2.0]
    assert_frame_equal(read, read_matrix(tmp_path / "loans.parquet"))


def test_a_number_far_down_the_file_does_not_turn_a_column_to_text(tmp_path: Path) -> None:
    (tmp_path / "loans.csv").write_text("a,b\n" + "1,\n" * 20_000 + "2.5,7\n")
    read = read_matrix(tmp_path / "loans.csv")
    assert set(read.schema.values()) == {pl.Float64}
    assert read["b"].drop_nulls().to_list() == [7.0]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("loans.csv", None, "not a file"),
        ("loans.csv", "", "cannot be read"),
        ("loans.csv", "a,b\n", "no rows"),
        ("loans.csv", "a,b\n1,2\n1,2,3\n", "cannot be read"),
        ("loans.parquet", "a,b\n1,2\n", "cannot be read"),
        ("loans.xlsx", "a,b\n1,2\n", "must end in .csv or .parquet"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_its_name(
    name: str, content: str | None, told: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=told) as error:
        read_matrix(path)
    assert str(path) in str(error.value)


@given(st.lists(st.integers(-(2**53), 2**53), min_size=1, unique=True))
def test_rows_are_sorted_by_their_id_and_a_whole_number_id_stays_whole(ids: list[int]) -> None:
    frame = pl.DataFrame({"loan": [float(i) for i in ids], "place": range(len(ids))})
    sorted_frame, name = with_id(frame, "loan")
    assert name == "loan"
    assert sorted_frame["loan"].dtype == pl.Int64
    assert sorted_frame["loan"].to_list() == sorted(ids)
    assert [ids[place] for place in sorted_frame["place"]] == sorted(ids)


@given(st.integers(1, 20))
def test_without_an_id_rows_are_numbered_from_1_in_their_order(rows: int) -> None:
    frame = pl.DataFrame({"x": [float(-n) for n in range(rows)]})
    for asked in (None, ROW_NUMBER):
        numbered, name = with_id(frame, asked)
        assert name == ROW_NUMBER
        assert numbered[ROW_NUMBER].to_list() == list(range(1, rows + 1))
        assert_frame_equal(numbered.drop(ROW_NUMBER), frame)


@given(st.lists(st.none() | names, min_size=1, max_size=12))
def test_missing_and_repeated_ids_come_in_one_error(ids: list[str | None]) -> None:
    frame = pl.DataFrame({"loan": pl.Series(ids, dtype=pl.String)})
    missing = ids.count(None)
    repeated = sorted({i for i in ids if i is not None and ids.count(i) > 1})
    if not missing and not repeated:
        assert with_id(frame, "loan")[0]["loan"].to_list() == sorted(i for i in ids if i is not None)
        return
    with pytest.raises(TableViolationsError) as error:
        with_id(frame, "loan")
    found = {v.problem: v for v in violations_of(error)}
    assert {problem: v.count for problem, v in found.items()} == {
        problem: number
        for problem, number in (("the key is missing", missing), ("the key occurs more than once", len(repeated)))
        if number
    }
    if repeated:
        assert found["the key occurs more than once"].examples == tuple(repeated[:3])


def test_an_absent_id_column_is_refused_with_the_columns_there_are() -> None:
    with pytest.raises(DataError, match=r"'loan'.*'income'"):
        with_id(pl.DataFrame({"income": [1.0]}), "loan")


@given(st.lists(st.booleans(), min_size=2).filter(lambda flags: len(set(flags)) == 2), names, names)
def test_the_outcome_is_1_exactly_where_the_bad_value_is(flags: list[bool], bad: str, good: str) -> None:
    if bad == good:
        return
    values = pl.Series("state", [bad if flag else good for flag in flags])
    assert outcome(values, bad).to_list() == [float(flag) for flag in flags]


@pytest.mark.parametrize("levels", [(0.0, 1.0), (1.0, 2.0), (1_000_001.0, 1_000_002.0), (0.25, 0.5)])
@pytest.mark.parametrize("which", [0, 1])
def test_a_number_may_mean_default(levels: tuple[float, float], which: int) -> None:
    values = pl.Series("state", [levels[0], levels[1], levels[0]])
    bad = f"{levels[which]:.10g}"
    assert outcome(values, bad).to_list() == [float(value == levels[which]) for value in values]
    if levels == (0.0, 1.0):
        assert outcome(values, None).to_list() == values.to_list()


@pytest.mark.parametrize(
    ("values", "bad", "problem", "examples"),
    [
        (["paid", "late"], None, "--bad", ("late", "paid")),
        ([1.0, 2.0], None, "--bad", ("1", "2")),
        (["0", "1"], None, "--bad", ("0", "1")),
        (["paid", "late"], "lost", "'lost' given as --bad", ("late", "paid")),
        ([0.0, 1.0, 2.0], None, "it takes 3", ("0", "1", "2")),
        ([0.0, 1.0, 2.0], "1", "it takes 3", ("0", "1", "2")),
        (["paid"], "paid", "it takes 1", ("paid",)),
    ],
)
def test_an_outcome_that_is_not_two_known_values_is_refused_with_its_values(
    values: list[str | float], bad: str | None, problem: str, examples: tuple[str, ...]
) -> None:
    with pytest.raises(TableViolationsError) as error:
        outcome(pl.Series("state", values), bad)
    (violation,) = violations_of(error)
    assert (violation.table, violation.column, violation.count) == ("matrix", "state", len(values))
    assert problem in violation.problem
    assert violation.examples == examples


def test_missing_outcomes_and_wrong_values_come_in_one_error() -> None:
    with pytest.raises(TableViolationsError) as error:
        outcome(pl.Series("state", [None, "paid", "late", None, "lost"]), "late")
    missing, wrong = violations_of(error)
    assert (missing.problem, missing.count) == ("the outcome is missing", 2)
    assert "it takes 3" in wrong.problem


def test_all_misfits_to_the_trained_columns_come_in_one_error() -> None:
    frame = pl.DataFrame({"income": ["12", "much", "more", "3"], "job": ["a", "b", "c", "d"]})
    with pytest.raises(TableViolationsError) as error:
        conformed(frame, {"income": "number", "debt": "number", "place": "category", "job": "category"})
    assert {(v.column, v.problem, v.count, v.examples) for v in violations_of(error)} == {
        ("debt", "the column is missing", 0, ()),
        ("place", "the column is missing", 0, ()),
        ("income", "not a number", 2, ("'much'", "'more'")),
    }


@given(st.lists(st.none() | st.integers(-(2**53), 2**53), min_size=1))
def test_a_category_of_whole_numbers_reads_the_same_beside_words_and_without_them(codes: list[int | None]) -> None:
    beside_words = pl.DataFrame({"branch": [None if code is None else str(code) for code in codes]})
    without = pl.DataFrame({"branch": pl.Series(codes, dtype=pl.Float64)})
    kinds = {"branch": "category"}
    read = conformed(without, kinds)
    assert read["branch"].to_list() == conformed(beside_words, kinds)["branch"].to_list()
    assert read.schema["branch"] == pl.String


@given(st.lists(st.none() | st.floats(allow_nan=False), min_size=1))
def test_a_number_written_as_text_is_the_same_number(values: list[float | None]) -> None:
    text = pl.DataFrame({"income": pl.Series([None if v is None else repr(v) for v in values], dtype=pl.String)})
    assert conformed(text, {"income": "number"})["income"].to_list() == values
