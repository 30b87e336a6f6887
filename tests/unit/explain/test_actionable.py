from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.told import assert_refused_in_both

from credit_scoring.domain.errors import FaultyInputError, NotActionableError
from credit_scoring.explain.actionable import actionable_fields, check_changes, with_consequences
from credit_scoring.explain.loan import USUAL_TERMS, estimated_term, present_loan, repayment, yearly_rate
from credit_scoring.features.interest import yearly_rate as rate_feature
from credit_scoring.features.loan import PLAUSIBLE_RATES
from credit_scoring.tables.schema import schema

COLUMNS = schema()["application"].columns
CURRENT: dict[str, float | str | None] = {
    "AMT_CREDIT": 450_000.0,
    "AMT_ANNUITY": 22_500.0,
    "AMT_GOODS_PRICE": 400_000.0,
    "NAME_CONTRACT_TYPE": "Cash loans",
}
amounts = st.floats(1_000, 5_000_000)
terms = st.integers(1, 120)
rates = st.floats(0.0, 2.0)


def test_only_figures_of_the_request_can_be_changed() -> None:
    fields = actionable_fields()
    assert set(fields) - {"TERM"} == {"AMT_CREDIT", "AMT_ANNUITY", "AMT_GOODS_PRICE"}
    for name, field in fields.items():
        assert field.name == name
        assert 0 < field.lowest <= 1 <= field.highest
        assert field.step > 0
        assert field.meaning.en
        assert field.meaning.fr


@pytest.mark.parametrize("name", sorted(set(COLUMNS) - set(actionable_fields())))
def test_every_other_column_is_refused_by_name(name: str) -> None:
    with pytest.raises(NotActionableError, match="fact about the applicant") as refusal:
        check_changes({"AMT_CREDIT": 1.0, name: 1.0}, CURRENT)
    assert refusal.value.field == name
    assert refusal.value.allowed == tuple(actionable_fields())
    assert refusal.value.faults[0].field == f"changes.{name}"
    assert all(allowed in words for allowed in refusal.value.allowed for words in refusal.value.sentence)
    assert_refused_in_both(refusal.value)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("AMT_CREDTI", "AMT_CREDIT"), ("amt_annuity", "AMT_ANNUITY"), ("term", "TERM"), ("DAYS_BRITH", "DAYS_BIRTH")],
)
def test_an_unknown_field_is_refused_with_what_may_be_meant(name: str, meant: str) -> None:
    with pytest.raises(NotActionableError, match=f"no field has this name; did you mean {meant}") as refusal:
        check_changes({name: 1.0}, CURRENT)
    assert f"vouliez-vous dire {meant}" in refusal.value.faults[0].problem.fr
    assert_refused_in_both(refusal.value)


def test_a_field_like_no_other_is_refused_without_a_guess() -> None:
    with pytest.raises(NotActionableError) as refusal:
        check_changes({"?" * 10_000: 1.0}, CURRENT)
    assert "did you mean" not in str(refusal.value)
    assert len(str(refusal.value)) < 500


@pytest.mark.parametrize("name", list(actionable_fields()))
@pytest.mark.parametrize("value", [0, -1, -0.0, math.nan, math.inf, -math.inf, 10**400, True, "1000", None, [1], {}])
def test_a_value_that_is_no_positive_number_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(FaultyInputError) as refusal:
        check_changes({name: value}, CURRENT, place="body.changes")
    assert [fault.field for fault in refusal.value.faults] == [f"body.changes.{name}"]
    assert_refused_in_both(refusal.value)


def test_every_faulty_value_is_told() -> None:
    with pytest.raises(FaultyInputError) as refusal:
        check_changes({"AMT_CREDIT": -1.0, "AMT_ANNUITY": 2.0, "AMT_GOODS_PRICE": "x", "TERM": 12.5}, CURRENT)
    told = {fault.field.removeprefix("changes."): fault.problem for fault in refusal.value.faults}
    assert set(told) == {"AMT_CREDIT", "AMT_GOODS_PRICE", "TERM"}
    assert "whole" in told["TERM"].en
    assert "12,5" in told["TERM"].fr


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(["AMT_CREDIT", "AMT_ANNUITY", "AMT_GOODS_PRICE"], amounts)))
def test_any_positive_amount_may_be_tried_by_hand(changes: dict[str, float]) -> None:
    check_changes(changes, CURRENT)
    check_changes(changes, {})
    assert with_consequences(changes, CURRENT).items() >= changes.items()


@pytest.mark.parametrize(
    ("changes", "current", "told"),
    [
        ({"TERM": 24, "AMT_ANNUITY": 1.0}, CURRENT, "change one of them"),
        ({"TERM": 24}, CURRENT | {"NAME_CONTRACT_TYPE": "Revolving loans"}, "no term"),
        ({"TERM": 24}, CURRENT | {"AMT_ANNUITY": None}, "supply"),
        ({"TERM": 24}, {}, "supply"),
        ({"TERM": 24}, CURRENT | {"AMT_ANNUITY": 1_000.0}, "plausible"),
    ],
)
def test_a_term_that_cannot_be_followed_is_refused(
    changes: dict[str, object], current: dict[str, float | str | None], told: str
) -> None:
    with pytest.raises(FaultyInputError, match=told) as refusal:
        check_changes(changes, current)
    assert_refused_in_both(refusal.value)


def test_a_known_term_need_not_be_usual_but_must_be_a_price() -> None:
    current = CURRENT | {"AMT_ANNUITY": 5_000.0}
    check_changes({"TERM": 240}, current, term=120)
    with pytest.raises(FaultyInputError, match=r"60 repayments of 5,000\.00 are no price of 450,000\.00") as refusal:
        check_changes({"TERM": 240}, current, term=60)
    assert "5\N{NARROW NO-BREAK SPACE}000,00" in refusal.value.faults[0].problem.fr
    assert_refused_in_both(refusal.value)

    with pytest.raises(FaultyInputError, match="are no price"):
        present_loan(current | {"AMT_ANNUITY": 1e308}, term=36)


def test_an_absurd_change_has_no_infinite_consequence() -> None:
    with pytest.raises(FaultyInputError, match="not finite") as refusal:
        with_consequences({"AMT_CREDIT": 1e308}, {"AMT_CREDIT": 1.0, "AMT_ANNUITY": 10.0})
    assert_refused_in_both(refusal.value)


def test_without_an_amount_there_is_no_loan() -> None:
    with pytest.raises(FaultyInputError, match="there is nothing to change") as refusal:
        present_loan({"AMT_ANNUITY": 10.0})
    assert_refused_in_both(refusal.value)


@given(amounts, terms, rates, amounts, terms)
def test_another_amount_or_term_is_repaid_at_the_same_price(
    credit: float, term: int, rate: float, other: float, longer: int
) -> None:
    annuity = repayment(credit, rate, term)
    current = {"AMT_CREDIT": credit, "AMT_ANNUITY": annuity}
    both = with_consequences({"AMT_CREDIT": other, "TERM": float(longer)}, current, term=term)
    assert yearly_rate(other, both["AMT_ANNUITY"], longer) == pytest.approx(rate, abs=1e-9)
    smaller = with_consequences({"AMT_CREDIT": other}, current)
    assert smaller["AMT_ANNUITY"] / other == pytest.approx(annuity / credit)
    assert with_consequences({"AMT_CREDIT": other, "AMT_ANNUITY": 7.0}, current)["AMT_ANNUITY"] == 7.0
    assert with_consequences({"TERM": float(term)}, current, term=term)["AMT_ANNUITY"] == pytest.approx(annuity)


def test_what_does_not_follow_stays() -> None:
    assert with_consequences({"AMT_GOODS_PRICE": 5.0}, CURRENT) == {"AMT_GOODS_PRICE": 5.0}
    assert with_consequences({"AMT_CREDIT": 5.0}, {"AMT_ANNUITY": 2.0}) == {"AMT_CREDIT": 5.0}
    assert with_consequences({"AMT_CREDIT": 5.0}, {"AMT_CREDIT": 2.0}) == {"AMT_CREDIT": 5.0}
    revolving: dict[str, float | str | None] = {
        "AMT_CREDIT": 200_000.0,
        "AMT_ANNUITY": 10_000.0,
        "NAME_CONTRACT_TYPE": "Revolving loans",
    }
    assert with_consequences({"AMT_CREDIT": 100_000.0}, revolving)["AMT_ANNUITY"] == 5_000.0


@given(amounts, amounts)
def test_the_same_loan_has_the_very_same_annuity(credit: float, annuity: float) -> None:
    current = {"AMT_CREDIT": credit, "AMT_ANNUITY": annuity}
    assert with_consequences({"AMT_CREDIT": credit}, current) == current


@given(amounts, amounts, terms)
def test_the_rate_is_the_feature(credit: float, annuity: float, term: int) -> None:
    frame = pl.DataFrame({"credit": [credit], "annuity": [annuity]})
    feature = frame.select(rate_feature(pl.col("credit"), pl.col("annuity"), float(term))).item()
    assert yearly_rate(credit, annuity, term) == feature
    assert repayment(credit, feature, term) == pytest.approx(annuity, rel=1e-6)


@given(amounts, st.floats(0.005, 0.5))
@example(500_000.0, 0.0185)  # over the longest usual term: a rate, but not a plausible one
def test_an_estimated_term_is_usual_and_has_a_plausible_price(credit: float, share: float) -> None:
    annuity = credit * share
    term = estimated_term(credit, annuity)
    plausible = {t for t in USUAL_TERMS if PLAUSIBLE_RATES[0] <= yearly_rate(credit, annuity, t) <= PLAUSIBLE_RATES[1]}
    assert term in plausible if plausible else term is None
    loan = present_loan({"AMT_CREDIT": credit, "AMT_ANNUITY": annuity})
    assert loan.term == term
    assert (loan.rate is None) == (loan.repaid is None) == (term is None)
    assert (
        present_loan({"AMT_CREDIT": credit, "AMT_ANNUITY": annuity, "NAME_CONTRACT_TYPE": "Revolving loans"}).term
        is None
    )
