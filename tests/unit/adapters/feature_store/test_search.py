"""Search finds what one finds by looking at every applicant."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_scoring.adapters.feature_store.search import SEARCHABLE, ApplicantQuery, Index
from credit_scoring.domain.errors import DataError, UnknownApplicantError

NUMBERS = st.none() | st.sampled_from([0.0, 1.0, 2.5, 100.0])
WORDS = st.none() | st.sampled_from(["a", "b"])
IDS = st.integers(0, 120) | st.sampled_from([1000, 12345, 2**53, 2**63 - 1])
KINDS = {name: pl.Float64 if name.startswith(("AMT", "DAYS", "CNT", "REGION")) else pl.String for name in SEARCHABLE}
SCHEMA: dict[str, Any] = {"SK_ID_CURR": pl.Int64, **KINDS, "p_default": pl.Float64, "decision": pl.String}
DRAWN = ("AMT_CREDIT", "CODE_GENDER", "p_default", "decision")
DECISIONS = st.sampled_from(["approve", "refer", "decline"])


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    ids = sorted(draw(st.sets(IDS, min_size=1, max_size=12)))
    rows = [
        {
            "SK_ID_CURR": key,
            "AMT_CREDIT": draw(NUMBERS),
            "CODE_GENDER": draw(WORDS),
            "p_default": draw(st.sampled_from([0.0, 0.05, 0.5, 1.0])),
            "decision": draw(DECISIONS),
        }
        for key in ids
    ]
    frame = pl.DataFrame(rows, schema=SCHEMA).with_columns(coverage=1.0)
    return frame.with_row_index("row")


BOUNDS = st.tuples(st.none() | st.sampled_from([0.0, 0.05, 1.0, 50.0]), st.none() | st.sampled_from([0.5, 1.0, 100.0]))
QUERIES = st.builds(
    ApplicantQuery,
    starts_with=st.none() | st.sampled_from(["0", "1", "12", "123", "9", "01", "9223372036854775807"]),
    p_default=BOUNDS,
    decision=st.none() | DECISIONS,
    between=st.dictionaries(st.sampled_from(["AMT_CREDIT", "p_default", "SK_ID_CURR"]), BOUNDS, max_size=2),
    equal=st.dictionaries(st.just("CODE_GENDER"), st.sampled_from(["a", "z"]), max_size=1)
    | st.dictionaries(st.just("AMT_CREDIT"), st.sampled_from([0.0, 7.0]), max_size=1),
    sort=st.sampled_from(["SK_ID_CURR", *DRAWN]),
    descending=st.booleans(),
    limit=st.integers(0, 15),
    offset=st.integers(0, 5),
)


def found(rows: list[dict[str, Any]], query: ApplicantQuery) -> list[dict[str, Any]]:
    """Return what is found by looking at every row."""
    between = [*query.between.items(), ("p_default", query.p_default)]
    lowest = [(name, low) for name, (low, _) in between if low is not None]
    highest = [(name, high) for name, (_, high) in between if high is not None]
    equal = dict(query.equal) | ({"decision": query.decision} if query.decision else {})

    def fits(row: dict[str, Any]) -> bool:
        return (
            str(row["SK_ID_CURR"]).startswith(query.starts_with or "")
            and all(row[name] is not None and row[name] >= low for name, low in lowest)
            and all(row[name] is not None and row[name] <= high for name, high in highest)
            and all(row[name] == value for name, value in equal.items())
        )

    fitting = [row for row in rows if fits(row)]
    known = [row for row in fitting if row[query.sort] is not None]
    known.sort(key=lambda row: (row[query.sort], row["SK_ID_CURR"]), reverse=query.descending)
    return known + [row for row in fitting if row[query.sort] is None]


@given(frames(), QUERIES)
def test_search_finds_what_looking_at_every_applicant_finds(frame: pl.DataFrame, query: ApplicantQuery) -> None:
    expected = found(frame.drop("row").to_dicts(), query)
    page = Index(frame, "digest").search(query)
    assert page.total == len(expected)
    assert page.rows.to_dicts() == expected[query.offset : query.offset + query.limit]
    assert page.rows.columns == ["SK_ID_CURR", *SEARCHABLE, "p_default", "decision", "coverage"]


@given(frames(), st.lists(IDS, max_size=5))
def test_rows_are_told_in_the_order_asked_or_who_is_unknown(frame: pl.DataFrame, asked: list[int]) -> None:
    index = Index(frame, "digest")
    ids = index.ids.tolist()
    unknown = [key for key in asked if key not in ids]
    if not unknown:
        assert index.rows_of(asked).tolist() == [ids.index(key) for key in asked]
        return
    with pytest.raises(UnknownApplicantError) as raised:
        index.rows_of(asked)
    error = raised.value
    assert (error.applicants, error.first, error.last) == (tuple(unknown), ids[0], ids[-1])
    nearest = min(abs(key - unknown[0]) for key in ids)
    assert abs(error.nearest - unknown[0]) == pytest.approx(nearest, rel=1e-9)
    assert f"no applicant {unknown[0]}" in str(error)


def one_applicant() -> Index:
    frame = pl.DataFrame([{"SK_ID_CURR": 5}], schema=SCHEMA).with_columns(coverage=1.0)
    return Index(frame.with_row_index("row"), "digest")


@pytest.mark.parametrize(
    ("query", "match"),
    [
        (ApplicantQuery(between={"AMT_CREDITS": (0, 1)}), "did you mean AMT_CREDIT?"),
        (ApplicantQuery(equal={"xyz": 1.0}), "xyz cannot be searched; these can: SK_ID_CURR, "),
        (ApplicantQuery(sort="row"), "row cannot be searched"),
        (ApplicantQuery(between={"CODE_GENDER": (0, 1)}), "CODE_GENDER is a category and has no range"),
        (ApplicantQuery(equal={"CODE_GENDER": 1.0}), "CODE_GENDER is a category; it cannot be 1.0"),
        (ApplicantQuery(equal={"AMT_CREDIT": "much"}), "AMT_CREDIT is a number; it cannot be 'much'"),
        (ApplicantQuery(starts_with="1a"), "an id begins with digits"),
        (ApplicantQuery(starts_with="1" * 20), "an id begins with digits"),
        (ApplicantQuery(starts_with=""), "an id begins with digits"),
        (ApplicantQuery(limit=-1), "must not be negative"),
    ],
)
def test_a_query_without_sense_is_refused(query: ApplicantQuery, match: str) -> None:
    with pytest.raises(DataError, match=match):
        one_applicant().search(query)


@pytest.mark.parametrize("asked", [-1, 4, 2**63, 10**30, -(10**30)])
def test_no_number_is_too_large_to_be_told_unknown(asked: int) -> None:
    with pytest.raises(UnknownApplicantError, match="ids run from 5 to 5, the nearest is 5"):
        one_applicant().rows_of([asked])
