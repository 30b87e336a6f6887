"""Laws of the simulated months: the same again, no number twice, no drift before its month."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from credit_scoring.domain.errors import DataError
from credit_scoring.tables.frames import HISTORIES
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.synthetic import Arrivals
from credit_scoring.tables.validate import validate
from credit_scoring.traffic.calendar import Drawn, Plan, drawn_months
from credit_scoring.traffic.changes import parsed
from credit_scoring.traffic.kept import Kept


def months(*drift: str, **plan: Any) -> list[Drawn]:
    small: dict[str, Any] = {"months": 3, "applications": 60, "changes": tuple(map(parsed, drift))}
    return list(drawn_months(Plan(**small | plan)))


@pytest.fixture(scope="module")
def plain() -> list[Drawn]:
    return months()


def bodies(month: Drawn) -> list[tuple[int, datetime, Any, bool]]:
    return [(one.id, one.at, one.body, one.defaulted) for one in month.applications]


def test_the_same_plan_gives_the_same_applications(plain: list[Drawn]) -> None:
    assert [bodies(month) for month in months()] == [bodies(month) for month in plain]


def test_no_number_is_given_twice_within_a_year_nor_an_applicants_to_two_seeds(plain: list[Drawn]) -> None:
    keys = (("application", "SK_ID_CURR"), ("previous_application", "SK_ID_PREV"), ("bureau", "SK_ID_BUREAU"))
    for table, key in keys:
        numbers = pl.concat([month.tables[table][key] for month in plain])
        assert numbers.n_unique() == len(numbers)
    own, others = ({one.id for month in year for one in month.applications} for year in (plain, months(seed=1)))
    assert not own & others


@pytest.mark.parametrize(
    "drift",
    [
        "2:AMT_INCOME_TOTAL*0.5",
        "2:EXT_SOURCE_2-0.2",
        "2:missing EXT_SOURCE_3 0.9",
        "2:mix 1",
        "2:relation AMT_CREDIT 3",
    ],
)
def test_a_drift_moves_its_own_months_and_no_earlier_one(plain: list[Drawn], drift: str) -> None:
    moved = months(drift)
    assert bodies(moved[0]) == bodies(plain[0])
    assert all(bodies(after) != bodies(before) for after, before in zip(moved[1:], plain[1:], strict=True))
    if "mix" not in drift:  # another population has other histories; nothing else touches these
        for after, before in zip(moved, plain, strict=True):
            for name in HISTORIES:
                assert_frame_equal(after.tables[name], before.tables[name])
    if "relation" in drift:
        for after, before in zip(moved, plain, strict=True):
            assert after.tables["application"].drop("TARGET").equals(before.tables["application"].drop("TARGET"))


def test_a_relation_moves_who_defaults_and_not_how_many() -> None:
    for strength in (2.0, -2.0):
        drawn = Arrivals(0).draw(1_500, lean={"EXT_SOURCE_2": strength})["application"]
        of_bad, of_good = (drawn.filter(pl.col("TARGET") == bad)["EXT_SOURCE_2"].mean() for bad in (1, 0))
        assert isinstance(of_bad, float)
        assert isinstance(of_good, float)
        assert (of_bad > of_good + 0.1) if strength > 0 else (of_bad < of_good - 0.1)
        assert 0.06 < drawn["TARGET"].cast(pl.Float64).mean() < 0.10  # type: ignore[operator]


@given(st.dates(date(2000, 1, 1), date(2099, 12, 28)).filter(lambda day: day.day <= 28), st.integers(1, 40))
def test_months_follow_each_other_without_a_gap(start: date, number: int) -> None:
    plan = Plan(months=40, start=start)
    begins, ends = plan.begins(number), plan.begins(number + 1)
    assert timedelta(days=28) <= ends - begins <= timedelta(days=31)
    assert (begins.day, begins.tzinfo) == (start.day, UTC)
    assert plan.begins(1).date() == start


def test_applications_come_in_order_within_their_month(plain: list[Drawn]) -> None:
    for month in plain:
        moments = [one.at for one in month.applications]
        assert moments == sorted(moments)
        assert month.begins < moments[0]
        assert moments[-1] < month.ends
        assert len(set(moments)) > 15


def test_every_row_of_a_month_is_sent_once_with_its_applicant(plain: list[Drawn]) -> None:
    for month in plain:
        for name in HISTORIES:
            sent = Counter(len(one.body[name]) for one in month.applications)
            assert sum(rows * times for rows, times in sent.items()) == month.tables[name].height
        for one in month.applications:
            owned = {row["SK_ID_BUREAU"] for row in one.body["bureau"]}
            assert {row["SK_ID_BUREAU"] for row in one.body["bureau_balance"]} <= owned
            assert "TARGET" not in one.body["application"]
            assert one.body["application"]["SK_ID_CURR"] == one.id


def test_what_is_kept_fits_the_schema_and_only_known_outcomes_are_in_it(plain: list[Drawn], tmp_path: Path) -> None:
    kept, known = Kept(tmp_path / "kept"), set[int]()
    for month in plain:
        kept.add(month.tables)
        kept.write(known)
        with read_tables(tmp_path / "kept") as tables:
            assert tables.notices == ()
            rows = validate(tables)
            assert rows.get("application_train", 0) == len(known)
            assert rows.get("application_train", 0) + rows.get("application_test", 0) == 60 * month.number
            if known:
                told = tables.frames["application_train"].select("SK_ID_CURR", "TARGET").collect()
                truth = {one.id: one.defaulted for drawn in plain for one in drawn.applications}
                assert dict(told.rows()) == {one: float(truth[one]) for one in known}
        known |= {one.id for one in month.applications[::2]}


def test_a_plan_that_cannot_be_lived_is_refused() -> None:
    wrong: list[dict[str, Any]] = [{"months": 0}, {"applications": 0}, {"start": date(2026, 1, 31)}]
    for plan in [*wrong, {"months": 2, "changes": (parsed("3:mix 1"),)}]:
        with pytest.raises(DataError):
            Plan(**plan)
    with pytest.raises(DataError):
        months(seed=-1)
