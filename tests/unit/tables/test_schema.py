from __future__ import annotations

import math

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from credit_scoring.tables.frames import typed
from credit_scoring.tables.schema import APPLICATION_ID, Column, Table, schema

COLUMNS = [(table, column) for table in schema().values() for column in table.columns.values()]
WITH_SENTINELS = [pair for pair in COLUMNS if pair[1].sentinels]


def test_every_column_has_a_type_a_unit_a_concept_and_a_meaning_in_both_languages() -> None:
    for table, column in COLUMNS:
        place = f"{table.name}.{column.name}"
        assert column.kind in {"id", "number", "category"}, place
        assert column.dtype in {pl.Int64, pl.Float64, pl.String}, place
        assert column.unit, place
        assert column.concept, place
        assert all(words == words.strip() and words for words in column.meaning), place
        assert column.meaning.en != column.meaning.fr, place


def test_there_are_eight_tables_and_their_keys_are_columns_of_them() -> None:
    stems = [stem for table in schema().values() for stem in table.files]
    assert len(stems) == len(set(stems)) == 8
    for table in schema().values():
        assert set(table.keys) <= set(table.columns)
        assert set(table.unique) <= set(table.keys)
        assert all(table.columns[key].kind == "id" or key == "MONTHS_BALANCE" for key in table.keys)
        if table.owner:
            assert table.owner == APPLICATION_ID


def test_flags_are_new_columns_and_come_from_sentinels_only() -> None:
    for table in schema().values():
        assert not set(table.flags()) & set(table.columns)
        assert len(set(table.flags())) == len(table.flags())
    assert all(column.sentinels for _, column in COLUMNS if column.flag)


def test_only_numbers_have_bounds_and_the_lower_is_below_the_upper() -> None:
    for _, column in COLUMNS:
        if column.kind != "number":
            assert column.lower is None
            assert column.upper is None
        elif column.lower is not None and column.upper is not None:
            assert column.lower < column.upper


def is_sentinel(column: Column, value: float | str | None) -> bool:
    """The rule, read from the schema without Polars."""
    if value is None or isinstance(value, str) or not math.isfinite(value):
        return isinstance(value, str) and value in column.sentinels
    return any(
        value >= float(sentinel[2:])
        if sentinel.startswith(">=")
        else value < float(sentinel[1:])
        if sentinel.startswith("<")
        else value == float(sentinel)
        for sentinel in column.sentinels
    )


def is_missing(value: float | str | None) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def edges(column: Column) -> list[float | str]:
    if column.kind == "category":
        return [*column.sentinels, "", "Cash loans", column.sentinels[0].lower()]
    limits = [float(sentinel.lstrip("<>=")) for sentinel in column.sentinels]
    return [edge for limit in limits for edge in (limit, math.nextafter(limit, -math.inf), limit + 1.0)]


@st.composite
def cells(draw: st.DrawFn) -> tuple[Table, Column, list[float | str | None]]:
    table, column = draw(st.sampled_from(WITH_SENTINELS))
    other: st.SearchStrategy[float | str] = (
        st.text(max_size=5) if column.kind == "category" else st.floats(width=64, allow_nan=True)
    )
    cell = st.one_of(st.none(), st.sampled_from(edges(column)), other)
    return table, column, draw(st.lists(cell, min_size=1, max_size=12))


@given(cells())
def test_sentinels_end_as_missing_with_their_flag_and_other_values_stay(
    drawn: tuple[Table, Column, list[float | str | None]],
) -> None:
    table, column, values = drawn
    frame = pl.DataFrame({column.name: pl.Series(values, dtype=column.dtype())})
    cleaned = typed(table, frame.lazy()).collect()
    for value, after in zip(values, cleaned[column.name].to_list(), strict=True):
        if is_missing(value) or is_sentinel(column, value):
            assert after is None
        else:
            assert after == value
    if column.flag:
        for value, flag in zip(values, cleaned[column.flag].to_list(), strict=True):
            if is_missing(value):
                assert flag is None
            else:
                assert flag == float(is_sentinel(column, value))


@given(st.sampled_from(list(schema().values())), st.integers(0, 3))
def test_typed_gives_exactly_the_schema_whatever_columns_there_are(table: Table, rows: int) -> None:
    frame = pl.DataFrame({"SURPLUS": ["x"] * rows, table.keys[0]: [str(n) for n in range(rows)]})
    result = typed(table, frame.lazy()).collect()
    wanted = {c.name: c.dtype for c in table.columns.values() if c.name != "TARGET"}
    assert dict(result.schema) == wanted | dict.fromkeys(table.flags(), pl.Float64)
    assert result.height == rows
    assert result[table.keys[0]].to_list() == list(range(rows))


def test_typed_gives_application_test_no_outcome_even_if_its_file_has_one() -> None:
    frame = pl.DataFrame({APPLICATION_ID: [1], "TARGET": [1.0]})
    table = schema()["application"]
    assert "TARGET" in typed(table, frame.lazy(), stem="application_train").collect_schema()
    assert "TARGET" not in typed(table, frame.lazy(), stem="application_test").collect_schema()
