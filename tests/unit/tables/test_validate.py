from __future__ import annotations

import math
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_scoring.domain.errors import TableViolationsError, Violation
from credit_scoring.tables.frames import Tables, tables_from_frames
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.schema import APPLICATION_ID, schema
from credit_scoring.tables.validate import EXAMPLES, validate


def found_in(source: str | Path) -> list[Violation]:
    """Every violation that reading and validating report together, in the one error."""
    with pytest.raises(TableViolationsError) as error, read_tables(source) as tables:
        validate(tables)
    for violation in error.value.violations:
        assert str(violation) in str(error.value)
        assert len(violation.examples) <= EXAMPLES
    return list(error.value.violations)


class Editable:
    """A copy of the small folder whose cells can be overwritten as text."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def written(self, stem: str) -> pl.DataFrame:
        return pl.read_csv(self.folder / f"{stem}.csv", infer_schema=False)

    def save(self, stem: str, frame: pl.DataFrame) -> None:
        frame.write_csv(self.folder / f"{stem}.csv")

    def put(self, stem: str, column: str, *cells: str | None) -> None:
        """Overwrite the first cells of a column."""
        frame = self.written(stem)
        values = [*cells, *frame[column].to_list()[len(cells) :]]
        self.save(stem, frame.with_columns(pl.Series(column, values, dtype=pl.String)))

    def append(self, stem: str, **changes: str | None) -> None:
        """Add a row like the first but for `changes`."""
        frame = self.written(stem)
        row = frame.head(1).with_columns(pl.lit(v, dtype=pl.String).alias(k) for k, v in changes.items())
        self.save(stem, pl.concat([frame, row]))

    def first(self, stem: str, column: str, number: int) -> list[str]:
        return self.written(stem)[column].to_list()[:number]


@pytest.fixture
def copy(small_folder: Path, tmp_path: Path) -> Editable:
    shutil.copytree(small_folder, tmp_path / "copy")
    return Editable(tmp_path / "copy")


def test_synthetic_tables_are_accepted_and_counted(synthetic_tables: Tables) -> None:
    seen: list[str] = []
    rows = validate(synthetic_tables, on_table=seen.append)
    assert list(rows) == seen
    for stem, frame in synthetic_tables.frames.items():
        assert rows[stem] == frame.select(pl.len()).collect().item()


@pytest.mark.parametrize("name", ["all_tables", "five_tables", "application_only"])
def test_real_tables_are_accepted(name: str, real_folder: Callable[[str], Path]) -> None:
    with read_tables(real_folder(name)) as tables:
        rows = validate(tables)
        assert set(rows) == set(tables.frames)
        assert min(rows.values()) > 0
        named = [notice for notice in tables.notices if tables.absent and tables.absent[0] in notice]
        assert len(named) == bool(tables.absent)


def test_an_unknown_earlier_loan_is_accepted(copy: Editable) -> None:
    for stem in ("POS_CASH_balance", "installments_payments", "credit_card_balance"):
        copy.put(stem, "SK_ID_PREV", "999999999")
    copy.put("bureau_balance", "SK_ID_BUREAU", "999999999")
    with read_tables(copy.folder) as tables:
        validate(tables)


def test_all_violations_of_all_tables_come_in_one_error(copy: Editable) -> None:
    train, test, pos, card = "application_train", "application_test", "POS_CASH_balance", "credit_card_balance"
    ids = copy.first(train, APPLICATION_ID, 6)
    loan, pos_loan = copy.first("previous_application", "SK_ID_PREV", 1) + copy.first(pos, "SK_ID_PREV", 1)
    copy.put(train, "TARGET", "2", None)
    copy.put(train, "EXT_SOURCE_1", "1.5")
    copy.put(train, "AMT_CREDIT", "inf")
    copy.put(train, "AMT_INCOME_TOTAL", "inf", "-1")
    copy.put(train, "AMT_ANNUITY", "a lot", "1 000", "n/a", "--")
    copy.append(
        train, SK_ID_CURR=ids[5], TARGET="0", EXT_SOURCE_1=None, AMT_CREDIT="1", AMT_INCOME_TOTAL="1", AMT_ANNUITY="1"
    )
    copy.append(test, SK_ID_CURR=ids[0])
    for stranger in ("900000002", "900000001", "900000001", "900000003", "900000004", None):
        copy.append(pos, SK_ID_CURR=stranger)
    copy.put(pos, "CNT_INSTALMENT", "-inf")
    copy.append("previous_application")
    copy.save("bureau", copy.written("bureau").rename({"SK_ID_BUREAU": "SK_BUREAU_ID"}))
    copy.append("bureau", SK_ID_CURR="900000005")
    (copy.folder / f"{card}.csv").write_bytes(b"")
    balance = copy.folder / "bureau_balance.csv"
    balance.write_bytes(balance.read_bytes()[:-4])

    violations = found_in(copy.folder)

    (cut,) = [v for v in violations if v.table == "bureau_balance"]
    assert "truncated" in cut.problem
    unknown = "the application is unknown: neither application_train nor application_test holds it"
    assert {(v.table, v.column, v.problem): v.count for v in violations if v is not cut} == {
        (card, "", "the file is empty"): 0,
        ("bureau", "SK_ID_BUREAU", "the key column is missing; did you mean SK_BUREAU_ID?"): 0,
        ("bureau", APPLICATION_ID, unknown): 1,
        (train, "TARGET", "the outcome is not 0 or 1"): 2,
        (train, "EXT_SOURCE_1", "above 1"): 1,
        (train, "AMT_CREDIT", "infinite"): 1,
        (train, "AMT_INCOME_TOTAL", "infinite"): 1,
        (train, "AMT_INCOME_TOTAL", "below 0"): 1,
        (train, "AMT_ANNUITY", "not a number ('a lot')"): 4,
        (train, APPLICATION_ID, "the key occurs more than once"): 1,
        (test, APPLICATION_ID, "the application is in application_train too"): 1,
        (pos, APPLICATION_ID, "the key is missing"): 1,
        (pos, APPLICATION_ID, unknown): 5,
        (pos, "CNT_INSTALMENT", "below 0"): 1,
        (pos, "CNT_INSTALMENT", "infinite"): 1,
        ("previous_application", "SK_ID_PREV", "the key occurs more than once"): 1,
    }
    examples = {(v.table, v.column, v.problem.split(" (")[0]): v.examples for v in violations}
    assert examples[train, "AMT_ANNUITY", "not a number"] == tuple(f"SK_ID_CURR={key}" for key in ids[:3])
    assert examples[train, "TARGET", "the outcome is not 0 or 1"] == tuple(f"SK_ID_CURR={key}" for key in ids[:2])
    assert examples[train, APPLICATION_ID, "the key occurs more than once"] == (f"SK_ID_CURR={ids[5]}",)
    assert examples[test, APPLICATION_ID, "the application is in application_train too"] == (f"SK_ID_CURR={ids[0]}",)
    assert examples[pos, APPLICATION_ID, unknown] == tuple(f"SK_ID_CURR=90000000{n}" for n in (1, 2, 3))
    (keyless,) = examples[pos, APPLICATION_ID, "the key is missing"]
    assert f"SK_ID_PREV={pos_loan}" in keyless
    assert examples["previous_application", "SK_ID_PREV", "the key occurs more than once"] == (f"SK_ID_PREV={loan}",)


def test_cells_of_the_wrong_type_are_told_with_the_keys_of_their_rows(copy: Editable) -> None:
    keys = copy.first("bureau", "SK_ID_BUREAU", 4)
    clients = copy.first("bureau", APPLICATION_ID, 4)
    copy.put("bureau", "DAYS_CREDIT", "x", "y", "z", "w")
    (violation,) = found_in(copy.folder)
    assert violation == Violation(
        "bureau",
        "DAYS_CREDIT",
        "not a number ('x')",
        4,
        tuple(f"SK_ID_CURR={c} SK_ID_BUREAU={k}" for c, k in zip(clients[:3], keys[:3], strict=True)),
    )


def test_nothing_is_said_about_unknown_applications_where_ids_are_in_doubt(copy: Editable) -> None:
    client = copy.first("bureau", APPLICATION_ID, 1)[0]
    train = copy.written("application_train")
    stem = "application_train" if client in train[APPLICATION_ID] else "application_test"
    frame = copy.written(stem)
    ids = ["12a" if key == client else key for key in frame[APPLICATION_ID]]
    copy.save(stem, frame.with_columns(pl.Series(APPLICATION_ID, ids)))
    copy.append("POS_CASH_balance", SK_ID_CURR="900000001", SK_DPD="-1")
    problems = {(v.table, v.column, v.problem, v.examples[0].split("=")[1]) for v in found_in(copy.folder)}
    assert {(table, column, problem) for table, column, problem, _ in problems} == {
        (stem, APPLICATION_ID, "not a whole number ('12a')"),
        ("POS_CASH_balance", "SK_DPD", "below 0"),
    }


def test_a_table_without_rows_is_refused(copy: Editable) -> None:
    copy.save("bureau", copy.written("bureau").head(0))
    (violation,) = found_in(copy.folder)
    assert (violation.table, violation.column) == ("bureau", "")
    assert "no rows" in violation.problem


def test_lines_of_another_width_than_the_header_are_refused_by_number(copy: Editable) -> None:
    path = copy.folder / "installments_payments.csv"
    lines = path.read_bytes().splitlines(keepends=True)
    for number in (7, 9):
        lines[number] = lines[number].replace(b"\n", b",1\n")  # 12,5 for 12.5, say
    for number in (11, 13):
        lines[number] = lines[number].replace(b",", b"", 1)
    path.write_bytes(b"".join(lines))
    told = next(violation for violation in found_in(copy.folder) if "fields" in violation.problem)
    assert (told.table, told.count) == ("installments_payments", 4)
    assert told.examples == ("line 8", "line 10", "line 12")


def test_quoted_commas_and_line_breaks_are_no_fields(copy: Editable, small_tables: Tables) -> None:
    frame = copy.written("application_train")
    copy.save("application_train", frame.with_columns(NAME_TYPE_SUITE=pl.lit("wife,\nand children")))
    with read_tables(copy.folder) as tables:
        validate(tables)
        suite = tables.frames["application_train"].select(pl.col("NAME_TYPE_SUITE").unique()).collect()
    assert suite.to_series().to_list() == ["wife,\nand children"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_text_in_a_number_column_is_found_in_every_file_format(copy: Editable, ending: str) -> None:
    copy.put("bureau", "DAYS_CREDIT", "soon")
    if ending == "parquet":
        copy.written("bureau").write_parquet(copy.folder / "bureau.parquet")
        (copy.folder / "bureau.csv").unlink()
    (violation,) = found_in(copy.folder)
    assert (violation.table, violation.column, violation.count) == ("bureau", "DAYS_CREDIT", 1)


def test_a_database_tells_its_violations_like_files_all_at_once(copy: Editable, tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy", reason="needs the database extra")
    copy.put("bureau", "DAYS_CREDIT", "x", "y", "z", "w")
    copy.put("bureau", "SK_ID_BUREAU", "12a")
    copy.put("previous_application", "SK_ID_CURR", "12b")
    copy.put("previous_application", "HOUR_APPR_PROCESS_START", "1", "24")
    copy.put("application_train", "TARGET", "2")
    copy.save("credit_card_balance", copy.written("credit_card_balance").head(0))
    from_files = found_in(copy.folder)
    database = tmp_path / "lender.db"
    connection = sqlite3.connect(database)
    for path in copy.folder.glob("*.csv"):
        frame = pl.read_csv(path, infer_schema=False)
        columns = ", ".join(f'"{name}" NUMERIC' for name in frame.columns)
        connection.execute(f'CREATE TABLE "{path.stem}" ({columns})')
        holes = ", ".join("?" * frame.width)
        connection.executemany(f'INSERT INTO "{path.stem}" VALUES ({holes})', frame.iter_rows())  # noqa: S608
    connection.commit()
    connection.close()
    from_database = found_in(f"sqlite:///{database}")
    told = {(v.table, v.column, v.problem, v.count, v.examples) for v in from_database if v.column}
    assert told == {(v.table, v.column, v.problem, v.count, v.examples) for v in from_files if v.column}
    assert {v.table for v in from_database if not v.column} == {"credit_card_balance"}


BOUNDED = [
    (table, column)
    for table in schema().values()
    for column in table.columns.values()
    if column.kind == "number" and column.name not in {"TARGET", *table.keys}
]


@settings(max_examples=60)
@given(st.data())
def test_a_number_is_refused_exactly_where_it_is_outside_its_bounds_or_infinite(data: st.DataObject) -> None:
    table, column = data.draw(st.sampled_from(BOUNDED))
    edges = [e for limit in (column.lower, column.upper) if limit is not None for e in (limit, limit - 1, limit + 1)]
    value = data.draw(st.sampled_from([*edges, math.inf, -math.inf]) | st.floats(width=64))
    sentinel = typed_value(table.name, column.name, value) is None
    wrong = not sentinel and (
        math.isinf(value)
        or (column.lower is not None and value < column.lower)
        or (column.upper is not None and value > column.upper)
    )
    frames = {"application_train": pl.DataFrame({APPLICATION_ID: [1], "TARGET": [0.0]})}
    stem = table.files[0]
    keys = {key: [1] if key != "MONTHS_BALANCE" else [-1] for key in table.keys}
    outcome = {"TARGET": [1.0]} if stem == "application_train" else {}
    frames[stem] = pl.DataFrame({**keys, **outcome, column.name: [value]})
    tables = tables_from_frames(frames)
    if not wrong:
        validate(tables)
        return
    with pytest.raises(TableViolationsError) as error:
        validate(tables)
    assert {(v.table, v.column, v.count) for v in error.value.violations} == {(stem, column.name, 1)}


def typed_value(table: str, column: str, value: float) -> float | None:
    cleaned = schema()[table].columns[column].cleaned()
    frame = pl.DataFrame({column: [value]}, schema={column: pl.Float64})
    found = frame.with_columns(cleaned)[column][0]
    return None if found is None else float(found)


@settings(max_examples=40)
@given(
    known=st.sets(st.integers(1, 6), min_size=1),
    owners=st.lists(st.none() | st.integers(1, 9), min_size=1, max_size=12),
    loans=st.lists(st.integers(1, 4), min_size=12, max_size=12),
)
def test_orphans_duplicates_and_missing_keys_are_counted_as_by_hand(
    known: set[int], owners: list[int | None], loans: list[int]
) -> None:
    loans = loans[: len(owners)]
    tables = tables_from_frames(
        {
            "application_test": pl.DataFrame({APPLICATION_ID: sorted(known)}),
            "previous_application": pl.DataFrame(
                {APPLICATION_ID: pl.Series(owners, dtype=pl.Int64), "SK_ID_PREV": loans}
            ),
        }
    )
    strangers = [owner for owner in owners if owner is not None and owner not in known]
    repeated = {loan for loan in loans if loans.count(loan) > 1}
    wanted = {
        (APPLICATION_ID, "the key is missing"): owners.count(None),
        (APPLICATION_ID, "the application is unknown"): len(strangers),
        ("SK_ID_PREV", "the key occurs more than once"): len(repeated),
    }
    found = {}
    try:
        validate(tables)
    except TableViolationsError as error:
        found = {(v.column, v.problem.split(":")[0]): v for v in error.violations}
    assert {key: v.count for key, v in found.items()} == {key: count for key, count in wanted.items() if count}
    for key, values in {
        (APPLICATION_ID, "the application is unknown"): set(strangers),
        ("SK_ID_PREV", "the key occurs more than once"): repeated,
    }.items():
        if values:
            assert found[key].examples == tuple(f"{key[0]}={value}" for value in sorted(values)[:EXAMPLES])
