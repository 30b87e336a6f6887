"""What an applicant can change: the figures of the request, and nothing of who they are or what they did."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from credit_scoring.domain.errors import Fault, FaultyInputError, NotActionableError
from credit_scoring.domain.faults import A_NUMBER, must_be, quoted, unknown
from credit_scoring.domain.text import Text, figure
from credit_scoring.explain.loan import ANNUITY, CREDIT, GOODS, REVOLVING, TERM, known_amount, present_loan
from credit_scoring.tables.schema import schema

_POSITIVE = Text("a positive, finite number", "un nombre fini et strictement positif")
_REPAYMENTS = Text("a whole number of monthly repayments", "un nombre entier d'échéances")
_NO_ANNUITY = Text(
    "what follows from the changes is not finite; change it too",
    "l'échéance qui découle des modifications n'est pas un nombre fini\N{NO-BREAK SPACE}; modifiez-la aussi",
)
_TOLD_TWICE = Text(
    f"says what is repaid, and so does {ANNUITY}: change one of them",
    f"fixe le remboursement, tout comme {ANNUITY}\N{NO-BREAK SPACE}; ne modifiez que l'un des deux",
)
_REVOLVING = Text(
    f"a revolving loan has no term; change {ANNUITY}",
    f"un crédit renouvelable n'a pas de durée\N{NO-BREAK SPACE}; modifiez {ANNUITY}",
)
_UNKNOWN_PRICE = Text(
    f"needs the present price of the loan: supply {CREDIT} and {ANNUITY}, or change {ANNUITY}",
    f"le coût actuel du crédit est inconnu\N{NO-BREAK SPACE}; indiquez {CREDIT} et {ANNUITY}, ou modifiez {ANNUITY}",
)
_NO_PRICE = Text(
    f"no usual term gives the present loan a plausible price; change {ANNUITY}",
    f"aucune durée usuelle ne donne au crédit actuel un coût plausible\N{NO-BREAK SPACE}; modifiez {ANNUITY}",
)
_A_FACT = Text(
    "is not a figure of the request but a fact about the applicant or the application",
    "décrit le demandeur ou son dossier, et non le crédit demandé",
)
_NO_FIELD = Text("no field has this name", "aucun champ ne porte ce nom")


@dataclass(frozen=True, slots=True)
class ActionableField:
    """A figure of the request. ``step`` is what a lender rounds it to.

    A search keeps it between ``lowest`` and ``highest`` times its present value; by hand it may be any positive number.
    """

    name: str
    meaning: Text
    unit: str
    step: float
    lowest: float
    highest: float


@cache
def actionable_fields() -> Mapping[str, ActionableField]:
    """Return the fields that a simulation may change, by name; all but ``TERM`` are columns of the application.

    Another type of loan is another application: neither its price nor its repayment follows from this one.

    Examples
    --------
    >>> list(actionable_fields())
    ['AMT_CREDIT', 'AMT_ANNUITY', 'AMT_GOODS_PRICE', 'TERM']
    """
    bounds = {CREDIT: (1_000.0, 0.1, 1.0), ANNUITY: (10.0, 0.1, 2.0), GOODS: (1_000.0, 0.1, 1.0)}
    columns = schema()["application"].columns
    fields = {name: ActionableField(name, columns[name].meaning, columns[name].unit, *b) for name, b in bounds.items()}
    term = Text("Number of monthly repayments", "Nombre de mensualités")
    return MappingProxyType({**fields, TERM: ActionableField(TERM, term, "months", 6.0, 0.5, 2.0)})


def check_changes(
    changes: Mapping[str, object],
    current: Mapping[str, float | str | None],
    *,
    term: int | None = None,
    place: str = "changes",
) -> None:
    """Return nothing if `changes` may be applied to the application `current`.

    Parameters
    ----------
    changes
        New values by field; ``TERM`` changes the annuity, at the present price of the loan.
    term
        The present number of monthly repayments, where it is known.
    place
        Where in the caller's input the changes stand, to name a fault by.

    Raises
    ------
    NotActionableError
        If a field cannot be changed, or is none; the first such is named.
    FaultyInputError
        If a value is not a positive number (a whole one for ``TERM``), or ``TERM`` cannot be followed.
    """
    for name in changes:
        if name not in actionable_fields():
            raise _refusal(name, place)
    faults = [Fault(f"{place}.{name}", told) for name, value in changes.items() if (told := _problem(name, value))]
    if TERM in changes and not faults and (told := _no_term(changes, current, term)):
        faults.append(Fault(f"{place}.{TERM}", told))
    if faults:
        raise FaultyInputError(faults)


def with_consequences(
    changes: Mapping[str, float], current: Mapping[str, float | str | None], *, term: int | None = None
) -> dict[str, float]:
    """Return the columns that checked `changes` come to: the annuity follows amount and term unless it is given.

    Another amount is repaid over the same term, and another term at the same yearly rate; `term` is the present
    one where it is known, and is estimated otherwise. The price of the goods stays unless it is changed.

    Raises
    ------
    FaultyInputError
        If `term` repayments cannot be the price of the present loan, or an absurd change has no finite annuity.

    Examples
    --------
    >>> present = {"AMT_CREDIT": 500_000.0, "AMT_ANNUITY": 25_000.0}
    >>> with_consequences({"AMT_CREDIT": 400_000.0}, present)
    {'AMT_CREDIT': 400000.0, 'AMT_ANNUITY': 20000.0}
    >>> with_consequences({"TERM": 48}, present, term=36)
    {'AMT_ANNUITY': 21452.70...}
    """
    columns = {name: float(value) for name, value in changes.items() if name != TERM}
    if ANNUITY in changes or not {CREDIT, TERM} & changes.keys() or known_amount(current.get(CREDIT)) is None:
        return columns
    loan = present_loan(current, term=term)
    wanted = int(changes[TERM]) if TERM in changes else loan.term
    annuity = loan.annuity_for(columns.get(CREDIT, loan.credit), wanted)
    if annuity is None:
        return columns
    if not math.isfinite(annuity):
        raise FaultyInputError([Fault(ANNUITY, _NO_ANNUITY)])
    return {**columns, ANNUITY: annuity}


def _problem(name: str, value: object) -> Text | None:
    """Return what is wrong with a value, or nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return must_be(A_NUMBER, quoted(value))
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or number <= 0:
        return must_be(_POSITIVE, figure(number))
    if name == TERM and number != round(number):
        return must_be(_REPAYMENTS, figure(number))
    return None


def _no_term(changes: Mapping[str, object], current: Mapping[str, float | str | None], term: int | None) -> Text | None:
    """Return why another term cannot be followed, or nothing."""
    if ANNUITY in changes:
        return _TOLD_TWICE
    if current.get("NAME_CONTRACT_TYPE") == REVOLVING:
        return _REVOLVING
    if known_amount(current.get(CREDIT)) is None or known_amount(current.get(ANNUITY)) is None:
        return _UNKNOWN_PRICE
    if present_loan(current, term=term).term is None:
        return _NO_PRICE
    return None


def _refusal(name: str, place: str) -> NotActionableError:
    allowed, columns = tuple(actionable_fields()), schema()["application"].columns
    if name in columns:
        why = _A_FACT
    else:
        near = difflib.get_close_matches(name[:100].upper(), [*allowed, *columns], n=1)
        why = unknown(_NO_FIELD, near)
    return NotActionableError(name[:100], allowed, why, place=place)
