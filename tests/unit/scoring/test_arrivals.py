"""Applications that arrive together get what each gets alone, which is what training makes of their tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.told import assert_refused_in_both

from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.errors import FaultyInputError
from credit_scoring.features.assemble import assemble, catalogue
from credit_scoring.scoring.arrivals import accepted, matrices
from credit_scoring.scoring.score import without_untold
from credit_scoring.tables.frames import HISTORIES, Tables, tables_from_frames
from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME, schema
from credit_scoring.wire.scoring import ApplicationRequest

Rows = dict[str, list[dict[str, Any]]]
APPLICANTS = 12
COLUMNS = sorted({name for table in schema().values() for name, c in table.columns.items() if c.kind != "id"})
KEYS = ("SK_ID_CURR", "SK_ID_BUREAU", "SK_ID_PREV")


@pytest.fixture(scope="session")
def told(synthetic_folder: Path) -> list[Rows]:
    """The rows of some applicants, as they come out of a request."""
    files = {name: name for name in HISTORIES} | {"application": "application_test"}
    tables = {n: pl.read_csv(synthetic_folder / f"{file}.csv", infer_schema_length=None) for n, file in files.items()}
    keys = tables["application"].sort(APPLICATION_ID).head(APPLICANTS)[APPLICATION_ID].to_list()
    return [_sent(tables, key) for key in keys]


def _sent(tables: dict[str, pl.DataFrame], key: int) -> Rows:
    own = {n: rows.filter(pl.col(APPLICATION_ID) == key) for n, rows in tables.items() if n != "bureau_balance"}
    own["bureau_balance"] = tables["bureau_balance"].join(own["bureau"], on="SK_ID_BUREAU", how="semi")
    sent: dict[str, Any] = {name: rows.to_dicts() for name, rows in own.items()}
    body = json.dumps(sent | {"application": sent["application"][0]})
    return ApplicationRequest.model_validate_json(body).rows()


def bits(row: pl.DataFrame) -> list[object]:
    """Return the features of a row of the matrix, each as what tells 0.0 from -0.0."""
    return [value.hex() if isinstance(value, float) else value for value in row.select(*catalogue()).row(0)]


def test_arrivals_get_what_training_makes_of_their_tables(
    bundle: Bundle, told: list[Rows], synthetic_tables: Tables
) -> None:
    matrix = assemble(synthetic_tables.of("application_test")).head(APPLICANTS)
    made = matrices([accepted(bundle, rows) for rows in told])
    assert [bits(row) for row in made] == [bits(row) for row in matrix.iter_slices(1)]


@pytest.mark.parametrize("number", range(2, 9))
def test_applications_that_are_alike_get_what_one_gets(bundle: Bundle, told: list[Rows], number: int) -> None:
    """Polars may take a column of equal values for one value, by which it divides in another way."""
    for rows in told:
        arrival = accepted(bundle, rows)
        (alone,) = matrices([arrival])
        assert all(bits(row) == bits(alone) for row in matrices([arrival] * number))


# An applicant, the tables and the columns that are left out, and the number that ids count from.
senders = st.lists(
    st.tuples(
        st.integers(0, APPLICANTS - 1),
        st.frozensets(st.sampled_from(HISTORIES), max_size=2),
        st.frozensets(st.sampled_from(COLUMNS), max_size=60),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=20, phases=(Phase.explicit, Phase.generate))
@given(sent=senders)
def test_any_batch_equals_one_by_one_to_the_last_bit(bundle: Bundle, told: list[Rows], sent: list[Any]) -> None:
    """Whoever else sends the same ids, or leaves out other tables and columns, changes nothing."""
    arriving = [_changed(told[who], *how) for who, *how in sent]
    together = matrices([accepted(bundle, rows) for rows in arriving])
    assert [bits(row) for row in together] == [bits(_alone(bundle, rows)) for rows in arriving]


def _changed(rows: Rows, tables: frozenset[str], columns: frozenset[str], first: int) -> Rows:
    """Return the rows without the `tables` and `columns`, their ids counted from `first`, so that others have some."""
    found = {key: sorted({row[key] for own in rows.values() for row in own if key in row}) for key in KEYS}
    ids = {key: {old: float(first + number) for number, old in enumerate(values)} for key, values in found.items()}
    return {
        name: [{c: ids[c][value] if c in ids else value for c, value in row.items() if c in kept} for row in own]
        for name, own in rows.items()
        if name not in tables
        for kept in [set(schema()[name].columns) - (columns - set(schema()[name].keys))]
    }


def _alone(bundle: Bundle, rows: Rows) -> pl.DataFrame:
    """Return the row that one application's tables give, read as any tables in memory."""
    frames = {}
    for name, own in rows.items():
        columns = {c: column.dtype for c, column in schema()[name].columns.items() if c != OUTCOME}
        known = set().union(*own) if own else set(columns)
        frames[name] = pl.DataFrame(own, {c: dtype for c, dtype in columns.items() if c in known}, strict=False)
    tables = tables_from_frames(frames)
    return without_untold(bundle, assemble(tables.of("application_test")), tables.columns_of("application_test"))


@pytest.mark.parametrize(
    ("table", "column", "value", "problem"),
    [
        ("application", "TARGET", 1.0, "the table has no such column"),
        ("application", "AMT_CREDT", 1.0, "did you mean AMT_CREDIT"),
        ("application", "AMT_CREDIT", "1", "must be a number"),
        ("application", "AMT_CREDIT", float("inf"), "must be finite"),
        ("application", "DAYS_BIRTH", 1.0, "1 is above 0"),
        ("application", "CODE_GENDER", 1.0, "must be text"),
        ("application", "SK_ID_CURR", 2.0**53, "must be a whole number"),
        ("bureau", "SK_ID_CURR", 7.0, "is 7.0, but the application is"),
        ("bureau", "SK_ID_BUREAU", None, "the key is missing"),
    ],
)
def test_a_wrong_value_is_named(
    bundle: Bundle, told: list[Rows], table: str, column: str, value: float | str | None, problem: str
) -> None:
    rows = next(rows for rows in told if rows["bureau"])
    with pytest.raises(FaultyInputError, match=problem) as refusal:
        accepted(bundle, rows | {table: [rows[table][0] | {column: value}]})
    place = table if table == "application" else f"{table}.0"
    assert f"{place}.{column}" in {fault.field for fault in refusal.value.faults}
    assert_refused_in_both(refusal.value)


def test_a_key_that_occurs_twice_is_named_once(bundle: Bundle, told: list[Rows]) -> None:
    rows = next(rows for rows in told if rows["bureau"])
    with pytest.raises(FaultyInputError, match="the key occurs more than once") as refusal:
        accepted(bundle, rows | {"bureau": [rows["bureau"][0]] * 3})
    assert [fault.field for fault in refusal.value.faults] == ["bureau.SK_ID_BUREAU"]
    assert_refused_in_both(refusal.value)


def test_a_sentinel_outside_the_bounds_is_no_fault(bundle: Bundle, told: list[Rows]) -> None:
    retired = told[0]["application"][0] | {"DAYS_EMPLOYED": 365_243.0}
    (row,) = matrices([accepted(bundle, told[0] | {"application": [retired]})])
    assert row["DAYS_EMPLOYED"].to_list() == [None]
    assert row["FLAG_NOT_EMPLOYED"].to_list() == [1.0]
