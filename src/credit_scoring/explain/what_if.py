"""What would be approved instead: the smallest change to the request that does it, among offers a lender could make."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_scoring.decision.policy import CostPolicy
from credit_scoring.domain.decision import Decision
from credit_scoring.explain.actionable import actionable_fields
from credit_scoring.explain.loan import ANNUITY, CREDIT, GOODS, TERM, USUAL_TERMS, Loan, present_loan

Evaluate = Callable[[Sequence[Mapping[str, float | str | None]]], NDArray[np.float64]]
# Hundredths of the amount down to a half, then twentieths: nobody weighs 27 % against 28 % of what was wanted.
SHARES = (*(percent / 100 for percent in range(100, 50, -1)), *(percent / 100 for percent in range(50, 9, -5)))
FIRST_CALL, LATER_CALLS = 64, 256


@dataclass(frozen=True, slots=True)
class Offer:
    """Another loan than the one asked for. ``changes`` are the application's columns that differ.

    ``size`` is the largest relative change of any figure of the contract: amount, repayment, price of the goods and
    number of repayments.
    """

    loan: Loan
    changes: Mapping[str, float]
    size: float


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search went through: the lowest and highest value of each figure among its ``offers``.

    Of these, the request as it is being the first, ``tried`` were evaluated, smallest change first, in ``calls``
    calls: a search ends with the call that brings an approval.
    """

    ranges: Mapping[str, tuple[float, float]]
    offers: int
    tried: int
    calls: int


@dataclass(frozen=True, slots=True)
class NoChangeNeeded:
    """The request would be approved as it is."""

    present: Loan
    p_default: float
    searched: Searched


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The smallest change that would be approved; ``p_default`` is the PD with it, ``p_before`` without."""

    present: Loan
    p_before: float
    offer: Offer
    p_default: float
    searched: Searched


@dataclass(frozen=True, slots=True)
class NothingFound:
    """No offer would be approved; ``best`` has the lowest PD of all, and would be refused or referred."""

    present: Loan
    p_before: float
    best: Offer
    p_default: float
    decision: Decision
    searched: Searched


def smallest_change(
    current: Mapping[str, float | str | None],
    evaluate: Evaluate,
    policy: CostPolicy,
    *,
    coverage: float = 1.0,
    term: int | None = None,
) -> NoChangeNeeded | Suggestion | NothingFound:
    """Return the smallest change to the request that would be approved outright, not referred.

    Offers are tried from the smallest to the largest, so that the first approved is the smallest of them whatever
    the shape of the PD. Sizes are compared in whole per cent; among equals, fewer columns changed come first, then
    the exact size.

    Parameters
    ----------
    current
        The raw application columns as asked for; a missing one is ``None`` or absent.
    evaluate
        Returns the PDs of the application with each of some changes, by raw column; at most 256 at once.
    coverage
        Share of the model's gain that is known; below the policy's limit nothing is approved.
    term
        The present number of monthly repayments where it is known; it is estimated otherwise.

    Raises
    ------
    FaultyInputError
        If the amount of the loan is not known, or `term` repayments cannot be its price.

    Notes
    -----
    A PD that falls with a change was learnt by comparing applicants: it tells what would be decided, not that the
    change would make this applicant repay.
    """
    present = present_loan(current, term=term)
    plan = offers(present)
    p_default = np.empty(0)
    calls = 0
    for calls, (start, stop) in enumerate(_batches(len(plan)), start=1):
        found = np.asarray(evaluate([offer.changes for offer in plan[start:stop]]), dtype=np.float64)
        p_default = np.concatenate([p_default, found])
        decisions = policy.decide(found, coverage=coverage).to_list()
        if "approve" in decisions:
            index = start + decisions.index("approve")
            searched = Searched(_ranges(plan), len(plan), stop, calls)
            if index == 0:
                return NoChangeNeeded(present, float(p_default[0]), searched)
            return Suggestion(present, float(p_default[0]), plan[index], float(p_default[index]), searched)
    best = int(np.argmin(p_default))
    decision: Decision = policy.decide(p_default[best : best + 1], coverage=coverage)[0]
    searched = Searched(_ranges(plan), len(plan), len(plan), calls)
    return NothingFound(present, float(p_default[0]), plan[best], float(p_default[best]), decision, searched)


def offers(present: Loan) -> list[Offer]:
    """Return the loans that could be offered instead, smallest change first, after the present one itself.

    They lend less, over any usual term, at the price of the present loan: for cheaper goods in the same proportion,
    or for the same goods without what is lent beyond their price. None lends less than the goods cost where the
    present one does not: such loans do not occur in the data, so their PD would be a guess. Amounts that change are
    rounded to the lender's step, and stay within the bounds of `actionable_fields`.
    """
    terms = (present.term, *(term for term in USUAL_TERMS if term != present.term)) if present.term else (None,)
    kinds = itertools.product(terms, SHARES, (True, False))
    loans = {present: None} | dict.fromkeys(_offered(present, share, term, cheaper=c) for term, share, c in kinds)
    compared = [_compared(present.figures(), loan) for loan in loans if loan is not None]
    ranked = sorted((c for c in compared if c is not None), key=lambda c: c[0])
    return [offer for _, offer in ranked]


def _offered(present: Loan, share: float, term: int | None, *, cheaper: bool) -> Loan | None:
    """Return the loan of a `share` of the amount over `term`, or ``None`` if it lends less than the goods cost."""
    credit, goods = present.credit, present.goods
    if share < 1.0:
        credit = _rounded(CREDIT, credit * share)
        if goods is not None and cheaper:
            goods = _rounded(GOODS, goods * share)
        elif goods is not None and credit < min(goods, present.credit):
            return None
    annuity = present.annuity_for(credit, term)
    if annuity is not None and annuity != present.annuity:
        annuity = _rounded(ANNUITY, annuity)
    return Loan(credit, annuity, goods, term)


_Rank = tuple[float, int, float, float]


def _compared(before: Mapping[str, float], loan: Loan) -> tuple[_Rank, Offer] | None:
    """Return `loan` as an offer and its rank among others, or ``None`` if a figure is out of its bounds."""
    after, fields = loan.figures(), actionable_fields()
    ratios = {name: value / before[name] for name, value in after.items()}
    if not all(fields[name].lowest <= ratio <= fields[name].highest for name, ratio in ratios.items()):
        return None
    changes = {name: value for name, value in after.items() if name != TERM and value != before[name]}
    moves = [abs(ratio - 1.0) for ratio in ratios.values()]
    size = max(moves)
    return (round(size, 2), len(changes), size, sum(moves)), Offer(loan, changes, size)


def _rounded(name: str, value: float) -> float:
    step = actionable_fields()[name].step
    return round(value / step) * step


def _batches(count: int) -> Iterator[tuple[int, int]]:
    """Yield from where to where to evaluate at once: few at first, as most changes that are approved are small."""
    start, rows = 0, FIRST_CALL
    while start < count:
        yield start, min(start + rows, count)
        start, rows = start + rows, LATER_CALLS


def _ranges(plan: Sequence[Offer]) -> dict[str, tuple[float, float]]:
    figures = [offer.loan.figures() for offer in plan]
    return {name: (min(f[name] for f in figures), max(f[name] for f in figures)) for name in figures[0]}
