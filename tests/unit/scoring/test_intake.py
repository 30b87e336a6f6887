"""What is supplied by name gives the values of training; whatever else waits beside it changes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.told import assert_refused_in_both

from credit_scoring.bundle.manifest import GoldenRow
from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.errors import BundleError, FaultyInputError
from credit_scoring.features.assemble import assemble
from credit_scoring.scoring.golden import verify_golden_rows
from credit_scoring.scoring.intake import Intake
from credit_scoring.tables.frames import Tables
from credit_scoring.tables.schema import APPLICATION_ID

Rows = list[dict[str, Any]]


@pytest.fixture(scope="session")
def intake(bundle: Bundle) -> Intake:
    return Intake(bundle)


@pytest.fixture(scope="session")
def rows(intake: Intake, synthetic_tables: Tables, synthetic_folder: Path) -> Rows:
    """The applications of application_test as a caller tells them: raw columns as written, history by feature."""
    matrix = assemble(synthetic_tables.of("application_test"))
    written = pl.read_csv(synthetic_folder / "application_test.csv", infer_schema_length=None).sort(APPLICATION_ID)
    told = written.select(pl.col(n) for n in intake.asked if n in written.columns)
    made = matrix.select(pl.col(n) for n in intake.asked if n not in written.columns)
    return pl.concat([told, made], how="horizontal").to_dicts()


def test_raw_columns_and_aggregates_give_the_values_of_training(
    bundle: Bundle, intake: Intake, rows: Rows, synthetic_tables: Tables
) -> None:
    expected = bundle.model.encoder.encode(assemble(synthetic_tables.of("application_test")))
    supplied = [intake.accept(row) for row in rows]
    assert np.array_equal(intake.values(supplied), expected, equal_nan=True)
    assert {one.shape.coverage for one in supplied} == {1.0}


@pytest.mark.parametrize(
    "names", ["EXT_SOURCE_1 EXT_SOURCE_2 EXT_SOURCE_3", "AMT_CREDIT AMT_ANNUITY DAYS_EMPLOYED", ""]
)
def test_one_alone_equals_the_batch_whatever_its_size(intake: Intake, rows: Rows, names: str) -> None:
    """Also where there are as many rows as columns behind them, when a table could be taken for its transpose."""
    some = [{n: v for n, v in row.items() if not names or n in names.split()} for row in rows[:80]]
    alone = np.vstack([intake.values([intake.accept(row)]) for row in some])
    supplied = [intake.accept(row) for row in some]
    for size in range(1, 81):
        assert np.array_equal(intake.values(supplied[:size]), alone[:size], equal_nan=True)


@given(st.data())
def test_neighbours_of_any_shape_change_nothing(intake: Intake, rows: Rows, data: st.DataObject) -> None:
    names = list(rows[0])
    together = data.draw(
        st.lists(
            st.tuples(st.integers(0, len(rows) - 1), st.sets(st.sampled_from(names), max_size=30)),
            min_size=1,
            max_size=8,
        )
    )
    told = [{name: rows[number][name] for name in chosen} for number, chosen in together]
    values = intake.values([intake.accept(one) for one in told])
    for row, one in enumerate(told):
        assert np.array_equal(values[row], intake.values([intake.accept(one)])[0], equal_nan=True)


def test_a_feature_of_which_nothing_is_told_is_missing(bundle: Bundle, intake: Intake) -> None:
    values = intake.values([intake.accept({"EXT_SOURCE_2": 0.5})])[0]
    known = {name for name, value in zip(bundle.model.encoder.features, values, strict=True) if not np.isnan(value)}
    assert "EXT_SOURCE_2" in known
    assert all("EXT_SOURCE" in name for name in known)
    assert np.isnan(intake.values([intake.accept({})])).all()


def test_a_feature_supplied_by_name_stands(bundle: Bundle, intake: Intake) -> None:
    name = "APPLICATION__EXT_SOURCE__MEAN"
    values = intake.values([intake.accept({"EXT_SOURCE_1": 0.2, name: 0.9})])[0]
    assert values[bundle.model.encoder.features.index(name)] == 0.9


def test_coverage_is_the_importance_of_what_is_told(bundle: Bundle, intake: Intake) -> None:
    importances = bundle.manifest.importances
    shape = intake.accept({"EXT_SOURCE_2": 0.5, "OWN_CAR_AGE": None}).shape
    expected = importances.get("EXT_SOURCE_2", 0.0) + importances.get("OWN_CAR_AGE", 0.0)
    assert shape.coverage == pytest.approx(expected)
    assert intake.accept({}).shape.coverage == pytest.approx(0.0, abs=1e-9)


def test_sentinels_are_missing_and_flags_follow(bundle: Bundle, intake: Intake) -> None:
    features = bundle.model.encoder.features
    told = intake.accept({"DAYS_EMPLOYED": 365_243, "ORGANIZATION_TYPE": "XNA"})
    values = dict(zip(features, intake.values([told])[0], strict=True))
    assert np.isnan(values["DAYS_EMPLOYED"])
    if "FLAG_NOT_EMPLOYED" in values:
        assert values["FLAG_NOT_EMPLOYED"] == 1.0
    assert told.unseen == ()
    assert intake.accept({"ORGANIZATION_TYPE": "Unheard of"}).unseen == ("ORGANIZATION_TYPE",)


@pytest.mark.parametrize("value", ["0.5", True, float("inf"), -float("inf"), 1.5, -0.1])
def test_a_value_that_cannot_be_meant_is_named(intake: Intake, value: Any) -> None:
    with pytest.raises(FaultyInputError) as caught:
        intake.accept({"EXT_SOURCE_1": value, "EXT_SOURCE_2": 0.5})
    assert [fault.field for fault in caught.value.faults] == ["features.EXT_SOURCE_1"]
    assert_refused_in_both(caught.value)


def test_unknown_names_come_with_the_nearest(intake: Intake) -> None:
    with pytest.raises(FaultyInputError, match="did you mean AMT_CREDIT") as near:
        intake.accept({"AMT_CREDITS": 1.0})
    assert "vouliez-vous dire AMT_CREDIT" in near.value.faults[0].problem.fr
    with pytest.raises(FaultyInputError, match="no feature has this name") as far:
        intake.accept({"x" * 5_000: 1.0})
    for refusal in (near, far):
        assert_refused_in_both(refusal.value)


def test_a_variation_is_what_would_be_accepted(intake: Intake, rows: Rows) -> None:
    changes = {"AMT_CREDIT": 123_000.0, "AMT_ANNUITY": 7_500.0}
    for row in rows[:10]:
        varied = intake.varied(intake.accept(row), changes)
        assert np.array_equal(intake.values([varied]), intake.values([intake.accept(row | changes)]), equal_nan=True)


def test_what_follows_is_what_moves(intake: Intake, bundle: Bundle, rows: Rows) -> None:
    """`following` names every feature that changes with an input, but the input itself."""
    features = np.array(bundle.model.encoder.features)
    for name in ("AMT_CREDIT", "AMT_ANNUITY", "EXT_SOURCE_2", "DAYS_BIRTH"):
        moved: set[str] = set()
        for row in rows[:40]:
            if row[name] is not None:
                other = row | {name: row[name] * 0.7}
                before, after = intake.values([intake.accept(row), intake.accept(other)])
                moved |= set(features[(before != after) & ~(np.isnan(before) & np.isnan(after))].tolist())
        assert moved - {name} <= intake.following([name])
        assert moved - {name}


def test_golden_rows_hold_where_the_bundle_was_made_and_a_change_is_noticed(bundle: Bundle, intake: Intake) -> None:
    assert len(bundle.golden) == 8
    verify_golden_rows(bundle, intake)
    first = bundle.golden[0]
    wrong = GoldenRow(features=first.features, p_default=first.p_default + 1e-6)
    with pytest.raises(BundleError, match="golden row 1"):
        verify_golden_rows(replace(bundle, golden=(wrong, *bundle.golden[1:])), intake)
