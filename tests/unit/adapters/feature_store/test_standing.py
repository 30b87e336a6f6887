"""Distributions are what one finds by looking at every applicant, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_scoring.adapters.feature_store import FeatureStore, StoreInfo
from credit_scoring.adapters.feature_store.bins import Axis, edges_of
from credit_scoring.adapters.feature_store.search import SEARCHABLE, Index
from credit_scoring.adapters.feature_store.standing import Comparison, Group
from credit_scoring.adapters.feature_store.values import Values, ValuesWriter
from credit_scoring.domain.errors import DataError

Rows = list[dict[str, Any]]
KINDS = {
    "AMT_CREDIT": "number",
    "DAYS_BIRTH": "number",
    "CODE_GENDER": "category",
    "ratio": "number",
    "job": "category",
}
NUMBERS = st.floats(-1e9, 1e9) | st.sampled_from([0.0, 0.5, 1.0, 1e12, -1e-9])
WHOLE = st.integers(-40, 400).map(float)
JOBS = st.sampled_from([f"job {number}" for number in range(30)])
APPLICANTS = st.lists(
    st.fixed_dictionaries(
        {
            "AMT_CREDIT": st.none() | st.sampled_from([80.0, 90.0, 100.0, 120.0, 121.0]),
            "DAYS_BIRTH": st.none() | st.integers(-12, -1).map(lambda number: number * 1_000.0),
            "CODE_GENDER": st.none() | st.sampled_from(["F", "M"]),
            "ratio": st.none() | NUMBERS,
            "job": st.none() | JOBS,
            "p_default": st.floats(0, 1),
        }
    ),
    min_size=1,
    max_size=40,
)
LIKE = st.fixed_dictionaries(
    {},
    optional={
        "AMT_CREDIT": st.none() | st.sampled_from([100.0, 7.0]),
        "DAYS_BIRTH": st.none() | st.sampled_from([-5_000.0, -10_000.0]),
        "CODE_GENDER": st.none() | st.sampled_from(["F", "nobody"]),
    },
)


@contextmanager
def compared(rows: Rows) -> Iterator[Comparison]:
    """Compare `rows`, whose values lie in the file in another order than that of their ids."""
    kinds = {name: pl.String if kind == "category" else pl.Float64 for name, kind in KINDS.items()}
    frame = pl.DataFrame(rows, schema={**kinds, "p_default": pl.Float64})
    order = np.random.default_rng(0).permutation(len(rows))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "values.bin"
        with path.open("wb") as file:
            writer = ValuesWriter(file, KINDS)
            writer.add(frame[order])
            writer.finish()
        shown = frame.select(
            pl.Series("row", np.argsort(order), dtype=pl.UInt32),
            pl.int_range(len(rows)).alias("SK_ID_CURR"),
            *(pl.col(name) if name in KINDS else pl.lit(None, pl.String).alias(name) for name in SEARCHABLE),
            "p_default",
            decision=pl.lit("approve"),
            coverage=1.0,
        )
        yield Comparison(Index(shown, "digest"), Values(path, list(KINDS), writer.levels, len(rows)))


def is_like(row: dict[str, Any], like: dict[str, Any]) -> bool:
    def fits(value: Any, wanted: Any) -> bool:
        if value is None or wanted is None or isinstance(wanted, str):
            return bool(value == wanted)
        return bool(abs(value - wanted) <= abs(wanted) / 5)

    return all(fits(row[name], wanted) for name, wanted in like.items())


def bin_of(value: float | str | None, axis: Axis) -> int | None:
    """Return where a value belongs by the contract of an axis."""
    if value is None:
        return None
    if axis.levels is not None:
        return axis.levels.index(value if value in axis.levels else None)
    assert axis.edges is not None
    assert not isinstance(value, str)
    inside = [number for number, (low, high) in enumerate(pairwise(axis.edges)) if low < value <= high]
    return inside[0] if inside else 0 if value <= axis.edges[0] else axis.bins - 1


def mean_of(rows: Rows) -> Any:
    return pytest.approx(sum(row["p_default"] for row in rows) / len(rows)) if rows else None


def check(group: Group, rows: Rows, name: str, axis: Axis, asked: float | str | None) -> None:
    known = [row[name] for row in rows if row[name] is not None]
    assert (group.applicants, group.missing) == (len(rows), len(rows) - len(known))
    for number in range(axis.bins):
        inside = [row for row in rows if bin_of(row[name], axis) == number]
        assert (group.counts[number], group.mean_p_default[number]) == (len(inside), mean_of(inside))
    assert len(group.counts) == axis.bins == len(group.mean_p_default)
    numbers = axis.edges is not None
    assert group.median == (median(known) if numbers and known else None)
    if asked is None or not known:
        assert group.below is None
        return
    equal = sum(value == asked for value in known)
    below = sum(value < asked for value in known) + equal / 2 if numbers else equal
    assert group.below == pytest.approx(below / len(known))


@given(APPLICANTS, LIKE, st.sampled_from(list(KINDS)), st.data())
def test_a_standing_is_what_looking_at_every_applicant_finds(
    rows: Rows, like: dict[str, Any], name: str, data: st.DataObject
) -> None:
    values = [row[name] for row in rows]
    foreign = ["nobody"] if KINDS[name] == "category" else [-1e10, 55.5]
    asked = data.draw(st.sampled_from([None, *values, *foreign]))
    with compared(rows) as comparison:
        for _ in range(2):  # the second time from memory
            found = comparison.standing(name, asked, like)
            check(found.everyone, rows, name, found.axis, asked)
            if like:
                assert found.similar is not None
                check(found.similar, [row for row in rows if is_like(row, like)], name, found.axis, asked)
            else:
                assert found.similar is None


@given(APPLICANTS, LIKE, st.sampled_from(list(KINDS)), st.sampled_from(list(KINDS)))
def test_a_relation_is_what_looking_at_every_applicant_finds(rows: Rows, like: dict[str, Any], x: str, y: str) -> None:
    with compared(rows) as comparison:
        found = comparison.relation(x, y, like)
    fitting = [row for row in rows if is_like(row, like)]
    known = [row for row in fitting if row[x] is not None and row[y] is not None]
    assert (found.applicants, found.missing) == (len(fitting), len(fitting) - len(known))
    assert max(found.x.bins, found.y.bins) <= 12
    for down in range(found.y.bins):
        for across in range(found.x.bins):
            inside = [row for row in known if (bin_of(row[x], found.x), bin_of(row[y], found.y)) == (across, down)]
            assert found.counts[down][across] == len(inside)
            assert found.mean_p_default[down][across] == mean_of(inside)


@given(st.lists(NUMBERS, max_size=60) | st.lists(WHOLE, max_size=60), st.sampled_from([12, 20]))
def test_edges_are_round_and_hold_all_but_the_outermost(values: list[float], most: int) -> None:
    edges = edges_of(np.array(values), most)
    assert all(low < high for low, high in pairwise(edges))
    assert 1 <= len(edges) - 1 <= most
    if not values:
        return
    low, high = np.quantile(values, (0.005, 0.995))
    assert edges[0] <= low + 1e-9 * abs(low)
    assert edges[-1] >= high - 1e-9 * abs(high)
    whole = all(value == round(value) for value in values)
    if whole and len(set(values)) <= most:
        inside = [{value for value in values if below < value < above} for below, above in pairwise(edges)]
        assert [len(one) for one in inside] == [1] * len(set(values))
        return
    steps = np.diff(edges)
    assert steps == pytest.approx(np.full(steps.size, steps[0]))
    if whole:
        assert steps[0] >= 1
    if steps[0] == 1 and whole:
        assert all(edge % 1 == 0.5 for edge in edges)
    elif steps.size > 1:
        digits = f"{steps[0]:.3e}".partition("e")[0]
        assert digits in {"1.000", "2.000", "2.500", "5.000"}
        assert np.array(edges) / steps[0] == pytest.approx(np.rint(np.array(edges) / steps[0]))


@pytest.mark.parametrize(
    "values",
    [
        [0.37] * 9,
        [5e-324, 1e-323],
        [1e9, 1e9 + 1e-7],
        [2.0**60, 2.0**60 + 2.0**30],
        [float("inf"), 0.5],
        [-1e308, 1e308],
    ],
)
def test_edges_ascend_whatever_the_values(values: list[float]) -> None:
    edges = edges_of(np.array(values), 20)
    assert all(low < high for low, high in pairwise(edges))
    assert np.isfinite(edges).all()


@given(st.lists(JOBS, min_size=1, max_size=200))
def test_levels_come_by_frequency_and_the_last_holds_the_rest(jobs: list[str]) -> None:
    rows = [{"job": job, "p_default": 0.5} for job in jobs]
    with compared([dict.fromkeys(KINDS) | row for row in rows]) as comparison:
        axis = comparison.standing("job", None, {}).axis
    ranked = sorted(set(jobs), key=lambda job: (-jobs.count(job), job))
    assert axis.levels == (tuple(ranked) if len(ranked) <= 20 else (*ranked[:19], None))


@pytest.mark.parametrize(
    ("ask", "match"),
    [
        (lambda one: one.standing("AMT_CREDITS", 1.0, {}), "there is no feature AMT_CREDITS; did you mean AMT_CREDIT?"),
        (lambda one: one.standing("AMT_CREDIT", "much", {}), "AMT_CREDIT is a number; it cannot be 'much'"),
        (lambda one: one.standing("job", 1.0, {}), "job is a category; it cannot be 1.0"),
        (lambda one: one.standing("job", None, {"AMT_CREDITS": 1.0}), "AMT_CREDITS cannot be searched; did you mean"),
        (lambda one: one.standing("job", None, {"p_default": 0.5}), "p_default cannot be searched; these can: NAME_"),
        (lambda one: one.standing("job", None, {"AMT_CREDIT": "much"}), "AMT_CREDIT is a number; it cannot be 'much'"),
        (lambda one: one.standing("job", None, {"CODE_GENDER": 1.0}), "CODE_GENDER is a category; it cannot be 1.0"),
        (lambda one: one.relation("job", "unknown", {}), "there is no feature unknown"),
        (lambda one: one.relation("job", "ratio", {"ratio": 1.0}), "ratio cannot be searched"),
    ],
)
def test_a_question_without_sense_is_refused(ask: Callable[[Comparison], object], match: str) -> None:
    with (
        compared([dict.fromkeys(KINDS) | {"AMT_CREDIT": 1.0, "CODE_GENDER": "F", "p_default": 0.5}]) as comparison,
        pytest.raises(DataError, match=match),
    ):
        ask(comparison)


def test_a_store_that_is_loaded_again_compares_its_new_applicants(
    store: FeatureStore, load: Callable[..., StoreInfo], matrix: pl.DataFrame
) -> None:
    def applicants() -> Sequence[int]:
        found = store.comparison().standing("EXT_SOURCE_2", 0.5, {})
        return found.everyone.applicants, found.everyone.missing

    load()
    assert applicants() == (matrix.height, matrix["EXT_SOURCE_2"].null_count())
    load(matrix[:50])
    assert applicants() == (50, matrix[:50]["EXT_SOURCE_2"].null_count())
