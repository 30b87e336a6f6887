from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from credit_scoring.decision.policy import CostPolicy
from credit_scoring.domain.errors import FaultyInputError
from credit_scoring.explain.actionable import actionable_fields
from credit_scoring.explain.loan import Loan, yearly_rate
from credit_scoring.explain.what_if import (
    NoChangeNeeded,
    NothingFound,
    Offer,
    Suggestion,
    offers,
    smallest_change,
)

FIELDS = actionable_fields()
MOST_CALLS, MOST_ROWS = 8, 256
Current = dict[str, float | str | None]


class Evaluator:
    """A drawn model: PDs that follow the changed columns smoothly, or jump from one change to the next."""

    def __init__(self, current: Current, weights: Sequence[float], jumps: float, base: float) -> None:
        self.current, self.weights, self.jumps, self.base = current, weights, jumps, base
        self.rows: list[int] = []

    def __call__(self, changes: Sequence[Mapping[str, float | str | None]]) -> NDArray[np.float64]:
        self.rows.append(len(changes))
        return np.array([self._p_default(change) for change in changes])

    def _p_default(self, change: Mapping[str, float | str | None]) -> float:
        margin = self.base
        for name, weight in zip(("AMT_CREDIT", "AMT_ANNUITY", "AMT_GOODS_PRICE"), self.weights, strict=True):
            before, after = self.current.get(name), change.get(name, self.current.get(name))
            if isinstance(before, float) and isinstance(after, float):
                margin += weight * float(np.log(after / before))
        noise = int.from_bytes(hashlib.sha256(repr(sorted(change.items())).encode()).digest()[:4], "big") / 2**32
        return float(1 / (1 + np.exp(-margin - self.jumps * (noise - 0.5))))


@st.composite
def applications(draw: st.DrawFn) -> Current:
    goods = draw(st.integers(10, 800)) * 4_500.0
    credit = goods * draw(st.sampled_from([1.0, 1.0, 1.08, 1.2, 0.8]))
    annuity = round(credit * draw(st.floats(0.025, 0.12)) / 4.5) * 4.5
    known = draw(st.sampled_from([{}, {}, {}, {"AMT_ANNUITY": None}, {"AMT_GOODS_PRICE": None}]))
    kind = draw(st.sampled_from(["Cash loans", "Cash loans", "Revolving loans", None]))
    drawn = {"AMT_CREDIT": credit, "AMT_ANNUITY": annuity, "AMT_GOODS_PRICE": goods, "NAME_CONTRACT_TYPE": kind}
    return {**drawn, **known}


weights = st.tuples(*[st.floats(-3, 3)] * 3)
rising = st.tuples(*[st.floats(0, 3)] * 3)
policies = st.tuples(st.floats(0.02, 0.5), st.floats(0.5, 1.0), st.floats(1.0, 1.5)).map(
    lambda drawn: CostPolicy(cutoff=drawn[0], cutoff_interval=(drawn[0] * drawn[1], drawn[0] * drawn[2]))
)
searches = st.tuples(
    applications(), weights | rising, st.sampled_from([0.0, 0.0, 0.5, 3.0]), st.floats(-4, 1), policies
)


def approved(policy: CostPolicy, p_default: float) -> bool:
    return bool(policy.decide(np.array([p_default]))[0] == "approve")


def move(present: Loan, offer: Offer) -> float:
    """The documented size, computed anew."""
    pairs = [
        (present.credit, offer.loan.credit),
        (present.annuity, offer.loan.annuity),
        (present.goods, offer.loan.goods),
        (present.term, offer.loan.term),
    ]
    return max(abs(after / before - 1) for before, after in pairs if before is not None and after is not None)


@given(searches)
def test_no_smaller_change_of_all_that_were_searched_is_approved(
    drawn: tuple[Current, Sequence[float], float, float, CostPolicy],
) -> None:
    current, weight, jumps, base, policy = drawn
    evaluate = Evaluator(current, weight, jumps, base)
    result = smallest_change(current, evaluate, policy)
    assert len(evaluate.rows) == result.searched.calls <= MOST_CALLS
    assert max(evaluate.rows) <= MOST_ROWS
    assert sum(evaluate.rows) == result.searched.tried <= result.searched.offers
    plan = offers(result.present)
    p_default = {id(offer): float(evaluate([offer.changes])[0]) for offer in plan}
    good = [offer for offer in plan if approved(policy, p_default[id(offer)])]
    now = float(evaluate([{}])[0])
    if isinstance(result, NoChangeNeeded):
        assert result.p_default == now
        assert approved(policy, now)
        assert result.searched.calls == 1
    elif isinstance(result, Suggestion):
        assert result.p_before == now
        assert not approved(policy, now)
        assert result.p_default == evaluate([result.offer.changes])[0]
        assert approved(policy, result.p_default)
        sizes = [(move(result.present, offer), len(offer.changes)) for offer in good]
        least = min((round(size, 2), columns, size) for size, columns in sizes)
        assert (round(result.offer.size, 2), len(result.offer.changes), result.offer.size) == least
    else:
        assert not good
        assert result.p_before == now
        assert result.p_default == evaluate([result.best.changes])[0] == min(p_default.values())
        assert result.decision == policy.decide(np.array([result.p_default]))[0] != "approve"
        assert result.searched.tried == result.searched.offers == len(plan)


@given(applications())
def test_offers_are_loans_that_a_lender_could_make(current: Current) -> None:
    present = smallest_change(
        current, Evaluator(current, (0, 0, 0), 0, 0), CostPolicy(cutoff=0, cutoff_interval=(0, 0))
    )
    loan = present.present
    plan = offers(loan)
    assert plan[0].changes == {}
    assert len({offer.loan for offer in plan}) == len(plan)
    assert [round(o.size, 2) for o in plan] == sorted(round(o.size, 2) for o in plan)
    for offer in plan[1:]:
        assert offer.changes
        assert offer.size == move(loan, offer)
        for name, value in offer.changes.items():
            before, field = current[name], FIELDS[name]
            assert isinstance(before, float)
            assert field.lowest * before <= value <= field.highest * before
            assert value != before
            assert value % field.step == 0
            assert offer.loan.figures()[name] == value
        assert offer.loan.credit <= loan.credit
        if loan.goods is not None and offer.loan.goods is not None:
            assert offer.loan.goods <= loan.goods
            if loan.credit >= loan.goods:
                assert offer.loan.credit >= offer.loan.goods


@given(applications())
def test_an_offer_has_the_price_of_the_present_loan(current: Current) -> None:
    found = smallest_change(current, Evaluator(current, (0, 0, 0), 0, 0), CostPolicy(cutoff=0, cutoff_interval=(0, 0)))
    loan, half = found.present, FIELDS["AMT_ANNUITY"].step / 2
    for offer in offers(loan):
        if loan.annuity is None or offer.loan.annuity is None:
            assert offer.loan.annuity is None
        elif loan.term is None or loan.rate is None or offer.loan.term is None:
            assert abs(offer.loan.annuity - loan.annuity * offer.loan.credit / loan.credit) <= half + 1e-6
        else:
            ends = [
                yearly_rate(offer.loan.credit, offer.loan.annuity + side * (half + 1e-6), offer.loan.term)
                for side in (-1, 1)
            ]
            assert ends[0] <= loan.rate <= ends[1]


def test_smaller_loans_dearer_extras_and_other_terms_are_all_offered() -> None:
    plan = [offer.loan for offer in offers(Loan(540_000.0, 27_000.0, 450_000.0, 36))]
    assert Loan(270_000.0, 13_500.0, 225_000.0, 36) in plan  # half of everything
    assert any(loan.goods == 450_000 and 450_000 <= loan.credit < 455_000 and loan.term == 36 for loan in plan)
    longer = next(loan for loan in plan if loan.term == 48 and loan.credit == 540_000)
    assert longer.annuity is not None
    assert longer.annuity < 27_000
    assert longer.repaid is not None
    assert longer.repaid > 36 * 27_000
    shorter = next(loan for loan in plan if loan.term == 24 and loan.credit == 540_000)
    assert shorter.annuity is not None
    assert shorter.annuity > 27_000
    assert min(loan.credit for loan in plan) == 54_000
    assert {loan.term for loan in plan} == {18, 24, 30, 36, 42, 48, 54, 60}
    card = offers(Loan(180_000.0, 9_000.0, 180_000.0))
    assert {offer.loan.term for offer in card} == {None}
    assert all(offer.loan.goods == offer.loan.credit == 20 * offer.loan.annuity for offer in card if offer.loan.annuity)


def test_the_ranges_searched_are_told() -> None:
    current: Current = {"AMT_CREDIT": 540_000.0, "AMT_ANNUITY": 27_000.0, "AMT_GOODS_PRICE": 450_000.0}
    policy = CostPolicy(cutoff=0.1, cutoff_interval=(0.1, 0.1))
    found = smallest_change(current, Evaluator(current, (0, 0, 0), 0, 0), policy, term=36)
    assert isinstance(found, NothingFound)
    figures = [offer.loan.figures() for offer in offers(found.present)]
    assert found.searched.ranges == {
        name: (min(f[name] for f in figures), max(f[name] for f in figures)) for name in figures[0]
    }
    assert found.searched.ranges["AMT_CREDIT"] == (54_000.0, 540_000.0)
    assert found.searched.ranges["TERM"] == (18.0, 60.0)
    assert found.best.changes == {}


def test_too_little_data_are_never_approved() -> None:
    current: Current = {"AMT_CREDIT": 540_000.0, "AMT_ANNUITY": 27_000.0}
    policy = CostPolicy(cutoff=0.9, cutoff_interval=(0.9, 0.9), minimum_coverage=0.5)
    evaluate = Evaluator(current, (1, 0, 0), 0, 0)
    assert isinstance(smallest_change(current, evaluate, policy), NoChangeNeeded)
    found = smallest_change(current, evaluate, policy, coverage=0.4)
    assert isinstance(found, NothingFound)
    assert found.decision == "refer"


def test_a_known_term_is_taken_and_must_be_a_price() -> None:
    current: Current = {"AMT_CREDIT": 540_000.0, "AMT_ANNUITY": 27_000.0}
    policy = CostPolicy(cutoff=0.1, cutoff_interval=(0.1, 0.1))
    assert smallest_change(current, Evaluator(current, (1, 0, 0), 0, 0), policy, term=26).present.term == 26
    with pytest.raises(FaultyInputError, match="are no price"):
        smallest_change(current, Evaluator(current, (1, 0, 0), 0, 0), policy, term=12)


@given(st.floats(1e-300, 1e308), st.floats(1e-300, 1e308) | st.none(), st.floats(1e-300, 1e308) | st.none())
def test_absurd_amounts_are_searched_or_refused(credit: float, annuity: float | None, goods: float | None) -> None:
    current: Current = {"AMT_CREDIT": credit, "AMT_ANNUITY": annuity, "AMT_GOODS_PRICE": goods}
    policy = CostPolicy(cutoff=0.1, cutoff_interval=(0.1, 0.1))
    found = smallest_change(current, Evaluator({}, (0, 0, 0), 0, 0), policy)
    assert np.isfinite([offer.size for offer in offers(found.present)]).all()


@pytest.mark.parametrize("credit", [None, 0.0, -1.0, float("nan"), float("inf"), "much"])
def test_without_an_amount_there_is_nothing_to_change(credit: float | str | None) -> None:
    with pytest.raises(FaultyInputError, match="AMT_CREDIT"):
        smallest_change(
            {"AMT_CREDIT": credit, "AMT_ANNUITY": 9_000.0},
            Evaluator({}, (0, 0, 0), 0, 0),
            CostPolicy(cutoff=0.1, cutoff_interval=(0.1, 0.1)),
        )
