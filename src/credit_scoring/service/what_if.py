"""Simulations: an application and what it would be with changes, and the smallest change that would be approved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from credit_scoring.domain.text import Language, Text, number, percentage
from credit_scoring.explain.actionable import actionable_fields
from credit_scoring.explain.loan import TERM
from credit_scoring.explain.what_if import NoChangeNeeded, NothingFound, smallest_change
from credit_scoring.explain.what_if import Suggestion as Found
from credit_scoring.scoring.inputs import Value
from credit_scoring.scoring.intake import Supplied
from credit_scoring.service.champion import Serving
from credit_scoring.service.deciding import Decided
from credit_scoring.wire.simulation import Suggestion


def changed(serving: Serving, features: Mapping[str, Value], changes: Mapping[str, Value]) -> dict[str, Value]:
    """Return the features with `changes`; what follows from them is left to be computed anew."""
    stale = serving.intake.following(changes)
    return {name: value for name, value in features.items() if name not in stale} | dict(changes)


def suggested(before: Decided, features: Mapping[str, Value], *, term: int | None, language: Language) -> Suggestion:
    """Return the smallest change to the request decided `before` that would be approved, or that there is none.

    Raises
    ------
    FaultyInputError
        As `smallest_change`.
    """
    policy = before.case.serving.bundle.policy
    if before.coverage < policy.minimum_coverage:  # whatever the PD, a person decides
        return Suggestion(
            outcome="none",
            changes={},
            term=term,
            p_default=before.p_default,
            decision="refer",
            size=0.0,
            tried=0,
            text=_TOO_LITTLE.told(language).format(known=percentage(before.coverage, language)),
        )
    evaluate = _Offers(before.case.serving, features)
    found = smallest_change(features, evaluate, policy, coverage=before.coverage, term=term)
    offer = found.best if isinstance(found, NothingFound) else found.offer if isinstance(found, Found) else None
    loan = offer.loan if offer else found.present
    return Suggestion.model_validate(
        {
            "outcome": _OUTCOMES[type(found)],
            "changes": dict(offer.changes) if offer else {},
            "term": loan.term,
            "p_default": found.p_default,
            "decision": found.decision if isinstance(found, NothingFound) else "approve",
            "size": offer.size if offer else 0.0,
            "tried": found.searched.tried - 1,  # the first is the request itself
            "text": _told(found, language, term_known=term is not None),
        }
    )


class _Offers:
    """Gives the PDs of an application with each of some changes.

    Offers that change the same fields differ in these numbers alone, so the rest is checked once.
    """

    def __init__(self, serving: Serving, features: Mapping[str, Value]) -> None:
        self._serving, self._features = serving, features
        self._bases: dict[frozenset[str], Supplied] = {}

    def __call__(self, offers: Sequence[Mapping[str, Value]]) -> NDArray[np.float64]:
        intake = self._serving.intake
        return self._serving.bundle.model.p_default(intake.values([self._supplied(offer) for offer in offers]))

    def _supplied(self, offer: Mapping[str, Value]) -> Supplied:
        intake, fields = self._serving.intake, frozenset(offer)
        base = self._bases.get(fields)
        if base is None:
            base = self._bases[fields] = intake.accept(changed(self._serving, self._features, offer))
        return intake.varied(base, offer)


_OUTCOMES = {NoChangeNeeded: "no_change_needed", Found: "found", NothingFound: "none"}
_AS_IT_IS = Text("The request would be approved as it is.", "La demande serait acceptée telle quelle.")
_NONE = Text(
    "None of the {tried} offers tried would be approved; the lowest risk reached is {lowest}.",
    "Aucune des {tried} offres essayées ne serait acceptée\N{NO-BREAK SPACE}; le risque le plus bas atteint est de "
    "{lowest}.",
)
_WITH = Text(
    "The request would be approved with: {moved}.", "La demande serait acceptée avec\N{NO-BREAK SPACE}: {moved}."
)
_MOVED = Text("{what} set to {to} instead of {from_}", "{what} de {to} au lieu {from_}")
_BETWEEN = Text("; ", "\N{NO-BREAK SPACE}; ")
_FROM = Text("{value}", "de {value}")
# The data do not tell the term of the present loan: it is estimated.
_FROM_ABOUT = Text("about {value}", "d'environ {value}")
_TOO_LITTLE = Text(
    "No change to the request would be approved without a person: only {known} of what the model weighs is known.",
    "Aucune modification de la demande ne serait acceptée sans l'avis d'une personne\N{NO-BREAK SPACE}: seuls {known} "
    "de ce que le modèle prend en compte sont connus.",
)


def _told(found: NoChangeNeeded | Found | NothingFound, language: Language, *, term_known: bool) -> str:
    if isinstance(found, NoChangeNeeded):
        return _AS_IT_IS.told(language)
    if isinstance(found, NothingFound):
        tried, lowest = number(found.searched.tried - 1, language), percentage(found.p_default, language)
        return _NONE.told(language).format(tried=tried, lowest=lowest)
    before, after, fields = found.present.figures(), found.offer.loan.figures(), actionable_fields()
    moved = []
    for name, value in after.items():
        if value != before[name]:
            what, from_ = fields[name].meaning.told(language), _FROM if name != TERM or term_known else _FROM_ABOUT
            told = from_.told(language).format(value=number(before[name], language))
            parts = {"what": what[0].lower() + what[1:], "to": number(value, language), "from_": told}
            moved.append(_MOVED.told(language).format(**parts))
    return _WITH.told(language).format(moved=_BETWEEN.told(language).join(moved))
